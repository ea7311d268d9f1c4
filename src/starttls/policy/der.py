"""The parts of a certificate as the octets that stand there, and a certificate around a bare key.

TLSA records are about octets: a key that was read and written again may have others. And who only compares digests
need not read certificates at all.
"""

from starttls.core.errors import Unexpected
from starttls.grammar import ber

__all__ = ["anchor", "issuer", "numbered", "public_key", "subject"]

# RFC 5280 §4.1: the fields of TBSCertificate, behind the version.
_SERIAL, _ISSUER, _SUBJECT, _KEY, _FIELDS = 0, 2, 4, 5, 6
_VERSION = 0xA0  # [0]; a certificate of version 1 has none
_EXTENSIONS = 0xA3  # [3]

_SEQUENCE, _BIT_STRING, _INTEGER, _STRING = ber.SEQUENCE, 0x03, 0x02, ber.STRING


def issuer(certificate: bytes) -> bytes | None:
    """The issuer's name (DER); None where ``certificate`` is none."""
    return _field(certificate, _ISSUER)


def subject(certificate: bytes) -> bytes | None:
    """The subject's name (DER); None where ``certificate`` is none."""
    return _field(certificate, _SUBJECT)


def public_key(certificate: bytes) -> bytes | None:
    """The SubjectPublicKeyInfo (DER); None where ``certificate`` is none."""
    return _field(certificate, _KEY)


def numbered(certificate: bytes) -> bool:
    """Has it a serial number as RFC 5280 §4.1.2.2 wants it, above 0?"""
    serial = _field(certificate, _SERIAL)
    if serial is None:
        return False
    tag, start, _ = ber.bounds(serial, 0)
    return tag == _INTEGER and any(serial[start:]) and serial[start] < 0x80


def _field(certificate: bytes, number: int) -> bytes | None:
    try:
        tag, start, end = ber.bounds(certificate, 0)
        inner, start, end = ber.bounds(certificate[:end], start)
        body = certificate[:end]
        fields: list[bytes] = []
        while start < end and len(fields) < _FIELDS:
            before = start
            kind, _, start = ber.bounds(body, start)
            if fields or kind != _VERSION:
                fields.append(body[before:start])
    except Unexpected:
        return None
    return fields[number] if (tag, inner, len(fields)) == (_SEQUENCE, _SEQUENCE, _FIELDS) else None


# --- a certificate that says nothing but a name and a key ------------------------------------------

_ECDSA_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")
_ALWAYS = ber.element(
    _SEQUENCE,
    ber.element(0x17, b"700101000000Z"),
    ber.element(0x18, b"99991231235959Z"),  # RFC 5280 §4.1.2.5: "no well-defined expiration date"
)
_AN_AUTHORITY = ber.element(  # basicConstraints, critical, cA
    _SEQUENCE,
    bytes.fromhex("0603551d130101ff"),
    ber.element(_STRING, bytes.fromhex("30030101ff")),
)


def anchor(name: bytes, key: bytes) -> bytes:
    """A certificate for the authority ``name`` with ``key`` (both DER), for code that knows anchors as certificates.

    RFC 5280 §6.1.1(d): a trust anchor is a name and a key. Nobody signed this one, and nobody checks that.
    """
    body = ber.element(
        _SEQUENCE,
        bytes.fromhex("a003020102020101"),  # version 3, serial number 1
        _ECDSA_SHA256,
        name,
        _ALWAYS,
        name,
        key,
        ber.element(_EXTENSIONS, ber.element(_SEQUENCE, _AN_AUTHORITY)),
    )
    return ber.element(_SEQUENCE, body, _ECDSA_SHA256, ber.element(_BIT_STRING, b"\x00"))
