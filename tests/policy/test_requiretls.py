"""The rows of REQUIRETLS and of ``TLS-Required: No``."""

import pytest

from starttls.policy.answer import Status
from starttls.policy.destination import Action
from starttls.policy.errors import RequireTLS
from starttls.policy.requiretls import required, waived
from starttls.resolve.fake import FakeWorld
from tests.policy.mail import DIGEST, PLAIN, SIGNED, learned, one, trail, unsigned

UNUSABLE = PLAIN + "_25._tcp.mx.example.org. TLSA 1 1 1 " + 32 * "ab"
HALF = f"""
    example.org.                MX    10 mx.example.org.  ; insecure
    mx.example.org.             A     192.0.2.1
    _25._tcp.mx.example.org.    TLSA  {DIGEST}
"""


async def test_a_host_with_dane_may_have_the_message() -> None:
    decision = await one(SIGNED)
    kept = required(decision, offered=("SIZE 1000", "requiretls"))
    assert (kept.action, kept.names, kept.tlsa) == (Action.DANE, decision.names, decision.tlsa)
    assert "RFC 8689 §4.2.1" in trail(kept)


async def test_a_host_with_mta_sts_in_force_may_have_it() -> None:
    assert required(await one(unsigned(PLAIN), learned("enforce", "mx.example.org"))).action is Action.PKIX


@pytest.mark.parametrize(
    ("world", "mode"),
    [
        (unsigned(PLAIN), "none"),
        (unsigned(PLAIN), "testing"),  # what is only tested proves nothing
        (FakeWorld.parse(UNUSABLE), "none"),
        (FakeWorld.parse(HALF), "none"),  # the host is that host, but is it the domain's?
    ],
)
async def test_who_has_not_proven_itself_does_not_get_it(world: FakeWorld, mode: str) -> None:
    left_out = required(await one(world, learned(mode, "mx.example.org")))
    assert (left_out.action, left_out.sni, left_out.names) == (Action.DEFER, None, ())
    assert isinstance(left_out.error, RequireTLS)


async def test_who_does_not_offer_it_does_not_get_it() -> None:
    left_out = required(await one(SIGNED), offered=("STARTTLS", "X-REQUIRETLS"))
    assert left_out.action is Action.DEFER
    assert str(left_out.error) == "REQUIRETLS: mx.example.org does not offer REQUIRETLS"


async def test_a_message_for_which_tls_does_not_matter_goes_where_it_can() -> None:
    for decision in (await one(SIGNED), await one(unsigned(PLAIN), learned("enforce", "mx.example.org"))):
        lowered = waived(decision)
        assert (lowered.action, lowered.names, lowered.tlsa) == (Action.OPPORTUNISTIC, (), ())
        assert "RFC 8689 §4.2.2" in trail(lowered)


async def test_requiretls_goes_before_the_header() -> None:
    assert waived(await one(SIGNED), requiretls=True).action is Action.DANE
    assert waived(await one(unsigned(PLAIN)), requiretls=True).action is Action.DEFER


@pytest.mark.parametrize("text", ["example.org. MX 0 .", "example.org. MX ; bogus"])
async def test_neither_changes_what_is_left_out_anyway(text: str) -> None:
    decision = await one(FakeWorld.parse(text, default=Status.SECURE))
    assert required(decision) is waived(decision) is decision
