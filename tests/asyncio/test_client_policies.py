"""Policies of the asynchronous client: a made-up DNS, real servers on loopback."""

import asyncio
import socket
import time

import pytest

from starttls.asyncio.client import Client, connect, connect_mx, connect_srv
from starttls.asyncio.stream import Stream
from starttls.core import errors
from starttls.policy import errors as policy_errors
from starttls.policy.answer import Answer
from starttls.policy.destination import Action
from starttls.policy.errors import StsFetchFailed
from starttls.resolve.fake import FakeWorld
from starttls.tls.plan import Timeouts
from tests.asyncio.peers import Slow, unanswered
from tests.asyncio.policies import (
    DOMAIN,
    DOMAIN_ENFORCED,
    DOMAIN_STS,
    MX,
    QUICK,
    SERVICE,
    URL,
    A,
    Case,
    Server,
    make,
    serving,
)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Server:
    return make(tmp_path_factory.mktemp("policies"))


def check(case: Case, came: Stream | errors.StartTLSError) -> None:
    """What came is what had to come."""
    if isinstance(came, errors.StartTLSError):
        assert type(came).__name__ == case.comes, str(came)
        assert case.words in str(came)
        assert str(came).isprintable()
    else:
        assert came.level == case.comes
        assert case.host in {"", came.host}


@pytest.mark.parametrize("name", URL)
async def test_a_url(server: Server, name: str) -> None:
    case, failures = URL[name], list[errors.StartTLSError]()
    async with serving(server, case.server, failures, "smtp") as port:
        world = case.world(port, server)
        try:
            async with await connect(f"smtp://mx.example.org:{port}", **case.options(world, server)) as stream:
                check(case, stream)
                assert stream.decision is not None
                if case.server == "honest":
                    await stream.write(b"hello\r\n")
                    assert await stream.readline() == b"HELLO\r\n"
        except errors.StartTLSError as error:
            check(case, error)
        if case.comes == "DaneNoMatch":  # the server never got our Finished
            while not failures:  # noqa: ASYNC110 - a list, which others fill
                await asyncio.sleep(0.01)
            assert [failure.what for failure in failures] == ["TLS handshake failed: connection closed by the peer"]


@pytest.mark.parametrize("name", MX)
async def test_a_domain(server: Server, name: str) -> None:
    case = MX[name]
    async with serving(server, case.server, [], "smtp") as port:
        world = case.world(port, server)
        try:
            async with await connect_mx("example.org", port=port, **case.options(world, server)) as stream:
                check(case, stream)
        except errors.StartTLSError as error:
            check(case, error)


@pytest.mark.parametrize("name", SERVICE)
async def test_a_service(server: Server, name: str) -> None:
    case = SERVICE[name]
    domain = case.host if case.host.endswith(".net") else "example.org"
    async with serving(server, case.server, [], "imap") as port:
        world = case.world(port, server)
        try:
            async with await connect_srv("imap", domain, **case.options(world, server)) as stream:
                assert stream.level == case.comes
                assert stream.host == "imap.example.org"
        except errors.StartTLSError as error:
            check(case, error)


async def test_a_policy_that_was_learned_survives_failures(server: Server) -> None:
    """Whoever hides the record, or the web server, takes nothing away (RFC 8461 §10.2)."""
    async with serving(server, "honest", [], "smtp") as port:
        world = FakeWorld.parse(DOMAIN + A + DOMAIN_STS).policy("example.org", DOMAIN_ENFORCED["example.org"])
        client = Client(resolver=world, fetcher=world, ca_file=server.ca, timeouts=QUICK)
        for _ in range(2):
            async with await client.connect_mx("example.org", port=port) as stream:
                assert stream.level == "verified"
                assert stream.decision is not None
                assert stream.decision.action is Action.PKIX
            world.policy("example.org", StsFetchFailed("https://mta-sts.example.org/", "no"))
            world.fail("_mta-sts.example.org", "TXT")
        assert world.fetched == ["example.org"]


async def test_a_session_resumes_under_dane_and_not_past_it(server: Server) -> None:
    """Its certificate is judged by what is published now. Where that is another, the server has to show one."""
    async with serving(server, "honest", [], "smtp") as port:
        name = f"_{port}._tcp.mx.example.org"
        world = FakeWorld.parse(f"{A}{name}. TLSA {server.records['own']}")
        client = Client(policy="dane", resolver=world, timeouts=QUICK)
        resumed: list[bool] = []
        for _ in range(2):
            async with await client.connect(f"smtp://mx.example.org:{port}") as stream:
                await stream.write(b"x\n")
                await stream.readline()
                assert stream.level == "dane"
                assert stream.tls is not None
                resumed.append(stream.tls.resumed)
        assert resumed == [False, True]
        rolled = FakeWorld.parse(f"{A}{name}. TLSA {server.records['other']}")
        world.__dict__.update(rolled.__dict__)
        with pytest.raises(policy_errors.DaneNoMatch):
            await client.connect(f"smtp://mx.example.org:{port}")


