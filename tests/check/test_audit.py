import asyncio
import itertools

import pytest

from starttls.asyncio.client import Client
from starttls.check import audit as audit_module
from starttls.check.audit import InOrder, audit, services_of
from starttls.check.observe import Observation, State
from starttls.core.errors import Misuse
from starttls.lab.world import world
from starttls.policy.errors import NotAuthentic
from starttls.resolve.fake import FakeWorld
from starttls.tls.level import Level
from starttls.tls.target import Target
from tests import hostile


def observation(target: str) -> Observation:
    return Observation(
        target=target,
        address=None,
        protocol="smtp",
        state=State.UNREACHABLE,
        level=Level.NONE,
        offered=None,
        tls=None,
        certificate=None,
        error=None,
        transcript=None,
        seconds=0.0,
    )


async def test_every_target_is_seen_with_its_number() -> None:
    seen: dict[int, Observation] = {}
    async with world() as here:
        targets = [Target.parse(url) for url in here.honest]
        await audit(Client(ca_file=here.ca_file), targets, concurrency=2, seen=seen.__setitem__)
    assert {number: one.target for number, one in seen.items()} == dict(enumerate(here.honest))
    assert {one.level for one in seen.values()} == {Level.VERIFIED}


@pytest.mark.parametrize("concurrency", [1, 3, 50])
async def test_no_more_at_once_than_asked_for(monkeypatch: pytest.MonkeyPatch, concurrency: int) -> None:
    running, most = 0, 0

    async def observe(client: Client, target: Target) -> Observation:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.001)
        running -= 1
        return observation(target.url)

    monkeypatch.setattr(audit_module, "observe", observe)
    seen: dict[int, Observation] = {}
    targets = [Target.parse(f"smtp://a{number}") for number in range(20)]
    await audit(Client(), targets, concurrency=concurrency, seen=seen.__setitem__)
    assert (most, len(seen)) == (min(concurrency, 20), 20)


async def test_a_slow_target_does_not_hold_up_the_others() -> None:
    with hostile.serving(hostile.silent) as port:
        async with world() as here:
            urls = [f"smtp://127.0.0.1:{port}", *here.honest]
            order: list[int] = []
            others = asyncio.Event()

            def seen(number: int, _: Observation) -> None:
                order.append(number)
                if len(order) == len(here.honest):
                    others.set()

            task = asyncio.create_task(
                audit(
                    Client(ca_file=here.ca_file),
                    [Target.parse(url) for url in urls],
                    concurrency=2,
                    seen=seen,
                )
            )
            async with asyncio.timeout(5):
                await others.wait()
            assert order == [1, 2, 3, 4, 5, 6]
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
    assert order == [1, 2, 3, 4, 5, 6]


async def test_misuse_ends_the_audit() -> None:
    with hostile.serving(hostile.silent) as port:
        targets = [Target.parse(f"smtp://127.0.0.1:{port}")] * 3
        with pytest.raises(Misuse):
            await audit(Client(ca_file="/nowhere"), targets, concurrency=2, seen=lambda *_: None)


def test_results_leave_in_the_order_of_the_targets() -> None:
    for arrival in itertools.permutations(range(4)):
        in_order = InOrder()
        out = [one.target for number in arrival for one in in_order.add(number, observation(str(number)))]
        assert out == ["0", "1", "2", "3"]
        assert in_order.rest() == ()


def test_what_waits_for_one_that_never_comes_is_not_lost() -> None:
    in_order = InOrder()
    assert in_order.add(2, observation("2")) == ()
    assert in_order.add(1, observation("1")) == ()
    assert [one.target for one in in_order.rest()] == ["1", "2"]
    assert in_order.rest() == ()


async def test_the_services_of_domains() -> None:
    """Each domain is asked once; what goes wrong is a way that cannot be gone."""
    dns = FakeWorld.parse("a.example. MX 0 mx.example.\nmx.example. A 192.0.2.1\nb.example. MX ; bogus")
    client = Client(policy="encrypt", resolver=dns, fetcher=dns)
    found = await services_of(client, ["a.example", "b.example", "a.example"], concurrency=3)
    assert [route.host for route in found["a.example"]] == ["mx.example"]
    (lost,) = found["b.example"]
    assert isinstance(lost.error, NotAuthentic)
    assert {route.domain for routes in found.values() for route in routes} == {"a.example", "b.example"}
    with pytest.raises(Misuse):
        await services_of(client, ["a.example", "not a domain"], concurrency=3)
