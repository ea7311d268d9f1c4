"""How outcomes follow; the table of all known senders is in `test_profiles`."""

from dataclasses import replace

import pytest

from starttls.policy.answer import Status
from starttls.policy.decide import decide, downgradable
from starttls.policy.outcomes import outcomes
from starttls.policy.profiles import SENDERS
from starttls.policy.senders import Confidence, Dane, Floor, Order, Outcome, Outcomes, Sender, Sts
from starttls.policy.sts import Learned
from starttls.resolve.destination import destination
from starttls.resolve.fake import FakeWorld
from tests.policy.mail import DIGEST, PLAIN, SIGNED, learned, unsigned

BY_NAME = {sender.name: sender for sender in SENDERS}
PLAINEST = Sender(name="plain", sources=("here",), confidence=Confidence.DOCUMENTED)

V, E, C, D, R, U = (
    Outcome.VERIFIED,
    Outcome.ENCRYPTED,
    Outcome.CLEAR,
    Outcome.DEFERS,
    Outcome.REJECTS,
    Outcome.UNKNOWN,
)


async def become(
    sender: str | Sender, world: FakeWorld | str, sts: Learned | None = None, next_hop: str = "example.org"
) -> tuple[Outcome, Outcome, Outcome]:
    sender = BY_NAME[sender] if isinstance(sender, str) else sender
    world = FakeWorld.parse(world) if isinstance(world, str) else world
    found = outcomes(sender, await destination(next_hop, world), sts)
    return found.normal, found.stripped, found.forged


HALF = f"""
    example.org.                MX    10 mx.example.org. ; insecure
    mx.example.org.             A     192.0.2.1
    _25._tcp.mx.example.org.    TLSA  {DIGEST}
"""


@pytest.mark.parametrize(
    ("sender", "expected"),
    [
        ("starttls", (V, D, D)),
        ("Postfix dane", (V, D, D)),
        ("maddy", (V, D, D)),
        ("Postfix dane-only", (D, D, D)),
        ("mox", (E, C, E)),
        ("Exim", (E, C, E)),
        ("Microsoft 365", (E, C, E)),
    ],
)
async def test_insecure_mx_with_dane_on_the_host(sender: str, expected: tuple[Outcome, ...]) -> None:
    assert await become(sender, HALF) == expected


@pytest.mark.parametrize(
    ("sender", "expected"), [("starttls", D), ("Postfix dane", V), ("mox", D), ("Stalwart", R), ("Gmail", D)]
)
async def test_a_policy_in_force_that_does_not_name_the_host(sender: str, expected: Outcome) -> None:
    assert (await become(sender, HALF, learned("enforce", "mx.example.net")))[0] is expected


@pytest.mark.parametrize(
    ("sender", "expected"),
    [("starttls", V), ("Microsoft 365", V), ("mox", D), ("Postfix dane, postfix-mta-sts-resolver", D)],
)
async def test_secure_dane_on_a_host_that_the_policy_does_not_name(sender: str, expected: Outcome) -> None:
    assert (await become(sender, SIGNED, learned("enforce", "mx.example.net")))[0] is expected


@pytest.mark.parametrize("status", [Status.BOGUS, Status.INDETERMINATE])
async def test_one_failed_address_lookup(status: Status) -> None:
    world = FakeWorld.parse(PLAIN).fail("mx.example.org", "AAAA", status=status)
    assert await become("Postfix dane", world) == (E, C, E)
    assert await become("Postfix dane, postfix-tlspol", world) == (D, D, D)


async def test_one_broken_host_of_two() -> None:
    world = SIGNED + "example.org. MX 1 broken.example.org.\nbroken.example.org. A 192.0.2.2\n"
    world += "_25._tcp.broken.example.org. TLSA ; bogus"
    assert await become("Postfix dane", world) == (V, D, D)
    assert await become("Postfix dane, postfix-tlspol", world) == (D, D, D)
    assert await become("Postfix may", world) == (E, C, E)