async def test_the_preferred_first_and_equals_by_chance() -> None:
    """RFC 5321 §5.1. Nobody listens there, so each is tried, and told."""
    text = "\n".join(
        f"example.org. MX {10 * (number // 4)} mx{number}.example.org.\nmx{number}.example.org. A 127.0.0.9"
        for number in range(8)
    )
    orders: set[tuple[str, ...]] = set()
    for _ in range(12):
        with pytest.raises(policy_errors.NoUsableMX) as caught:
            await connect_mx("example.org", port=1, resolver=FakeWorld.parse(text), fetcher=FakeWorld())
        hosts = tuple(host.partition(".")[0] for host, _ in caught.value.failures)
        assert {*hosts[:4]} == {"mx0", "mx1", "mx2", "mx3"}
        assert {*hosts[4:]} == {"mx4", "mx5", "mx6", "mx7"}
        assert {type(error) for _, error in caught.value.failures} == {errors.CannotConnect}
        orders.add(hosts)
    assert len(orders) > 1


class Silent:
    """A resolver that never answers."""

    async def query(self, name: str, rdtype: str) -> Answer:
        await asyncio.sleep(60)
        raise AssertionError(name, rdtype)


async def test_asking_is_bounded_in_time() -> None:
    short = Timeouts(connect=0.2, whole=0.3)
    with pytest.raises(errors.TimedOut, match=r"after 0.2 s in resolving mail.example.org"):
        await connect("imap://mail.example.org", policy="dane", resolver=Silent(), timeouts=short)
    with pytest.raises(errors.TimedOut, match=r"after 0.3 s in resolving the mail hosts of example.org"):
        await connect_mx("example.org", resolver=Silent(), timeouts=short)
    with pytest.raises(errors.TimedOut, match=r"after 0.2 s in resolving the imap service of example.org"):
        await connect_srv("imap", "example.org", resolver=Silent(), timeouts=short)


async def test_asking_and_connecting_are_bounded_together() -> None:
    world = Slow(FakeWorld.parse("imap.example.org. A 127.0.0.1"), 0.2)
    began = time.monotonic()
    with unanswered() as port, pytest.raises(errors.TimedOut, match="after 0.6 s in connecting to imap.example.org"):
        limits = Timeouts(connect=0.5, whole=0.6)
        await connect(f"imap://imap.example.org:{port}", policy="opportunistic", resolver=world, timeouts=limits)
    assert time.monotonic() - began < 0.8


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
async def test_an_address_publishes_nothing(host: str) -> None:
    for scheme in ("smtp", "imap"):
        with pytest.raises(policy_errors.DaneRequired, match="is an address"):
            await connect(f"{scheme}://{host}", policy="dane", resolver=FakeWorld())


async def test_an_address_is_encrypted_at_best(server: Server) -> None:
    for scheme in ("smtp", "imap"):
        async with serving(server, "honest", [], scheme) as port:
            url = f"{scheme}://127.0.0.1:{port}"
            async with await connect(url, policy="opportunistic", resolver=FakeWorld()) as stream:
                assert stream.level == "encrypted"


async def test_another_place_under_the_names_own_policy(server: Server) -> None:
    """``connect_to`` says where; what is to be proven stays that of the URL."""
    async with serving(server, "honest", [], "smtp") as port:
        world = FakeWorld.parse(f"mx.example.org. A 192.0.2.1\n_25._tcp.mx.example.org. TLSA {server.records['own']}")
        place = ("127.0.0.1", port)
        async with await connect("smtp://mx.example.org", policy="dane", resolver=world, connect_to=place) as stream:
            assert (stream.level, stream.peer) == ("dane", place)
        async with await connect_mx("[mx.example.org]", resolver=world, connect_to=place) as stream:
            assert (stream.level, stream.host) == ("dane", "mx.example.org")


async def test_one_family_alone() -> None:
    with pytest.raises(errors.CannotResolve, match="no address of this family"):
        await connect(
            "smtp://mx.example.org", policy="opportunistic", family=socket.AF_INET6, resolver=FakeWorld.parse(A),
            fetcher=FakeWorld(),
        )  # fmt: skip
    with pytest.raises(policy_errors.NoUsableMX, match="cannot connect to ::1:25: no address of this family"):
        await connect_mx("[::1]", family=socket.AF_INET, resolver=FakeWorld())


async def test_what_makes_no_sense() -> None:
    with pytest.raises(errors.Misuse, match="it is the DNS that says"):
        await connect_mx("example.org", name="mx.example.org", resolver=FakeWorld())
    with pytest.raises(errors.Misuse, match="'smtp' is no service that SRV records name: those are submission, imap"):
        await connect_srv("smtp", "example.org", resolver=FakeWorld())
    with pytest.raises(errors.Misuse, match="no service that SRV"):
        await connect_srv("gopher", "example.org", resolver=FakeWorld())
    with pytest.raises(errors.Misuse, match="names no DNS server"):
        await connect("smtp://mx.example.org", policy="dane", resolver="nowhere")
    with pytest.raises(errors.Misuse, match="is neither a host name"):
        await connect_mx("not a domain", resolver=FakeWorld())
