import asyncio
import threading
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import pytest
import uvloop

from starttls.core.errors import Misuse
from starttls.policy.answer import MX, Address, Alias, Answer, Question, Status
from starttls.resolve.dns import DNSResolver, Trust
from starttls.resolve.resolver import Resolver
from starttls.resolve.servers import Server
from tests.resolve.nameservers import Respond, answer, nameserver, question_of

SOA = "example.org. 300 IN SOA ns.example.org. root.example.org. 1 2 3 4 60"


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Counting:
    """A server that answers the same to all, and remembers what it was asked."""

    def __init__(self, respond: Respond) -> None:
        self.respond = respond
        self.asked: list[tuple[str, str]] = []

    def __call__(self, query: bytes, via: str) -> list[bytes]:
        self.asked.append(question_of(query))
        return self.respond(query, via)


def one_address(query: bytes, via: str) -> list[bytes]:
    return [answer(query, f"{question_of(query)[0]}. 60 IN A 192.0.2.1", ad=True)]


# --- what an answer says ---------------------------------------------------------------------------


async def ask(respond: Respond, name: str = "example.org", rdtype: str = "A") -> Answer:
    async with nameserver(respond) as server:
        return await DNSResolver(server, timeout=0.5, attempts=1).query(name, rdtype)


async def test_the_ad_bit_makes_it_secure() -> None:
    async with nameserver(one_address) as server:
        resolver: Resolver = DNSResolver(server)
        found = await resolver.query("Example.ORG.", "A")
    assert found == Answer(
        question=Question("example.org", "A"),
        status=Status.SECURE,
        records=(Address("192.0.2.1"),),
        ttl=60,
        server=server,
    )


async def test_without_it_is_insecure() -> None:
    found = await ask(lambda query, via: [answer(query, "example.org. 60 IN MX 10 mx.example.org.")], rdtype="MX")
    assert (found.status, found.records) == (Status.INSECURE, (MX(10, "mx.example.org"),))


async def test_the_query_asks_for_signatures_and_for_the_ad_bit() -> None:
    seen: list[dns.message.Message] = []

    def respond(query: bytes, via: str) -> list[bytes]:
        seen.append(dns.message.from_wire(query))
        return one_address(query, via)

    async with nameserver(respond) as server:
        await DNSResolver(server).query("example.org", "A")
        await DNSResolver(server).query("example.org", "A")
    assert seen[0].flags == dns.flags.RD | dns.flags.AD
    assert (seen[0].ednsflags & dns.flags.DO, seen[0].payload) == (dns.flags.DO, 1232)
    assert seen[0].id != seen[1].id


async def test_aliases_are_followed_and_the_least_ttl_counts() -> None:
    texts = ("a.example. 60 IN CNAME b.example.", "b.example. 30 IN CNAME c.example.", "c.example. 90 IN A 192.0.2.1")
    found = await ask(lambda query, via: [answer(query, *texts, ad=True)], "a.example")
    assert found.aliases == (
        Alias("a.example", "b.example", Status.SECURE),
        Alias("b.example", "c.example", Status.SECURE),
    )
    assert (found.name, found.ttl, found.records) == ("c.example", 30, (Address("192.0.2.1"),))


async def test_a_question_for_cname_gets_the_first_alias() -> None:
    found = await ask(
        lambda query, via: [answer(query, "a.example. 60 IN CNAME b.example.", ad=True)], "a.example", "CNAME"
    )
    assert (found.aliases, found.records) == ((Alias("a.example", "b.example", Status.SECURE),), ())
    assert found.ttl == 60


@pytest.mark.parametrize(("rcode", "exists"), [(dns.rcode.NOERROR, True), (dns.rcode.NXDOMAIN, False)])
async def test_nothing_is_an_answer_too(rcode: dns.rcode.Rcode, exists: bool) -> None:
    found = await ask(lambda query, via: [answer(query, rcode=rcode, ad=True, authority=SOA)])
    assert (found.status, found.records, found.exists, found.ttl) == (Status.SECURE, (), exists, 60)


# --- failures --------------------------------------------------------------------------------------


async def test_a_server_failure_that_says_bogus_is_bogus() -> None:
    found = await ask(lambda query, via: [answer(query, rcode=dns.rcode.SERVFAIL, ede=7)])
    assert (found.status, found.reason) == (Status.BOGUS, "SERVFAIL: told\\nso")
    assert found.extended[0].code == 7


@pytest.mark.parametrize("ede", [None, 1, 5, 22])
async def test_a_server_failure_is_asked_about_again_without_validation(ede: int | None) -> None:
    def respond(query: bytes, via: str) -> list[bytes]:
        if dns.message.from_wire(query).flags & dns.flags.CD:
            return [answer(query, "example.org. 60 IN A 192.0.2.66")]
        return [answer(query, rcode=dns.rcode.SERVFAIL, ede=ede)]

    found = await ask(respond)
    assert (found.status, found.records) == (Status.BOGUS, ())
    assert found.reason.endswith("but an answer where nothing is validated")


