"""Facts read off certificates. Whatever the bytes are, the outcome is facts or `CertificateRejected`."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

from starttls.core.errors import CertificateRejected
from starttls.tls.names import Names

__all__ = ["CertificateFacts", "read_certificate", "shown"]

T = TypeVar("T")

_SRV_NAME = x509.ObjectIdentifier("1.3.6.1.5.5.7.8.7")  # RFC 4985 §2: id-on-dnsSRV
_XMPP_ADDR = x509.ObjectIdentifier("1.3.6.1.5.5.7.8.5")  # RFC 6120 §13.7.1.4: id-on-xmppAddr
_IA5_STRING, _UTF8_STRING = 0x16, 0x0C

SHOWN = 512
"""Characters that are shown of a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFacts:
    """What a certificate says. Text is bounded and free of control characters; nothing here is verified."""

    subject: str
    """As RFC 4514 writes it: ``"CN=mail.example.org,O=Example"``. Often empty."""
    issuer: str
    alternative: Names = field(repr=False)
    """The names as they stand in the certificate, to be compared and not to be shown."""
    not_before: datetime
    not_after: datetime
    sha256: str
    """The fingerprint: SHA-256 of the DER, hexadecimal."""
    serial: int
    key_type: str
    """``"rsa"``, ``"ec"``, ``"ed25519"``, ``"ed448"``, ``"dsa"`` or ``"unknown"``."""
    key_bits: int
    signature_algorithm: str
    """``"ecdsa-with-sha256"``, or the object identifier of one without a name here."""
    self_signed: bool
    """Did its own key sign it?"""

    @property
    def names(self) -> tuple[str, ...]:
        """The names it is for, to be shown."""
        return tuple(shown(name) for name in self.alternative.all)


def shown(text: str) -> str:
    """``text`` for a reader: bounded, and what does not print (controls, marks of direction) escaped."""
    cut = text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in cut)


def read_certificate(der: bytes) -> CertificateFacts:
    """Read one certificate (DER). Raises `CertificateRejected` for what is none.

    A part that makes no sense (a broken subjectAltName, an unknown kind of key) is read as if it were not there.
    """
    try:
        certificate = x509.load_der_x509_certificate(der)
        not_before, not_after = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    except Exception as error:  # noqa: BLE001 - a parser of somebody else's on a peer's bytes
        raise CertificateRejected(f"certificate cannot be read: {shown(str(error))}", chain=(der,)) from None
    key_type, key_bits = _part(lambda: _key(certificate), ("unknown", 0))
    return CertificateFacts(
        subject=_part(lambda: shown(certificate.subject.rfc4514_string()), ""),
        issuer=_part(lambda: shown(certificate.issuer.rfc4514_string()), ""),
        alternative=_part(lambda: _names(certificate), Names()),
        not_before=not_before,
        not_after=not_after,
        sha256=hashlib.sha256(der).hexdigest(),
        serial=_part(lambda: certificate.serial_number, 0),
        key_type=key_type,
        key_bits=key_bits,
        signature_algorithm=_part(lambda: _algorithm(certificate.signature_algorithm_oid), "unknown"),
        self_signed=_part(lambda: _self_signed(certificate), default=False),
    )


def _part(read: Callable[[], T], default: T) -> T:
    try:
        return read()
    except Exception:  # noqa: BLE001 - cryptography reads lazily, and raises as many kinds of error
        return default


def _names(certificate: x509.Certificate) -> Names:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return Names()
    others = [(name.type_id, name.value) for name in names if isinstance(name, x509.OtherName)]
    return Names(
        dns=tuple(names.get_values_for_type(x509.DNSName)),
        ips=tuple(str(address) for address in names.get_values_for_type(x509.IPAddress)),
        srv=tuple(_string(value, _IA5_STRING) for kind, value in others if kind == _SRV_NAME),
        xmpp=tuple(_string(value, _UTF8_STRING) for kind, value in others if kind == _XMPP_ADDR),
    )


def _string(der: bytes, tag: int) -> str:
    """The text of a DER string of kind ``tag``, or "", which matches nothing. That it is DER has been checked."""
    if der[0] != tag:
        return ""
    start = 2 + (der[1] & 0x7F if der[1] & 0x80 else 0)
    return der[start:].decode("utf-8" if tag == _UTF8_STRING else "ascii", "replace")


def _key(certificate: x509.Certificate) -> tuple[str, int]:
    match certificate.public_key():
        case rsa.RSAPublicKey() as key:
            return "rsa", key.key_size
        case ec.EllipticCurvePublicKey() as key:
            return "ec", key.key_size
        case dsa.DSAPublicKey() as key:
            return "dsa", key.key_size
        case ed25519.Ed25519PublicKey():
            return "ed25519", 256
        case ed448.Ed448PublicKey():
            return "ed448", 456
        case _:
            return "unknown", 0


def _algorithm(identifier: x509.ObjectIdentifier) -> str:
    for name, known in vars(x509.SignatureAlgorithmOID).items():
        if known == identifier:
            return name.lower().replace("_", "-")
    return identifier.dotted_string


def _self_signed(certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(certificate)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True
