"""Certificates of every kind, good and bad: what an authority of the lab would never issue."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from starttls.policy.answer import TLSA
from starttls.policy.presented import selected

__all__ = ["ANYTHING", "CLIENT", "NOW", "SERVER", "Paper", "authority", "issue", "key_usage", "record", "server"]

Key: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey

Digest: TypeAlias = hashes.SHA224 | hashes.SHA256 | hashes.SHA512

NOW = datetime.now(UTC)
SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
ANYTHING = ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE
HOST = "mail.example.org"


@dataclass(frozen=True)
class Paper:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Key = field(repr=False)

    @cached_property
    def der(self) -> bytes:
        """The certificate."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        """The certificate."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """Its key."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def spki(self) -> bytes:
        """Its public key."""
        return self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def record(usage: int, selector: int, mtype: int, paper: Paper) -> TLSA:
    """The record that ``paper`` matches."""
    data = selected(paper.der, selector, mtype)
    assert data is not None
    return TLSA(usage, selector, mtype, data)


def key_usage(*uses: str) -> x509.KeyUsage:
    """keyUsage with ``uses`` alone: ``"key_cert_sign"``."""
    names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
             "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")  # fmt: skip
    return x509.KeyUsage(**{name: name in uses for name in names})


def named(common_name: str) -> x509.Name:
    """A name of one part, or of none."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else [])


def issue(
    name: str,
    issuer: Paper | None = None,
    *extensions: x509.ExtensionType,
    critical: tuple[type[x509.ExtensionType], ...] = (),
    key: Key | None = None,
    days: tuple[int, int] = (-1, 30),
    issuer_name: str | None = None,
    identifiers: bool = True,
    digest: Digest | None = None,
) -> Paper:
    """A certificate with these ``extensions`` alone, of which those of the kinds in ``critical`` are.

    Without ``issuer`` it signs itself. ``days`` are its first and last, from now. ``identifiers`` adds those of the
    keys.
    """
    key = key or ec.generate_private_key(ec.SECP256R1())
    signer = issuer.key if issuer else key
    above = issuer.certificate.subject if issuer else named(name)
    first, last = days
    builder = (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(above if issuer_name is None else named(issuer_name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + timedelta(days=first))
        .not_valid_after(NOW + timedelta(days=last))
    )
    if identifiers:
        of_signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
        extensions += (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), of_signer)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=isinstance(extension, critical))
    modern = isinstance(signer, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey)
    return Paper(builder.sign(signer, None if modern else digest or hashes.SHA256()), key)


def authority(
    name: str,
    issuer: Paper | None = None,
    *extensions: x509.ExtensionType,
    room: int | None = None,
    key: Key | None = None,
    days: tuple[int, int] = (-1, 30),
) -> Paper:
    """A proper authority, with ``room`` for so many others below it."""
    usual = (x509.BasicConstraints(ca=True, path_length=room), key_usage("key_cert_sign", "crl_sign"))
    critical = (x509.BasicConstraints, x509.KeyUsage, x509.NameConstraints)
    return issue(name, issuer, *usual, *extensions, critical=critical, key=key, days=days)


def server(
    issuer: Paper | None,
    *extensions: x509.ExtensionType,
    names: tuple[str, ...] = (HOST,),
    days: tuple[int, int] = (-1, 30),
    key: Key | None = None,
) -> Paper:
    """A proper server's certificate."""
    alternative = (x509.SubjectAlternativeName([x509.DNSName(name) for name in names]),) if names else ()
    return issue("server", issuer, *alternative, key_usage("digital_signature"), *extensions, days=days, key=key)
