"""What a session may start from: a port that is TLS's own, or a session that went before."""

import ssl
from dataclasses import dataclass, field

from starttls.core.errors import Misuse
from starttls.core.outcome import Upgrade
from starttls.core.transcript import Side
from starttls.tls.names import ServerIdentity

__all__ = ["ImplicitTLS", "Resumption", "accepted"]


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
    verified: bool
    """Did they prove the server? Nobody looks again when the session is resumed."""

    def check(self, server: ServerIdentity, context: ssl.SSLContext) -> None:
        """Raise `Misuse` where resuming would prove more than the session did."""
        if self.server != server:
            raise Misuse(f"this session belongs to {self.server.host}")
        if not self.verified and context.verify_mode is not ssl.CERT_NONE:
            raise Misuse("this session was not verified, and the next is to be")


def accepted(proof: object, side: Side, context: ssl.SSLContext) -> bool:
    """Accept a proof for this ``side`` and its context, an upgrade's but once; was it an upgrade's? Raises `Misuse`."""
    if not isinstance(proof, Upgrade | ImplicitTLS):
        raise Misuse("TLS starts with a proof: an Upgrade, or ImplicitTLS")
    if proof.side is not side:
        raise Misuse(f"the proof is for the {proof.side}, not for the {side}")
    # Python itself says so in some releases, and in others warns of something else first.
    if context.protocol is (ssl.PROTOCOL_TLS_SERVER if side is Side.CLIENT else ssl.PROTOCOL_TLS_CLIENT):
        raise Misuse(f"the context is for the {side.peer}, not for the {side}")
    if isinstance(proof, ImplicitTLS):
        return False
    proof.spend()
    return True
