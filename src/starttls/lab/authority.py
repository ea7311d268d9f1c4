"""A throwaway certificate authority: it lives in memory, and so do the keys that it makes.

The TLS library takes keys from files alone. `Identity.files` writes them to a folder that only we can read, for as
long as a ``with`` block lasts.
"""

import ipaddress
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

__all__ = ["Authority", "Files", "Identity"]

_EARLIER = timedelta(minutes=5)
"""A certificate is valid from a little before now: clocks differ."""
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Files:
    """Where an identity lies as PEM: its ``chain``, leaf first, and its ``key``."""

    chain: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate with its chain, and its key, both PEM."""

    chain: bytes
    key: bytes = field(repr=False)

    @contextmanager
    def files(self) -> Generator[Files]:
        """The same as files, removed at the end of the block."""
        with tempfile.TemporaryDirectory(prefix="starttls-") as name:
            files = Files(Path(name, "chain.pem"), Path(name, "key.pem"))
            files.chain.write_bytes(self.chain)
            files.key.touch(mode=0o600)
            files.key.write_bytes(self.key)
            yield files


class Authority:
    """A certificate authority that nobody else trusts. ``certificate`` is its own, as PEM."""

    def __init__(self, name: str = "starttls lab CA") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.now(UTC)
        signed = (
            self._builder(self._name, self._key.public_key(), now - _EARLIER, now + WEEK)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(certificates=True), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.certificate = signed.public_bytes(Encoding.PEM)

    def issue(self, *names: str, valid: timedelta = WEEK) -> Identity:
        """An identity for host names and IP addresses; a negative ``valid`` makes one that expired that long ago."""
        key = ec.generate_private_key(ec.SECP256R1())
        until = datetime.now(UTC) + valid
        since = min(until - WEEK, datetime.now(UTC) - _EARLIER)
        leaf = (
            self._builder(x509.Name([]), key.public_key(), since, until)
            # RFC 5280 §4.1.2.6: an empty subject makes the alternative names critical
            .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=True)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return Identity(
            leaf.public_bytes(Encoding.PEM),
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        )

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, since: datetime, until: datetime
    ) -> x509.CertificateBuilder:
        """What all our certificates have in common."""
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(since)
            .not_valid_after(until)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates,
        key_cert_sign=certificates,
        crl_sign=certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
