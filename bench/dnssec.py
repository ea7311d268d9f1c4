"""How many answers a core validates, without I/O: messages that are read already, from the zones of the tests.

"warm" knows the zone's keys, "cold" begins at the root (three zones, five more messages, each of which is read). "read"
is what dnspython needs to read the message, which is due without validation too; the ratio is that of read and
validated to read. `lookups` has what remains of it in a whole query.
"""

import time
from collections.abc import Callable

import dns.message

from bench.report import Table, median
from starttls.policy.answer import Answer, Question, Status
from starttls.policy.dnssec import Validator
from tests.policy.signed_world import World, look_up
from tests.policy.signed_zone import NOW, Key, Zone

__all__ = ["run"]

ALGORITHMS = {"RSA 2048": 8, "ECDSA P-256": 13, "ECDSA P-384": 14, "Ed25519": 15}
CASES = {
    "records": (Question("mail.example.org", "A"), False),
    "no such name, NSEC": (Question("nothing.example.org", "A"), False),
    "no such name, NSEC3": (Question("nothing.example.org", "A"), True),
}


def run(*, short: bool) -> tuple[Table]:
    """Every algorithm and kind of answer, rounds interleaved, the median of each."""
    rounds, seconds = (1, 0.02) if short else (7, 0.2)
    table = Table(
        "dnssec",
        "Validations per second and core, without I/O",
        ("signed by", "answer", "warm", "cold", "read", "validated of read"),
    )
    for name, algorithm in ALGORITHMS.items():
        for case, (question, nsec3) in CASES.items():
            ways = ways_of(question, world(algorithm, nsec3=nsec3))
            seen: dict[str, list[float]] = {way: [] for way in ways}
            for _ in range(rounds):
                for way, act in ways.items():
                    seen[way].append(rate(act, seconds))
            pairs = zip(seen["warm"], seen["read"], strict=True)
            ratio = median((1 / warm + 1 / read) * read for warm, read in pairs)
            table.add(name, case, *(round(median(seen[way])) for way in ways), ratio)
    return (table,)


def world(algorithm: int, *, nsec3: bool) -> World:
    """The root, org and example.org."""
    zones = ((".", ""), ("org", ""), ("example.org", "mail A 192.0.2.1"))
    return World(*(Zone(at, text, keys=(Key(at, algorithm),), nsec3=nsec3) for at, text in zones))


def ways_of(question: Question, zones: World) -> dict[str, Callable[[], object]]:
    """What is measured, by name."""
    said: list[bytes] = []

    def keep(_: Question, message: dns.message.Message) -> dns.message.Message:
        said.append(message.to_wire(max_size=65535))
        return message

    known = Validator(zones.anchors)
    anchors = zones.anchors
    assert look_up(zones, question.name, question.rdtype, tamper=keep, validator=known).status is Status.SECURE
    message, *others = (dns.message.from_wire(wire) for wire in said)
    assert len(others) == 5
    return {
        "warm": lambda: validated(known, question, message, []),
        "cold": lambda: validated(Validator(anchors), question, message, said[1:]),
        "read": lambda: dns.message.from_wire(said[0]),
    }


def validated(validator: Validator, question: Question, message: dns.message.Message, more: list[bytes]) -> Answer:
    """One validation; ``more`` are the messages that it asks for, in turn."""
    validation = validator.validate(question, message, NOW)
    try:
        next(validation)
        for wire in more:
            validation.send(dns.message.from_wire(wire))
    except StopIteration as done:
        answer = done.value
        assert isinstance(answer, Answer)
        assert answer.status is Status.SECURE
        return answer
    raise AssertionError("it asks for more than it did at first")


def rate(act: Callable[[], object], seconds: float) -> float:
    """How often it is done in a CPU second."""
    started, done = time.process_time(), 0
    while (spent := time.process_time() - started) < seconds:
        for _ in range(10):
            act()
        done += 10
    return done / spent
