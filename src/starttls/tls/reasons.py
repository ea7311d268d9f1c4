"""Why a certificate was rejected, in one line, from OpenSSL's verify code and the chain."""

from collections.abc import Sequence
from datetime import datetime

from starttls.core.errors import CertificateRejected
from starttls.tls.certificate import CertificateFacts, read_certificate, shown
from starttls.tls.names import ServerIdentity

__all__ = ["NAME_MISMATCH", "reason"]

_NOT_YET, _EXPIRED, NAME_MISMATCH, _ADDRESS_MISMATCH = 9, 10, 62, 64

# X509_V_ERR_* of OpenSSL, whose numbers do not change; 79 was 24 before 3.0.
_REASONS = {
    2: "issuer unknown",
    7: "a signature in the chain is wrong",
    18: "self-signed",
    19: "the chain ends in a self-signed certificate that is not trusted",
    20: "issuer unknown",
    21: "issuer unknown: the chain is incomplete",
    22: "the chain is too long",
    23: "revoked",
    24: "an issuer in the chain is no authority",
    25: "the chain is longer than an authority in it allows",
    26: "not meant for this side of a TLS connection",
    27: "the root is not trusted for this",
    28: "the root rejects this use",
    47: "an authority in the chain must not issue for this name",
    48: "an authority in the chain must not issue for this name",
    66: "its key is too short",
    67: "an issuer's key is too short",
    68: "a signature in the chain uses a broken hash (MD5 or SHA-1)",
    79: "an issuer in the chain is no authority",
}

MANY = 5
"""Names that a line can hold."""


def reason(code: int, words: str, chain: Sequence[bytes], expected: ServerIdentity | None, now: datetime) -> str:
    """One line, lower case, no full stop.

    ``words`` are OpenSSL's own, for a code that has no line here; ``expected`` is None where the peer is a client.
    """
    facts = _readable(chain)
    if code in {_NOT_YET, _EXPIRED}:
        return _out_of_date(code, facts, now)
    if code in {NAME_MISMATCH, _ADDRESS_MISMATCH} and expected is not None:
        return _mismatch(facts[0] if facts else None, expected)
    return _REASONS.get(code) or words.lower() or f"OpenSSL's verify code {code}"


def _readable(chain: Sequence[bytes]) -> list[CertificateFacts]:
    facts: list[CertificateFacts] = []
    for der in chain:
        try:
            facts.append(read_certificate(der))
        except CertificateRejected:
            continue
    return facts


def _out_of_date(code: int, facts: Sequence[CertificateFacts], now: datetime) -> str:
    for number, one in enumerate(facts):
        whose = "certificate" if number == 0 else f"issuer's certificate ({one.subject})"
        if code == _EXPIRED and one.not_after < now:
            return f"{whose} expired on {one.not_after:%Y-%m-%d}"
        if code == _NOT_YET and one.not_before > now:
            return f"{whose} is not valid before {one.not_before:%Y-%m-%d %H:%M} UTC"
    return "a certificate of the chain has expired" if code == _EXPIRED else "a certificate is not valid yet"


def _mismatch(leaf: CertificateFacts | None, expected: ServerIdentity) -> str:
    names = leaf.names if leaf is not None else ()
    if not names:
        return f"name mismatch: certificate is for no name, not {expected.host}"
    more = f" and {len(names) - MANY} more" if len(names) > MANY else ""
    return f"name mismatch: certificate is for {', '.join(names[:MANY])}{more}, not {shown(expected.host)}"