@pytest.mark.parametrize(("status", "careless"), [(Status.BOGUS, U), (Status.INDETERMINATE, D)])
async def test_mx_or_all_addresses_failed(status: Status, careless: Outcome) -> None:
    for world in (
        FakeWorld().fail("example.org", "MX", status=status),
        FakeWorld.parse("example.org. MX 1 mx.example.org.")
        .fail("mx.example.org", "A", status=status)
        .fail("mx.example.org", "AAAA", status=status),
    ):
        assert await become("Postfix dane", world) == (D, D, D)
        assert await become("starttls", world) == (D, D, D)
        assert await become("Gmail", world) == (careless, careless, careless)


async def test_a_host_without_addresses_is_passed_over() -> None:
    world = (
        SIGNED
        + "example.org. MX 1 gone.example.org.\nexample.org. MX 2 gone.example.net.\nexample.net. ZONE ; insecure"
    )
    for sender in ("Postfix dane", "starttls", "mox"):
        assert await become(sender, world) == (V, D, D)
    assert await become("Gmail", "example.org. MX 1 gone.example.org.") == (D, D, D)


async def test_a_host_without_addresses_is_no_dane() -> None:
    """Where DANE on one host is DANE for all, MTA-STS still holds if there is none."""
    world = PLAIN + "example.org. MX 1 gone.example.org."
    policy = learned("enforce", "*.example.org")
    assert await become("Postfix dane, postfix-tlspol", world, policy) == (V, D, D)
    assert await become("Gmail", world, policy) == (V, D, D)


@pytest.mark.parametrize("sender", SENDERS, ids=lambda sender: sender.name)
async def test_a_domain_that_does_not_exist_is_rejected_by_all(sender: Sender) -> None:
    assert await become(sender, FakeWorld()) == (R, R, R)


async def test_an_address_literal_has_neither_dane_nor_mta_sts() -> None:
    for name, expected in (("Postfix dane", (E, C, E)), ("Gmail", (E, C, E)), ("Postfix dane-only", (D, D, D))):
        assert await become(name, FakeWorld(), next_hop="[192.0.2.1]") == expected
    assert await become("starttls", FakeWorld(), next_hop="[192.0.2.1]") == (E, D, E)


async def test_mode_none_is_no_policy() -> None:
    assert await become("Gmail", unsigned(PLAIN), learned("none")) == (E, C, E)
    assert await become(replace(PLAINEST, sts=Sts.STRICT), unsigned(PLAIN), learned("none")) == (E, C, E)


async def test_what_makes_no_difference_need_not_be_known() -> None:
    unknown = replace(PLAINEST, dane=Dane.UNKNOWN, sts=Sts.UNKNOWN)
    assert await become(unknown, unsigned(PLAIN)) == (E, C, E)
    assert await become(unknown, SIGNED) == (U, U, U)
    assert await become(replace(unknown, floor=Floor.UNKNOWN), unsigned(PLAIN)) == (E, U, E)


async def test_both_together() -> None:
    each = replace(PLAINEST, dane=Dane.OPPORTUNISTIC, sts=Sts.HONOUR, order=Order.EACH)
    unusable = PLAIN + "_25._tcp.mx.example.org. TLSA 3 1 255 ab"
    assert await become(each, unusable, learned("enforce", "mx.example.org")) == (V, D, D)
    assert await become(each, unusable, learned("enforce", "mx.example.net")) == (D, D, D)
    assert await become(each, SIGNED, learned("enforce", "mx.example.org")) == (V, D, D)


@pytest.mark.parametrize("text", [PLAIN, SIGNED, HALF, PLAIN + "_25._tcp.mx.example.org. TLSA ; bogus"])
@pytest.mark.parametrize("sts", [None, learned("enforce", "mx.example.org"), learned("testing", "mx.example.org")])
async def test_ours_does_what_was_decided(text: str, sts: Learned | None) -> None:
    found = await destination("example.org", FakeWorld.parse(text))
    become = outcomes(BY_NAME["starttls"], found, sts)
    assert become.stripped is Outcome.DEFERS  # plaintext by name only
    if downgradable(decide(found, sts)) is False:
        assert become == Outcomes(normal=V, stripped=D, forged=D)
