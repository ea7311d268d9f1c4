"""What was learned of where mail for a domain goes, and what is decided of each place. Records alone."""

import enum
from dataclasses import dataclass, field

from starttls.core.errors import StartTLSError
from starttls.policy.answer import TLSA, Address, Answer, Status

__all__ = ["Action", "Decision", "Destination", "Host", "Kind", "Reason"]


class Kind(enum.StrEnum):
    """How a next hop came to its hosts."""

    MX = "mx"
    IMPLICIT = "implicit"
    """No MX record: the domain is its own mail host (RFC 5321 §5.1)."""
    NULL = "null"
    """``MX 0 .``: it takes no mail (RFC 7505)."""
    HOST = "host"
    """A smart host, written ``[host]`` or ``[host]:port``: no MX is looked up (RFC 7672 §2.2.2)."""
    LITERAL = "literal"
    """An address, ``[192.0.2.1]``: nothing can be published about it."""
    NOTHING = "nothing"
    """The domain does not exist, or nothing in it takes mail."""
    UNKNOWN = "unknown"
    """It could not be told, or what was told is forged: the MX lookup is bogus or indeterminate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One mail host. ``port`` is where it is reached."""

    host: str
    """Its name; of `Kind.LITERAL` its address."""
    preference: int = 0
    port: int = 25
    addresses: tuple[Answer, ...] = ()
    """The answers to A and AAAA. Empty for an address, and for what is no name."""
    alias: Answer | None = None
    """The answer to CNAME alone, where ``host`` is an alias and the whole is not secure (RFC 7672 §2.2.2)."""
    tlsa: tuple[Answer, ...] = ()
    """The answers to TLSA, in the order of asking: at the name that the aliases lead to, then at ``host``.

    Empty where none was asked, since the addresses are not secure.
    """

    @property
    def located(self) -> tuple[Answer, ...]:
        """The answers that have addresses: those that it may be reached at. A family that failed is not among them."""
        return tuple(answer for answer in self.addresses if answer.status.usable and answer.of(Address))


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where mail for a next hop goes.

    ``domain`` is the next hop as asked; ``mx`` the answer to MX, whose aliases lead to the domain's other name.
    """

    domain: str
    kind: Kind
    mx: Answer | None = None
    hosts: tuple[Host, ...] = ()
    """In the order of preference."""
    unseen: int = 0
    """Mail hosts that were not looked at, the least preferred ones. Of them nothing is known."""
    reason: str = ""

    @property
    def status(self) -> Status:
        """Of the way from the domain to its hosts' names. SECURE where no lookup was needed."""
        return self.mx.status if self.mx is not None else Status.SECURE


class Action(enum.StrEnum):
    """What a careful sender does with one host."""

    DANE = "dane"
    """TLS, and certificates that match the TLSA records."""
    PKIX = "pkix"
    """TLS, and a certificate of a public authority for the MX host's name (MTA-STS in force)."""
    ENCRYPT = "encrypt"
    """TLS, with any certificate: TLSA records are there, and none can be used (RFC 7672 §2.2)."""
    OPPORTUNISTIC = "opportunistic"
    """TLS where it is offered. An attacker on the path can take it away."""
    DEFER = "defer"
    """Nothing is sent to this host now."""
    REJECT = "reject"
    """Nothing is ever sent: the domain takes no mail."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One step of a decision, and where it is written: ``Reason("the MX records are signed", "RFC 7672 §2.2.1")``."""

    text: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What must be demanded of ``host``, and why.

    ``names`` are the names of which the certificate must have one; ``sni`` is the name to ask for; ``tlsa`` are the
    usable records, by digest agility, for the `DANE` action. ``reasons`` lead from what was learned to the action.
    ``error`` says the same of `DEFER` and `REJECT`, for who has to raise it.
    """

    host: str
    action: Action
    names: tuple[str, ...] = ()
    sni: str | None = None
    tlsa: tuple[TLSA, ...] = ()
    reasons: tuple[Reason, ...] = ()
    authentic: bool | None = None
    """That ``host`` is where the mail belongs is proven: by DNSSEC, by an MTA-STS policy in force, or told by hand.

    None where there is no host.
    """
    error: StartTLSError | None = field(default=None, compare=False)
