"""What a client demands of one server's certificates, where that is more than its `Plan` says for all."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from starttls.core.errors import Misuse, StartTLSError
from starttls.tls.level import Level

__all__ = ["Demand", "Judge"]

Judge: TypeAlias = Callable[[tuple[bytes, ...]], StartTLSError | None]
"""Takes the chain that the server presented (DER, leaf first); gives the error, or None where it proves the server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What one server has to prove, and what a connection on which it did so is worth.

    ``name`` is whom to ask for (SNI). ``VERIFIED``: the TLS library proves the chain, and that it is for ``name``; a
    ``judge`` is asked instead of comparing that name. ``DANE``: the library is told to take any chain, and ``judge``
    alone decides. Either way it does so within the handshake, before anything of ours is sent. ``ENCRYPTED`` takes any
    certificate.
    """

    level: Level
    name: str
    judge: Judge | None = field(default=None, repr=False)
    fallback: bool = False
    """Go on in plaintext where TLS is not offered or refused."""

    def __post_init__(self) -> None:
        """Refuse what would demand less than it says."""
        if self.level is Level.NONE or (self.level is Level.DANE) > (self.judge is not None):
            raise Misuse(f"a demand of level '{self.level}' that nobody judges")
        if self.level is Level.ENCRYPTED and self.judge is not None:
            raise Misuse("a judge of a connection that takes any certificate")
