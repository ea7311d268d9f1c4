"""What a session may start from: a port that is TLS's own, or a session that went before."""

import ssl
from dataclasses import dataclass, field

from starttls.core.transcript import Side
from starttls.tls.names import ServerIdentity

__all__ = ["ImplicitTLS", "Resumption"]


@dataclass(frozen=True, slots=True)
class ImplicitTLS:
    """The proof that needs no conversation: on this port TLS starts with the first byte (RFC 8314)."""

    protocol: str
    side: Side


@dataclass(frozen=True, slots=True)
class Resumption:
    """What a client keeps of a session. It resumes with the same context, and for the same server alone.

    A resumed session shows no certificate again: for another name it would prove what nobody has checked.
    """

    session: ssl.SSLSession
    server: ServerIdentity
    chain: tuple[bytes, ...] = field(repr=False)
    """The server's certificates, DER."""
