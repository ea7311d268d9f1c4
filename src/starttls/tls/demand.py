"""What a client demands of one server's certificates, where that is more than its `Plan` says for all."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from starttls.core.errors import StartTLSError
from starttls.tls.level import Level

__all__ = ["Demand", "Judge"]

Judge: TypeAlias = Callable[[tuple[bytes, ...]], StartTLSError | None]
"""Takes the chain that the server presented (DER, leaf first); gives the error, or None where it proves the server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What one server has to prove, and what a connection on which it did so is worth.

    ``name`` is whom to ask for (SNI), and with ``VERIFIED`` the name that the certificate must have. With ``DANE``
    the TLS library is told to take any chain, and ``judge`` alone decides, in the handshake, before anything is sent.
    ``ENCRYPTED`` takes any certificate.
    """

    level: Level
    name: str
    judge: Judge | None = field(default=None, repr=False)
    fallback: bool = False
    """Go on in plaintext where TLS is not offered or refused."""
