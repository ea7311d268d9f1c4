"""Policies of the blocking client: the same tables, the same servers."""

import socket
import threading
import time
from collections.abc import Callable

import pytest

from starttls.core import errors
from starttls.policy import errors as policy_errors
from starttls.resolve.fake import FakeWorld
from starttls.sync.client import Client, connect, connect_mx, connect_srv
from starttls.sync.stream import Stream
from starttls.tls.plan import Timeouts
from tests.asyncio.peers import Slow, in_a_thread, unanswered
from tests.asyncio.policies import (
    DOMAIN,
    DOMAIN_ENFORCED,
    DOMAIN_STS,
    MX,
    QUICK,
    SERVICE,
    TLSA,
    URL,
    A,
    Case,
    Server,
    make,
    serving,
)
from tests.cli.names import served


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Server:
    return make(tmp_path_factory.mktemp("policies"))


def check(case: Case, came: Stream | errors.StartTLSError) -> None:
    if isinstance(came, errors.StartTLSError):
        assert type(came).__name__ == case.comes, str(came)
        assert case.words in str(came)
    else:
        assert came.level == case.comes


@pytest.mark.parametrize("name", URL)
def test_a_url(server: Server, name: str) -> None:
    case = URL[name]
    with in_a_thread(lambda: serving(server, case.server, [], "smtp")) as port:
        world = case.world(port, server)
        try:
            with connect(f"smtp://mx.example.org:{port}", **case.options(world, server)) as stream:
                check(case, stream)
        except errors.StartTLSError as error:
            check(case, error)


@pytest.mark.parametrize("name", MX)
def test_a_domain(server: Server, name: str) -> None:
    case = MX[name]
    with in_a_thread(lambda: serving(server, case.server, [], "smtp")) as port:
        world = case.world(port, server)
        try:
            with connect_mx("example.org", port=port, **case.options(world, server)) as stream:
                check(case, stream)
                assert case.host in {"", stream.host}
        except errors.StartTLSError as error:
            check(case, error)


@pytest.mark.parametrize("name", SERVICE)
def test_a_service(server: Server, name: str) -> None:
    case = SERVICE[name]
    domain = case.host if case.host.endswith(".net") else "example.org"
    with in_a_thread(lambda: serving(server, case.server, [], "imap")) as port:
        world = case.world(port, server)
        try:
            with connect_srv("imap", domain, **case.options(world, server)) as stream:
                check(case, stream)
                assert stream.host == "imap.example.org"
        except errors.StartTLSError as error:
            check(case, error)


def test_a_client_remembers_from_one_question_to_the_next(server: Server) -> None:
    with in_a_thread(lambda: serving(server, "honest", [], "smtp")) as port:
        world = FakeWorld.parse(DOMAIN + A + DOMAIN_STS).policy("example.org", DOMAIN_ENFORCED["example.org"])
        client = Client(resolver=world, fetcher=world, ca_file=server.ca, timeouts=QUICK)
        for _ in range(2):
            with client.connect_mx("example.org", port=port) as stream:
                assert stream.level == "verified"
        assert world.fetched == ["example.org"]


def test_asking_and_connecting_are_bounded_together() -> None:
    world = Slow(FakeWorld.parse("imap.example.org. A 127.0.0.1"), 0.2)
    began = time.monotonic()
    with unanswered() as port, pytest.raises(errors.TimedOut, match="in connecting to imap.example.org"):
        limits = Timeouts(connect=0.5, whole=0.6)
        connect(f"imap://imap.example.org:{port}", policy="opportunistic", resolver=world, timeouts=limits)
    assert time.monotonic() - began < 0.8


def test_one_family_alone() -> None:
    with pytest.raises(policy_errors.NoUsableMX, match="cannot connect to ::1:25: no address of this family"):
        connect_mx("[::1]", family=socket.AF_INET, resolver=FakeWorld())


def test_threads_share_one_client(server: Server) -> None:
    with in_a_thread(lambda: serving(server, "honest", [], "smtp")) as port:
        world = FakeWorld.parse(TLSA.format(port=port) + server.records["own"])
        client = Client(policy="dane", resolver=world, timeouts=QUICK)
        levels: list[str] = []

        def work() -> None:
            with client.connect(f"smtp://mx.example.org:{port}") as stream:
                stream.write(b"x\n")
                assert stream.readline() == b"X\n"
                levels.append(stream.level)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
    assert levels == ["dane"] * 8


async def test_not_in_a_thread_that_runs_an_event_loop() -> None:
    """It says so, and says what to use. What asks nothing works all the same."""
    asks: tuple[Callable[[], Stream], ...] = (
        lambda: connect("smtp://mx.example.org", policy="dane", resolver=FakeWorld()),
        lambda: connect_mx("example.org", resolver=FakeWorld()),
        lambda: connect_srv("imap", "example.org", resolver=FakeWorld()),
    )
    for ask in asks:
        with pytest.raises(errors.Misuse, match="in a thread that runs an event loop: use starttls.connect"):
            ask()
    with pytest.raises(errors.CannotConnect):
        connect("smtp://127.0.0.1:1")


def test_one_resolver_for_many_questions_and_threads(server: Server) -> None:
    """Each question has an event loop of its own; what was learned in one is known in the next."""
    with in_a_thread(lambda: serving(server, "honest", [], "smtp")) as port:
        world = FakeWorld.parse(TLSA.format(port=port) + server.records["own"])
        with served(world) as place:
            client = Client(policy="dane", resolver=place, timeouts=QUICK)
            levels: list[str] = []

            def work() -> None:
                for _ in range(3):
                    with client.connect(f"smtp://mx.example.org:{port}") as stream:
                        levels.append(stream.level)

            threads = [threading.Thread(target=work) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(20)
            asked = len(world.asked)
            work()
    assert levels == ["dane"] * 15
    assert len(world.asked) == asked
