"""What a domain makes senders demand, and what senders will do with its mail: records alone.

They are the JSON of `starttls policy`: names and order are a contract, and only ever grow.
"""

import msgspec

from starttls.policy.answer import Status
from starttls.policy.destination import Action, Kind
from starttls.policy.senders import Confidence, Outcome
from starttls.policy.sts import Mode, State
from starttls.tls.level import Level

__all__ = [
    "DecisionSeen",
    "Exchanger",
    "LiveSeen",
    "Lookup",
    "Prospect",
    "ReasonSeen",
    "ReportingSeen",
    "SenderSeen",
    "StsSeen",
    "TLSASeen",
]


class ReasonSeen(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a decision, and where it is written."""

    text: str
    reference: str


class DecisionSeen(msgspec.Struct, frozen=True, kw_only=True):
    """What must be demanded of one host."""

    action: Action
    names: tuple[str, ...]
    sni: str | None
    reasons: tuple[ReasonSeen, ...]


class TLSASeen(msgspec.Struct, frozen=True, kw_only=True):
    """One TLSA record; ``data`` is hexadecimal, ``reason`` says why it cannot be used."""

    usage: int
    selector: int
    mtype: int
    data: str
    usable: bool
    reason: str | None
    owner: str


class LiveSeen(msgspec.Struct, frozen=True, kw_only=True):
    """What a connection under the decision came to. ``met`` is None where it could not be told."""

    met: bool | None
    level: Level
    address: str | None
    error: str | None


class Exchanger(msgspec.Struct, frozen=True, kw_only=True):
    """One mail host.

    ``dnssec`` is that of its addresses and TLSA records; ``preference`` is None where no MX record names it.
    """

    host: str
    preference: int | None
    dnssec: Status
    tlsa: tuple[TLSASeen, ...]
    decision: DecisionSeen
    addresses: tuple[str, ...]
    live: LiveSeen | None


class StsSeen(msgspec.Struct, frozen=True, kw_only=True):
    """What came of looking for an MTA-STS policy; ``mode`` and the rest are None without one."""

    state: State
    mode: Mode | None
    mx: tuple[str, ...]
    max_age: int | None
    id: str | None
    errors: tuple[str, ...]


class ReportingSeen(msgspec.Struct, frozen=True, kw_only=True):
    """Where the domain wants TLS reports."""

    state: str
    rua: tuple[str, ...]
    errors: tuple[str, ...]


class SenderSeen(msgspec.Struct, frozen=True, kw_only=True):
    """What one sender does: undisturbed, with STARTTLS stripped, and with a forged certificate."""

    name: str
    normal: Outcome
    stripped: Outcome
    forged: Outcome
    source: str
    confidence: Confidence


class Lookup(msgspec.Struct, frozen=True, kw_only=True):
    """One question to the DNS, and its answer: ``records`` as zone files write them."""

    question: str
    status: Status
    ttl: int
    records: tuple[str, ...]
    aliases: tuple[str, ...]
    reason: str
    extended: tuple[str, ...]
    chain: tuple[str, ...]
    server: str
    exists: bool
    disagreement: str


class Prospect(msgspec.Struct, frozen=True, kw_only=True):
    """The whole. ``downgradable``: can an attacker on the path downgrade any host? None: it could not be told."""

    domain: str
    dnssec: Status
    mx: tuple[Exchanger, ...]
    mta_sts: StsSeen
    tls_rpt: ReportingSeen
    senders: tuple[SenderSeen, ...]
    downgradable: bool | None
    kind: Kind
    because: tuple[ReasonSeen, ...]
    """Why there is no host, or not every one."""
    lookups: tuple[Lookup, ...]
