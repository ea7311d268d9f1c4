"""What a mail domain publishes, what its host shows, and what that is worth. Records alone."""

from dataclasses import dataclass

from starttls.core.errors import StartTLSError
from starttls.policy.sts import State
from starttls.tls.level import Level

__all__ = ["Domain", "Sts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sts:
    """An MTA-STS policy, and what is wrong with the web server that has it.

    ``mx`` are patterns, in which ``{mx}`` is the domain's host. ``web`` is a line for the web server's configuration
    at the place of the policy. ``state`` is what comes of fetching it, and ``error`` a word of why not.
    """

    mode: str = "enforce"
    mx: tuple[str, ...] = ("{mx}",)
    web: str = "default_type text/plain"
    certified: bool = True
    """Is the web server's certificate for its name?"""
    state: State = State.VALID
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """A domain with a host ``mx.<domain>`` of its own.

    ``ours`` is what `connect_mx` comes to: the level, or why each host is left. ``tlsa`` are records as `Papers.tlsa`
    reads them. ``names`` are those in the host's certificate, where ``{mx}`` and ``{domain}`` stand for these; with
    ``unknown`` it is of an authority that nobody trusts. ``mx`` are the data of MX records, if not the own host's.
    """

    name: str
    ours: Level | type[StartTLSError]
    tlsa: tuple[str, ...] = ()
    names: tuple[str, ...] = ("{mx}",)
    expired: bool = False
    unknown: bool = False
    starttls: bool = True
    exim: bool = False
    mx: tuple[str, ...] | None = None
    alias: str = ""
    """The host is another name for this one."""
    implicit: bool = False
    """There is no MX record: the domain is its own host."""
    sts: Sts | None = None

    @property
    def host(self) -> str:
        """Where the server is."""
        return self.name if self.implicit else f"mx.{self.name}"

    @property
    def has_a_host(self) -> bool:
        """Does it have one of its own?"""
        return self.mx is None and not self.alias
