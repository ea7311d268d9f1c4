"""Certificates of mail hosts and web servers, and the TLSA records that name them."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

__all__ = ["Paper", "Papers"]

_HASHES = {"1": hashlib.sha256, "2": hashlib.sha512}


@dataclass(frozen=True, slots=True)
class Paper:
    """A server's key and what it sends with its certificate, as files that root can read."""

    key: Path
    chain: Path
    leaf: x509.Certificate


class Papers:
    """A root, an intermediate that issues for mail hosts and web servers, and a root that nobody knows."""

    def __init__(self) -> None:
        self._root = trustme.CA(organization_name="starttls interop root")
        self._issuer = self._root.create_child_ca()
        self._stranger = trustme.CA(organization_name="somebody else")

    @property
    def root(self) -> bytes:
        """The root as PEM: the public authority of the mail world."""
        return self._root.cert_pem.bytes()

    def issue(
        self, folder: Path, stem: str, names: Iterable[str], *, expired: bool = False, unknown: bool = False
    ) -> Paper:
        """A leaf, sent with the intermediate, but not with the root. ``unknown``: by somebody whom nobody trusts."""
        ends = datetime.now(UTC) + (timedelta(days=-1) if expired else timedelta(days=30))
        issuer = self._stranger if unknown else self._issuer
        issued = issuer.issue_cert(*names, not_before=ends - timedelta(days=90), not_after=ends)
        key, chain = folder / f"{stem}.key.pem", folder / f"{stem}.chain.pem"
        key.touch(mode=0o600)
        key.write_bytes(issued.private_key_pem.bytes())
        chain.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        return Paper(key, chain, x509.load_pem_x509_certificate(issued.cert_chain_pems[0].bytes()))

    def tlsa(self, words: str, leaf: x509.Certificate) -> str:
        """``"3 1 1 leaf"`` as a record's text; others are ``issuer``, ``root``, and ``nobody``, a stranger."""
        usage, selector, mtype, what = words.split()
        certificate = {
            "leaf": leaf,
            "issuer": _read(self._issuer),
            "root": _read(self._root),
            "nobody": _read(self._stranger),
        }[what]
        if selector == "0":
            data = certificate.public_bytes(Encoding.DER)
        else:
            data = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        if mtype != "0":
            data = _HASHES[mtype](data).digest()
        return f"TLSA {usage} {selector} {mtype} {data.hex()}"


def _read(authority: trustme.CA) -> x509.Certificate:
    return x509.load_pem_x509_certificate(authority.cert_pem.bytes())
