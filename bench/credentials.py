"""One certificate for all that is measured: ECDSA P-256, a chain of two below a root."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import trustme

__all__ = ["NAME", "Credentials", "credentials"]

NAME = "mail.example.org"


@dataclass(frozen=True, slots=True)
class Credentials:
    """PEM files: the root to trust, the server's chain, and its key."""

    root: Path
    chain: Path
    key: Path


@contextmanager
def credentials() -> Iterator[Credentials]:
    """Make them; they last as long as the block."""
    root = trustme.CA()
    leaf = root.create_child_ca().issue_cert(NAME)
    with TemporaryDirectory(prefix="bench-") as name:
        files = Credentials(Path(name, "root.pem"), Path(name, "chain.pem"), Path(name, "key.pem"))
        root.cert_pem.write_to_path(str(files.root))
        files.chain.write_bytes(b"".join(part.bytes() for part in leaf.cert_chain_pems))
        leaf.private_key_pem.write_to_path(str(files.key))
        yield files