@pytest.mark.parametrize("rcode", ["SERVFAIL", "REFUSED", "NOTIMP", "FORMERR", "YXDOMAIN", "NOTAUTH"])
async def test_other_failures_are_indeterminate(rcode: str) -> None:
    found = await ask(lambda query, via: [answer(query, rcode=dns.rcode.from_text(rcode), ad=True)])
    assert (found.status, found.reason, found.records) == (Status.INDETERMINATE, rcode, ())


async def test_a_referral_is_no_proof_that_there_is_nothing() -> None:
    found = await ask(lambda query, via: [answer(query, authority="example.org. 60 IN NS ns.example.org.")])
    assert (found.status, found.reason) == (
        Status.INDETERMINATE,
        "a referral: the server does not look any further",
    )


async def test_nobody_listens() -> None:
    async with nameserver(one_address) as server:
        pass
    found = await DNSResolver(server, timeout=5, attempts=1).query("example.org", "A")
    assert (found.status, found.reason) == (Status.INDETERMINATE, f"{server}: connection refused")


async def test_a_query_has_a_lifetime() -> None:
    async with nameserver(lambda query, via: []) as server:
        found = await DNSResolver(server, timeout=5, lifetime=0.1).query("example.org", "A")
    assert (found.status, found.reason) == (Status.INDETERMINATE, "no answer in 0.1 s")


async def test_the_next_server_is_asked() -> None:
    async with (
        nameserver(lambda query, via: [answer(query, rcode=dns.rcode.REFUSED)]) as bad,
        nameserver(one_address) as good,
    ):
        found = await DNSResolver([bad, good]).query("example.org", "A")
    assert (found.status, found.server) == (Status.SECURE, good)


async def test_every_failure_is_named() -> None:
    async with nameserver(lambda query, via: []) as one, nameserver(lambda query, via: [b"x"]) as two:
        found = await DNSResolver([one, two], timeout=0.1, attempts=1).query("example.org", "A")
    garbage = "no answer in 0.1 s, but an answer that cannot be read"
    assert found.reason == f"{one}: no answer in 0.1 s; {two}: {garbage}"


# --- what is remembered, and asked once ------------------------------------------------------------


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


# --- who is believed -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("servers", "mode"),
    [
        ("127.0.0.53", Trust.AD),
        ("[::1]:53", Trust.AD),
        ("192.0.2.53", Trust.VALIDATE),
        ("tls://192.0.2.53", Trust.VALIDATE),
        (["127.0.0.1", "192.0.2.53"], Trust.VALIDATE),
        (Server(host="192.0.2.53", named=False, trust_ad=True), Trust.AD),
    ],
)
def test_the_servers_choose_the_mode(servers: str | Server | list[str | Server], mode: Trust) -> None:
    assert DNSResolver(servers).mode is mode


def test_a_remote_server_is_believed_only_by_name(tmp_path: Path) -> None:
    assert DNSResolver("192.0.2.53", mode="ad").mode is Trust.AD
    file = tmp_path / "resolv.conf"
    file.write_text("nameserver 192.0.2.53\n")
    assert DNSResolver(resolv_conf=file).mode is Trust.VALIDATE
    with pytest.raises(Misuse, match=r"the AD bit of 192\.0\.2\.53:53 can be set by anybody"):
        DNSResolver(resolv_conf=file, mode="ad")
    file.write_text("nameserver 192.0.2.53\nnameserver 127.0.0.1\n")
    assert [str(one) for one in DNSResolver(resolv_conf=file, mode="ad").servers] == ["127.0.0.1:53"]
    file.write_text("nameserver 192.0.2.53\noptions trust-ad timeout:3\n")
    assert DNSResolver(resolv_conf=file).mode is Trust.AD


def test_misuse() -> None:
    with pytest.raises(Misuse, match="no such file"):
        DNSResolver("tls://127.0.0.1", ca_file="/does/not/exist")
    with pytest.raises(Misuse, match="no DNS server is named"):
        DNSResolver([])
    with pytest.raises(Misuse, match="DNSSEC is told by ad, validate, both, not by 'maybe'"):
        DNSResolver("127.0.0.1", mode="maybe")


async def test_a_type_that_there_is_not() -> None:
    for mode in Trust:
        with pytest.raises(Misuse, match="there is no DNS type 'FOO'"):
            await DNSResolver("127.0.0.1", mode=mode).query("example.org", "FOO")


async def test_some_names_are_never_asked() -> None:
    counting = Counting(one_address)
    async with nameserver(counting) as server:
        resolver = DNSResolver(server)
        assert (await resolver.query("localhost", "A")).of(Address) == (Address("127.0.0.1"),)
        assert (await resolver.query("a..b", "A")).status is Status.INDETERMINATE
        assert not (await resolver.query("192.0.2.1", "A")).exists
    assert counting.asked == []
