"""Runs a real client to its end, in a home of its own, so that no configuration of the machine's leaks in."""

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.interop.servers.daemon import plain_environment

__all__ = ["Home", "Ran"]

SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Ran:
    """How a program ended, and all that it said."""

    status: int
    output: str


@dataclass(frozen=True, slots=True)
class Home:
    """A folder in which a client finds only what the test put there."""

    folder: Path

    def write(self, name: str, text: str | bytes) -> Path:
        """Write a file that its owner alone can read, as several clients demand of their configuration."""
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def run(self, *command: str | Path, said: bytes = b"", environment: Mapping[str, str] | None = None) -> Ran:
        """Run a program with ``said`` as its input. One that does not end is killed, and the test fails."""
        environment = plain_environment({"HOME": str(self.folder), "TERM": "dumb", **(environment or {})})
        if shutil.which(command[0], path=environment["PATH"]) is None:
            pytest.skip(f"{command[0]} is not installed: run tools/interop-install")
        done = subprocess.run(
            [str(word) for word in command],
            input=said,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            env=environment,
            timeout=SECONDS,
            check=False,
        )
        return Ran(done.returncode, done.stdout.decode("utf-8", "backslashreplace"))
