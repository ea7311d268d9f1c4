"""Our resolver asks unbound in every way there is, and learns the same."""

import asyncio

import pytest

from starttls.policy.answer import Answer, Question, Status
from starttls.resolve.dns import DNSResolver
from tests.interop.dns.differences import expected_of
from tests.interop.dns.ours import resolver
from tests.interop.dns.questions import questions
from tests.interop.dns.world import SignedWorld
from tests.interop.dns.zones import ZONES

WAYS = {
    "tcp": "tcp://{address}",
    "tls-by-address": "tls://{address}",
    "tls-by-name": "tls://{address}#{name}",
    "https": "https://{address}/dns-query",
}
ASKED = ("nsec.test", "corrupt.test", "child.optout.test")


def by(way: str, world: SignedWorld, mode: str = "ad", *, trusted: bool = True) -> DNSResolver:
    server = WAYS[way].format(address=world.validating, name=world.resolver_name)
    return resolver(world, mode, server=server, ca_file=world.ca_file if trusted else None)


@pytest.mark.parametrize("mode", ["ad", "validate"])
@pytest.mark.parametrize("way", WAYS)
async def test_the_same_by_every_way(way: str, mode: str, signed_world: SignedWorld) -> None:
    asking = by(way, signed_world, mode)
    who = mode if mode == "ad" else "validate by unbound"
    asked = [question for zone in ZONES if zone.name in ASKED for question in questions(zone)]
    some = asyncio.Semaphore(20)

    async def ask(question: Question) -> Answer:
        async with some:  # at once, and so over one connection
            return await asking.query(question.name, question.rdtype)

    answers = await asyncio.gather(*map(ask, asked))
    assert {
        str(question): answer.status
        for question, answer in zip(asked, answers, strict=True)
        if answer.status is not expected_of(who, question)
    } == {}


@pytest.mark.parametrize("way", [way for way in WAYS if way != "tcp"])
async def test_a_resolver_that_does_not_prove_itself_is_not_asked(way: str, signed_world: SignedWorld) -> None:
    answer = await by(way, signed_world, trusted=False).query("mail.nsec.test", "A")
    assert (answer.status, answer.records) == (Status.INDETERMINATE, ()), answer


async def test_a_resolver_of_another_name_is_not_asked(signed_world: SignedWorld) -> None:
    server = f"tls://{signed_world.validating}#elsewhere.invalid"
    asking = resolver(signed_world, "ad", server=server, ca_file=signed_world.ca_file)
    answer = await asking.query("mail.nsec.test", "A")
    assert answer.status is Status.INDETERMINATE, answer


async def test_a_large_answer_comes_whole_by_udp(signed_world: SignedWorld) -> None:
    """It does not fit, so it comes by TCP."""
    answer = await resolver(signed_world, "ad").query("large.nsec.test", "TXT")
    assert (answer.status, len(answer.records)) == (Status.SECURE, 20)
    assert answer.question == Question("large.nsec.test", "TXT")
