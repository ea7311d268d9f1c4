"""The DNSSEC validator, told whatever a resolver may say.

Invariant: whatever the messages hold, an answer comes, whose texts are printable lines; and it is secure only if it
is the true one, for the fuzzer has no keys.

An input is the number of a question, and the messages that answer it and what the validator asks, in turn.
"""

import functools

import dns.exception
import dns.message

from fuzz.target import Target
from starttls.policy.answer import Answer, Question, Status
from starttls.policy.budget import Limits
from starttls.policy.dnssec import Validator
from tests.policy.signed_world import World, look_up
from tests.policy.signed_zone import NOW, Zone

__all__ = ["TARGETS"]

CUT = b"\xf0cut\xf0"
"""Where the input is cut into messages; seeds carry it, so the fuzzer learns it."""

TEXT = """
@ MX 10 mail
mail A 192.0.2.1
alias CNAME mail
d DNAME deep
a.deep A 192.0.2.2
*.w TXT made
"""
NAMES = ("mail", "alias", "a.d", "x.w", "nothing", "x.free")
QUESTIONS = tuple(
    (Question(f"{name}.example.org", rdtype), nsec3) for name in NAMES for rdtype in ("A", "TXT") for nsec3 in (0, 1)
)


@functools.cache
def world(nsec3: int) -> World:
    """The zones that the true answers are from."""
    signed = Zone("example.org", TEXT, nsec3=bool(nsec3))
    return World(Zone("."), Zone("org"), signed, Zone("free.example.org", "x A 192.0.2.9", signed=False))


@functools.cache
def truth(number: int) -> tuple[Answer, tuple[bytes, ...]]:
    """The true answer to a question, and the messages that prove it."""
    question, nsec3 = QUESTIONS[number]
    said: list[bytes] = []

    def keep(_: Question, message: dns.message.Message) -> dns.message.Message:
        said.append(message.to_wire(max_size=65535))
        return message

    return look_up(world(nsec3), question.name, question.rdtype, tamper=keep), tuple(said)


def seeds() -> list[bytes]:
    """The true messages of every question."""
    return [CUT.join((bytes((number,)), *truth(number)[1])) for number in range(len(QUESTIONS))]


def read(data: bytes) -> dns.message.Message | None:
    """A message, where it is one."""
    try:
        return dns.message.from_wire(data)
    except (dns.exception.DNSException, ValueError):
        return None


def validate(data: bytes) -> None:
    """One validation."""
    number, *messages = data.split(CUT)
    index = (number or b"\0")[0] % len(QUESTIONS)
    true, _ = truth(index)
    question, nsec3 = QUESTIONS[index]
    replies = iter(map(read, messages))
    first = next(replies, None)
    if first is None:
        return
    validation = Validator(world(nsec3).anchors).validate(question, first, NOW)
    asked, answer = 0, None
    try:
        next(validation)
        while True:
            asked += 1
            validation.send(next(replies, None))
    except StopIteration as done:
        answer = done.value
    assert isinstance(answer, Answer)
    assert asked <= Limits().queries
    assert answer.reason.isprintable(), answer.reason
    assert all(link.detail.isprintable() for link in answer.chain)
    assert answer.status.usable or (not answer.records and answer.reason)
    if answer.status is Status.SECURE:
        assert (answer.records, answer.exists, answer.aliases) == (true.records, true.exists, true.aliases)


TARGETS = (Target(("dnssec",), seeds, validate),)
