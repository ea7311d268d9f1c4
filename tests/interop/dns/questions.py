"""Every question that is asked of the signed world, and what DNSSEC says of its answer by the RFCs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from starttls.policy.answer import Question, Status
from tests.interop.dns.zone import CONTENT, Zone
from tests.interop.dns.zones import EACH_WAY, ZONES

__all__ = ["TYPES", "asked_of_delv", "expected", "questions", "zone_of"]

TYPES = ("A", "AAAA", "MX", "TLSA", "TXT", "SRV", "CNAME")


@dataclass(frozen=True, slots=True)
class Has:
    """A name with records of some types; with none, it is only on the way to others."""

    types: str = ""


@dataclass(frozen=True, slots=True)
class Wild:
    """A name that a wildcard makes."""

    types: str


@dataclass(frozen=True, slots=True)
class Alias:
    """A name that is another one; relative to the zone, unless it ends with a dot."""

    target: str
    wild: bool = False


@dataclass(frozen=True, slots=True)
class Missing:
    """No such name."""


Name: TypeAlias = Has | Wild | Alias | Missing

# What `CONTENT` comes to.
_NAMES: dict[str, Name] = {
    "": Has("A MX TXT"),
    "mail": Has("A AAAA"),
    "_25._tcp.mail": Has("TLSA"),
    "_tcp.mail": Has(),
    "_imap._tcp": Has("SRV"),
    "_mta-sts": Has("TXT"),
    "large": Has("TXT"),
    "a.b.ent": Has("TXT"),
    "b.ent": Has(),
    "ent": Has(),
    "wild": Has(),
    "x.wild": Wild("A TXT"),
    "x.y.wild": Wild("A TXT"),
    "alias": Alias("mail"),
    "aliases": Alias("alias"),
    "x.cwild": Alias("mail", wild=True),
    "secure": Alias("mail.nsec3.test."),
    "insecure": Alias("mail.unsigned.test."),
    "forged": Alias("mail.corrupt.test."),
    "dangling": Alias("nowhere"),
    "tree": Has(),
    "mail.tree": Alias("mail.branch"),
    "mail.branch": Has("A"),
    "mail.far": Alias("mail.unsigned.test."),
    "nowhere": Missing(),
    "a.b.nowhere": Missing(),
    "x.mail": Missing(),
}
# What is asked of the zones that differ in nothing but their keys or their harm: an answer, a large one, one by a
# wildcard, an alias, and each sort of denial.
_FEW = (
    ("mail", "A"),
    ("large", "TXT"),
    ("x.wild", "A"),
    ("alias", "A"),
    ("mail", "TLSA"),
    ("ent", "A"),
    ("nowhere", "MX"),
)
# The root and the top have other records.
_ABOVE: dict[Question, Status] = {
    Question(".", "MX"): Status.SECURE,
    Question("nowhere", "A"): Status.SECURE,
    Question("test", "A"): Status.SECURE,
    Question("ns.test", "A"): Status.SECURE,
    Question("nowhere.test", "TXT"): Status.SECURE,
    Question("deep.nsec.test", "A"): Status.SECURE,
}


def questions(zone: Zone) -> Iterator[Question]:
    """What is asked of one zone."""
    if zone.records != CONTENT:
        yield from (question for question in _ABOVE if zone_of(question.name) is zone)
        return
    pairs = ((name, kind) for name in _NAMES for kind in TYPES) if zone in EACH_WAY else _FEW
    for name, kind in pairs:
        yield Question(_absolute(name, zone), kind)


def asked_of_delv(zone: Zone) -> Iterator[Question]:
    """As many as a program can be started for: each name with the types that it has, and one that it has not.

    Of a zone that is bogus, no alias and no name that has nothing: where signatures were taken away, delv 9.18 waits
    for itself (it calls that a deadlock) and gives up after 12 seconds.
    """
    for question in questions(zone):
        name = _NAMES.get(_relative(question.name, zone))
        if zone.status is Status.BOGUS and (isinstance(name, Alias) or name == Has()):
            continue
        if name is None or zone not in EACH_WAY or question.rdtype in _types(name):
            yield question


def _types(name: Name) -> set[str]:
    match name:
        case Has(types) | Wild(types):
            return {*types.split(), "SRV"}
        case Alias():
            return {"A", "CNAME"}
        case Missing():
            return {"A"}


def expected(question: Question) -> Status:
    """What DNSSEC says of the answer."""
    if question in _ABOVE:
        return _ABOVE[question]
    zone = zone_of(question.name)
    match _NAMES[_relative(question.name, zone)]:
        case Has(types):
            return zone.status if question.rdtype in types.split() else zone.when_denied
        case Wild(types):
            found = zone.status if question.rdtype in types.split() else zone.when_denied
            return found.weaker(zone.when_missing)
        case Missing():
            return zone.when_missing
        case Alias(target, wild):
            step = zone.status.weaker(zone.when_missing) if wild else zone.status
            if question.rdtype == "CNAME":
                return step
            return step.weaker(expected(Question(_absolute(target, zone), question.rdtype)))


def _absolute(name: str, zone: Zone) -> str:
    return name[:-1] if name.endswith(".") else f"{name}.{zone.name}".removeprefix(".")


def _relative(name: str, zone: Zone) -> str:
    return name.removesuffix(zone.name).removesuffix(".")


def zone_of(name: str) -> Zone:
    """The zone that has a name, or would have it."""
    return max((zone for zone in ZONES if zone.holds(name)), key=lambda zone: len(zone.origin))
