"""Runs a program that finds files of ours where the system's are: its resolver, its trust anchors."""

from collections.abc import Mapping
from pathlib import Path

__all__ = ["seeing"]

_MOUNT = 'while [ "$1" != -- ]; do mount --bind "$1" "$2" || exit 125; shift 2; done; shift; exec "$@"'


def seeing(files: Mapping[str, Path], *command: str | Path) -> list[str]:
    """``command`` in a mount namespace of its own, where each name in ``files`` is another file."""
    mounts = [word for there, here in files.items() for word in (str(here), there)]
    return ["unshare", "--mount", "sh", "-c", _MOUNT, "sh", *mounts, "--", *map(str, command)]
