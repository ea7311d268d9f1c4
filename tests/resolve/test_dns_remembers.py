import asyncio
import threading
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import pytest
import uvloop

from starttls.policy.answer import Answer, Status
from starttls.resolve.dns import DNSResolver
from tests.resolve.nameservers import Counting, Respond, answer, nameserver, one_address

SOA = "example.org. 300 IN SOA ns.example.org. root.example.org. 1 2 3 4 60"


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


async def test_an_answer_is_remembered_until_its_ttl() -> None:
    clock, counting = Clock(), Counting(one_address)
    async with nameserver(counting) as server:
        resolver = DNSResolver(server, now=clock)
        await resolver.query("example.org", "A")
        clock.now += 59
        again = await resolver.query("EXAMPLE.org", "A")
        assert (again.ttl, len(counting.asked)) == (1, 1)
        clock.now += 1
        await resolver.query("example.org", "A")
        assert len(counting.asked) == 2
        resolver.forget()
        await resolver.query("example.org", "A")
        assert len(counting.asked) == 3


async def test_a_failure_is_remembered_for_five_seconds() -> None:
    clock = Clock()
    counting = Counting(lambda query, via: [answer(query, rcode=dns.rcode.SERVFAIL, ede=6)])
    async with nameserver(counting) as server:
        resolver = DNSResolver(server, now=clock)
        await resolver.query("example.org", "A")
        clock.now += 4.9
        assert (await resolver.query("example.org", "A")).status is Status.BOGUS
        assert len(counting.asked) == 1
        clock.now += 0.2
        await resolver.query("example.org", "A")
    assert len(counting.asked) == 2


async def test_those_who_ask_the_same_at_once_share_one_question() -> None:
    counting = Counting(one_address)
    async with nameserver(counting) as server:
        resolver = DNSResolver(server)
        found = await asyncio.gather(*(resolver.query("example.org", "A") for _ in range(20)))
    assert len(counting.asked) == 1
    assert {one.status for one in found} == {Status.SECURE}


async def test_who_is_cancelled_goes_alone_and_the_last_ends_it() -> None:
    async with nameserver(lambda query, via: []) as server:
        resolver = DNSResolver(server, timeout=0.3, attempts=1)
        first, second = (asyncio.create_task(resolver.query("example.org", "A")) for _ in range(2))
        await asyncio.sleep(0.05)
        first.cancel()
        assert (await second).reason == f"{server}: no answer in 0.3 s"
        third = asyncio.create_task(resolver.query("example.net", "A"))
        await asyncio.sleep(0.05)
        third.cancel()
        with pytest.raises(asyncio.CancelledError):
            await third
        await asyncio.sleep(0.01)
        assert not [task for task in asyncio.all_tasks() if "Asker" in str(task.get_coro()) or "_answer" in str(task)]
        assert resolver._here == {}


@contextmanager
def another_thread(respond: Respond) -> Generator[str]:
    """A server in an event loop of its own; yields ``IP:PORT``."""
    started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event, str]] = Future()

    async def serve() -> None:
        async with nameserver(respond) as server:
            stop = asyncio.Event()
            started.set_result((asyncio.get_running_loop(), stop, server))
            await stop.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    loop, stop, server = started.result(10)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_event_loops_may_follow_each_other(run: Callable[[Coroutine[Any, Any, Answer]], Answer]) -> None:
    counting = Counting(one_address)
    with another_thread(counting) as server:
        for servers in (server, f"tcp://{server}"):
            resolver = DNSResolver(servers)
            for name in ("a.example", "b.example", "a.example"):
                assert run(resolver.query(name, "A")).status is Status.SECURE
                assert resolver._here == {}
    assert counting.asked == [("a.example", "A"), ("b.example", "A")] * 2


def test_threads_may_share_it() -> None:
    counting = Counting(one_address)
    with another_thread(counting) as server, ThreadPoolExecutor(8) as pool:
        resolver = DNSResolver(server, cache_size=3)
        names = [f"{number % 9}.example" for number in range(200)]
        found = pool.map(lambda name: asyncio.run(resolver.query(name, "A")), names)
        assert {one.status for one in found} == {Status.SECURE}
