"""Certificates for the peers of these tests, made once."""

from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme


@dataclass(frozen=True)
class Certificates:
    """PEM files: an authority, a server's chain with key for localhost and 127.0.0.1, and a stranger's."""

    ca: Path
    server: Path
    stranger: Path


def make(folder: Path) -> Certificates:
    made = Certificates(folder / "ca.pem", folder / "server.pem", folder / "stranger.pem")
    ca = trustme.CA(key_type=trustme.KeyType.ECDSA)
    ca.cert_pem.write_to_path(made.ca)
    for authority, path in ((ca, made.server), (trustme.CA(key_type=trustme.KeyType.ECDSA), made.stranger)):
        leaf = authority.issue_cert("localhost", "127.0.0.1", key_type=trustme.KeyType.ECDSA)
        leaf.private_key_and_cert_chain_pem.write_to_path(path)
    return made


@pytest.fixture(scope="session")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make(tmp_path_factory.mktemp("pem"))
