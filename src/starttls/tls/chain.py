"""The chain of certificates that a peer presented, and what is wrong with it."""

import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol, cast

from starttls.core.errors import CertificateRejected
from starttls.tls.names import ServerIdentity

__all__ = ["name_rejected", "presented", "rejected"]

_DER = 2  # _ssl.ENCODING_DER


class _Certificate(Protocol):
    def public_bytes(self, encoding: int, /) -> bytes: ...


class _Connection(Protocol):
    def get_unverified_chain(self) -> Sequence[_Certificate | None] | None: ...


def presented(tls: ssl.SSLObject) -> tuple[bytes, ...]:
    """The certificates, DER, the peer's own first. As they came: nothing says that they are a chain.

    OpenSSL keeps them also when verification failed, which DANE and an audit need.
    """
    # From Python 3.13 on there is a public method, but it fails where a client was asked for one and has none.
    connection = cast("_Connection", tls._sslobj)  # type: ignore[attr-defined] # noqa: SLF001
    return tuple(one.public_bytes(_DER) for one in connection.get_unverified_chain() or () if one is not None)


def rejected(
    error: ssl.SSLCertVerificationError, chain: tuple[bytes, ...], expected: ServerIdentity | None
) -> CertificateRejected:
    """Our error for OpenSSL's verdict on ``chain``."""
    from starttls.tls.reasons import reason  # noqa: PLC0415 - cryptography is slow to import, and rarely needed

    code = int(error.verify_code)
    return CertificateRejected(reason(code, error.verify_message, chain, expected, datetime.now(UTC)), code, chain)


def name_rejected(chain: tuple[bytes, ...], expected: ServerIdentity) -> CertificateRejected | None:
    """Check the name in a chain that OpenSSL has found good."""
    from starttls.tls.certificate import read_certificate  # noqa: PLC0415 - the same
    from starttls.tls.reasons import NAME_MISMATCH, reason  # noqa: PLC0415

    if not chain:
        return CertificateRejected("no certificate")
    try:
        names = read_certificate(chain[0]).alternative
    except CertificateRejected as error:
        return error
    if expected.matches(names):
        return None
    return CertificateRejected(reason(NAME_MISMATCH, "", chain, expected, datetime.now(UTC)), NAME_MISMATCH, chain)
