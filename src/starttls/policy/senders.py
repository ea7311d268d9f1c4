"""Senders of mail as data: what each does about DANE, MTA-STS and TLS. Records alone.

The senders that are known are in `starttls.policy.profiles`; what becomes of mail by one of them for one domain, now
and under an attacker, follows in `starttls.policy.outcomes`.
"""

import enum
from dataclasses import dataclass

__all__ = ["Confidence", "Dane", "Floor", "Order", "Outcome", "Outcomes", "Sender", "Sts"]


class Dane(enum.StrEnum):
    """Whether TLSA records are looked at."""

    OFF = "off"
    OPPORTUNISTIC = "opportunistic"
    MANDATORY = "mandatory"
    """Without TLSA records that can be used nothing is sent."""
    UNKNOWN = "unknown"


class Sts(enum.StrEnum):
    """Whether MTA-STS is looked at."""

    OFF = "off"
    HONOUR = "honour"
    STRICT = "strict"
    """A policy that is only tested is enforced, too."""
    UNKNOWN = "unknown"


class Floor(enum.StrEnum):
    """What is demanded where neither DANE nor MTA-STS says anything."""

    MAY = "may"
    """TLS if it is offered, with any certificate."""
    ENCRYPT = "encrypt"
    """TLS, with any certificate."""
    VERIFY = "verify"
    """TLS, and a certificate of a public authority. Whether the destination has one is not published."""
    DEFER = "defer"
    """Nothing is sent."""
    UNKNOWN = "unknown"


class Order(enum.StrEnum):
    """Which one holds where DANE and MTA-STS both say something."""

    CAREFUL = "careful"
    """As decided in `starttls.policy.decide`."""
    DANE = "dane"
    """DANE, host by host."""
    DOMAIN = "domain"
    """DANE on one host is DANE for the domain: MTA-STS is not looked at, and hosts without DANE need no TLS."""
    EACH = "each"
    """Both."""
    STS = "sts"
    """MTA-STS replaces DANE (against RFC 8461 §2)."""


class Confidence(enum.StrEnum):
    """How well a sender is known."""

    DOCUMENTED = "documented"
    """By its maker, or by its source."""
    INFERRED = "inferred"
    """From what others say, or from a part of its source."""
    UNKNOWN = "unknown"


class Outcome(enum.StrEnum):
    """What becomes of the mail."""

    VERIFIED = "delivers verified"
    ENCRYPTED = "delivers encrypted"
    """To whoever answered."""
    CLEAR = "delivers in clear"
    DEFERS = "defers"
    REJECTS = "rejects"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """What becomes of the mail: undisturbed, with STARTTLS stripped, with a certificate forged, on every connection."""

    normal: Outcome
    stripped: Outcome
    forged: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """What a sender does, as it is delivered or usually set up."""

    name: str
    dane: Dane = Dane.OFF
    sts: Sts = Sts.OFF
    floor: Floor = Floor.MAY
    order: Order = Order.DANE
    half: bool = False
    """DANE counts although the MX records are not signed (RFC 7672 §2.2.1)."""
    unusable: Floor = Floor.ENCRYPT
    """What is demanded where no TLSA record can be used."""
    mismatch: Outcome = Outcome.DEFERS
    """What becomes of the mail if the MTA-STS policy in force names none of the hosts."""
    whole: bool = False
    """One failed lookup defers the mail for the whole domain, however many other hosts there are."""
    retries_in_clear: bool | None = None
    """After TLS failed where it was not demanded, goes on without. Who breaks the handshake then has what who strips
    STARTTLS has. None: not known."""
    sources: tuple[str, ...]
    confidence: Confidence
