"""Our validator, unbound and delv agree on every name of the signed world."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import dns.flags
import dns.message
import pytest

from starttls.policy.anchors import Anchors
from starttls.policy.answer import Answer, Question, Status
from starttls.policy.delegations import Asking
from starttls.policy.dnssec import Validator
from starttls.resolve.dns import DNSResolver
from tests.interop.dns.differences import expected_of
from tests.interop.dns.oracles import ask, ask_delv, ask_unbound
from tests.interop.dns.ours import resolver
from tests.interop.dns.questions import asked_of_delv, expected, questions
from tests.interop.dns.world import SignedWorld
from tests.interop.dns.zone import Zone
from tests.interop.dns.zones import ZONES

BY_UNBOUND, BY_NAMED, AD, BOTH = "validate by unbound", "validate by named", "ad", "both"

each_zone = pytest.mark.parametrize("zone", ZONES, ids=lambda zone: zone.name if zone.name != "." else "root")


@pytest.fixture(scope="module")
def resolvers(signed_world: SignedWorld) -> Mapping[str, DNSResolver]:
    """Ours, in each mode. To validate, one that validates itself and one that does not are asked alike."""
    named = "{}:{}".format(*signed_world.forwarding)
    return {
        BY_UNBOUND: resolver(signed_world),
        BY_NAMED: resolver(signed_world, server=named),
        AD: resolver(signed_world, "ad"),
        BOTH: resolver(signed_world, "both"),
    }


@each_zone
async def test_all_say_the_same(zone: Zone, signed_world: SignedWorld, resolvers: Mapping[str, DNSResolver]) -> None:
    said = {("unbound", question): ask_unbound(signed_world.validating, question) for question in questions(zone)}
    for who in (BY_UNBOUND, BY_NAMED, AD):
        for question in questions(zone):
            said[who, question] = (await resolvers[who].query(question.name, question.rdtype)).status
    assert _table(said) == {}


@each_zone
def test_delv_says_the_same(zone: Zone, signed_world: SignedWorld) -> None:
    asked = list(asked_of_delv(zone))
    with ThreadPoolExecutor(4) as pool:
        answers = pool.map(lambda question: ask_delv(signed_world.forwarding, signed_world.bind_keys, question), asked)
        assert _table({("delv", question): status for question, status in zip(asked, answers, strict=True)}) == {}


@each_zone
async def test_the_same_records_by_every_way(zone: Zone, resolvers: Mapping[str, DNSResolver]) -> None:
    """Where all believe the answer, they have the same one, and nobody hands out what is not believed."""
    for question in questions(zone):
        answers = [await resolvers[who].query(question.name, question.rdtype) for who in (BY_UNBOUND, BY_NAMED, AD)]
        for answer in answers:
            assert answer.status.usable or not answer.records, answer
        assert len({_content(answer) for answer in answers if answer.status.usable}) <= 1, answers


@each_zone
async def test_both_tells_where_they_disagree(zone: Zone, resolvers: Mapping[str, DNSResolver]) -> None:
    for question in questions(zone):
        ours, theirs = expected_of(BY_UNBOUND, question), expected_of(AD, question)
        answer = await resolvers[BOTH].query(question.name, question.rdtype)
        assert answer.status is ours.weaker(theirs), answer
        assert bool(answer.disagreement) is (ours is not theirs), answer


@pytest.mark.parametrize("zone", [zone for zone in ZONES if "SHA1" in "".join(zone.keys)], ids=lambda zone: zone.name)
def test_sha1_counts_where_it_is_asked_for(zone: Zone, signed_world: SignedWorld) -> None:
    def asked(question: Question) -> dns.message.Message:
        return ask(signed_world.validating, question, dns.flags.CD)

    validator = Validator(Anchors.parse(signed_world.anchors.read_text()), sha1=True)
    for question in questions(zone):
        answer = _drive(validator.validate(question, asked(question), time.time()), asked)
        assert answer.status is expected(question), answer


def _drive(walk: Asking[Answer], asked: Callable[[Question], dns.message.Message]) -> Answer:
    reply: dns.message.Message | None = None
    while True:
        try:
            reply = asked(walk.send(reply))
        except StopIteration as done:
            answer: Answer = done.value
            return answer


def _table(said: Mapping[tuple[str, Question], Status]) -> dict[str, str]:
    """Who says what of what, where it ought to be otherwise."""
    return {
        f"{who}: {question}": f"{status}, not {expected_of(who, question)}"
        for (who, question), status in said.items()
        if status is not expected_of(who, question)
    }


def _content(answer: Answer) -> tuple[object, ...]:
    aliases = tuple((alias.name, alias.target) for alias in answer.aliases)
    return frozenset(answer.records), answer.exists, aliases
