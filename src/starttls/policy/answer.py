"""What the DNS said, and how far that can be believed.

These records are made by every resolver (`starttls.resolve`) and read by every decision. A name is in lower case, as
A-labels and without its final dot; the root is ``"."``. Times are seconds.
"""

import enum
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

__all__ = [
    "MX",
    "SRV",
    "TLSA",
    "TXT",
    "Address",
    "Alias",
    "Answer",
    "ExtendedError",
    "Link",
    "Question",
    "Record",
    "Status",
]


class Status(enum.StrEnum):
    """What DNSSEC says of an answer (RFC 4033 §5)."""

    SECURE = "secure"
    """A chain of signatures leads from a trust anchor to it, or to the proof that there is none."""
    INSECURE = "insecure"
    """It is proven that the zone is not signed: anybody on the path can have written it."""
    BOGUS = "bogus"
    """It ought to be signed, and is not, or not well. Somebody forged it, or the zone is broken."""
    INDETERMINATE = "indeterminate"
    """It could not be told: no answer in time, a server failure, a signature that cannot be fetched."""

    @property
    def usable(self) -> bool:
        """May the answer be used at all? What is bogus or not known may not: not even to go without (RFC 7672 §2.1)."""
        return self in {Status.SECURE, Status.INSECURE}

    def weaker(self, other: "Status") -> "Status":
        """What two answers that rest on each other are worth together."""
        order = tuple(Status)
        return max(self, other, key=order.index)


@dataclass(frozen=True, slots=True)
class Question:
    """A name and a type: ``Question("example.org", "MX")``."""

    name: str
    rdtype: str

    def __str__(self) -> str:
        return f"{self.name} {self.rdtype}"


@dataclass(frozen=True, slots=True)
class Address:
    """An A or AAAA record."""

    address: str


@dataclass(frozen=True, slots=True)
class MX:
    """A mail exchanger (RFC 5321 §5.1). ``host`` is ``"."`` in a null MX (RFC 7505)."""

    preference: int
    host: str


@dataclass(frozen=True, slots=True)
class SRV:
    """A service's host and port (RFC 2782). ``target`` is ``"."`` where the service is decidedly not there."""

    priority: int
    weight: int
    port: int
    target: str


@dataclass(frozen=True, slots=True)
class TXT:
    """The strings of one TXT record."""

    strings: tuple[bytes, ...]

    @property
    def joined(self) -> bytes:
        """The strings in one, without anything in between (RFC 8461 §3.1, RFC 8460 §3)."""
        return b"".join(self.strings)


@dataclass(frozen=True, slots=True)
class TLSA:
    """One TLSA record as it was published (RFC 6698 §2.1). What it is worth is said in `starttls.policy.tlsa`."""

    usage: int
    selector: int
    mtype: int
    data: bytes

    def __str__(self) -> str:
        return f"{self.usage} {self.selector} {self.mtype} {self.data.hex()}"


Record: TypeAlias = Address | MX | SRV | TXT | TLSA
RecordT = TypeVar("RecordT", Address, MX, SRV, TXT, TLSA)


@dataclass(frozen=True, slots=True)
class Alias:
    """One CNAME on the way, or the one that a DNAME makes. ``status`` is that of this step alone."""

    name: str
    target: str
    status: Status


@dataclass(frozen=True, slots=True)
class ExtendedError:
    """An extended DNS error (RFC 8914): ``ExtendedError(7, "signature expired")``."""

    code: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """One step of a chain of trust that was walked here, from the root down."""

    zone: str
    status: Status
    detail: str
    """One line: ``"DNSKEY 20326 (RSASHA256) signs, by the trust anchor"``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the DNS said to one question, aliases followed.

    ``status`` is that of the whole answer: of every alias on the way, and of the records or of the proof that there are
    none. Where it is bogus or indeterminate there are no records, and ``reason`` says why in one line.
    """

    question: Question
    status: Status
    records: tuple[Record, ...] = ()
    exists: bool = True
    """False where the name does not exist at all (NXDOMAIN); True with no records is "no such type" (NODATA)."""
    aliases: tuple[Alias, ...] = ()
    ttl: int = 0
    """How long it may be kept: the least of all TTLs that it rests on."""
    reason: str = ""
    extended: tuple[ExtendedError, ...] = ()
    chain: tuple[Link, ...] = ()
    """How it was validated, where that was done here."""
    server: str = ""
    """Who was asked: ``"127.0.0.53:53"``."""
    disagreement: str = ""
    """Where it was told in two ways, and they differ: which said what."""

    @property
    def name(self) -> str:
        """The name that the records belong to: the question's, or the last alias's target."""
        return self.aliases[-1].target if self.aliases else self.question.name

    def of(self, kind: type[RecordT]) -> tuple[RecordT, ...]:
        """The records of one kind."""
        return tuple(record for record in self.records if isinstance(record, kind))
