"""The fetcher and real web servers, honest and hostile. Which answers give a policy is in test_response.py."""

import asyncio
import gc
import socket
import ssl
import time
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from starttls.core.errors import Misuse
from starttls.lab.authority import Authority
from starttls.policy.answer import Answer, Status
from starttls.policy.errors import StsCertificate, StsFetchFailed
from starttls.policy.sts import SIZE
from starttls.resolve.fake import FakeWorld
from starttls.resolve.https import HTTPSFetcher
from starttls.resolve.resolver import PolicyFetcher
from starttls.tls.certificate import read_certificate
from tests.resolve.webservers import HOST, POLICY, URL, Says, Web, answer, says, web

HERE = f"{HOST}. A 127.0.0.1"


@pytest.fixture(autouse=True)
def _nothing_is_left_open() -> Iterator[None]:
    """A socket that nobody closed warns when it is collected, and a warning is an error."""
    yield
    gc.collect()


async def failure(
    found: Web, *, world: FakeWorld | None = None, seconds: float = 10
) -> StsFetchFailed | StsCertificate:
    with pytest.raises((StsFetchFailed, StsCertificate)) as caught:
        await found.fetcher(world, seconds=seconds).fetch("example.org")
    error = caught.value
    assert isinstance(error, StsFetchFailed | StsCertificate)
    assert error.url == URL
    assert str(error).isprintable()
    assert len(str(error)) < 400
    return error


async def detail_of(handle: Says, folder: Path, *, seconds: float = 10) -> str:
    async with web(handle, folder) as found:
        error = await failure(found, seconds=seconds)
    assert isinstance(error, StsFetchFailed)
    return error.detail


# -- as it should be --------------------------------------------------------------------------------


async def test_a_policy(tmp_path: Path) -> None:
    heard: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer())

    async with web(handle, tmp_path) as found:
        fetcher: PolicyFetcher = found.fetcher()
        assert await fetcher.fetch("example.org") == POLICY
        assert found.hellos == [HOST]
    first, *headers = heard[0].decode().split("\r\n")
    assert first == "GET /.well-known/mta-sts.txt HTTP/1.1"
    assert headers[0] == f"Host: {HOST}"
    assert headers[1].startswith("User-Agent: starttls/")
    assert headers[2:] == ["Accept: text/plain", "Connection: close", "", ""]


async def test_the_name_is_asked_of_the_resolver(tmp_path: Path) -> None:
    async with web(says(answer()), tmp_path) as found:
        world = FakeWorld.parse(HERE)
        assert await found.fetcher(world).fetch("example.org") == POLICY
        assert {str(question) for question in world.asked} == {f"{HOST} A", f"{HOST} AAAA"}


@pytest.mark.parametrize("status", [Status.SECURE, Status.INSECURE])
async def test_an_alias_leads_there_and_changes_no_name(status: Status, tmp_path: Path) -> None:
    """RFC 8461 §8.2: the certificate is for the policy host, and not for the host that it is an alias of."""
    world = FakeWorld.parse(
        f"{HOST}. CNAME mta-sts.provider.example.\nmta-sts.provider.example. A 127.0.0.1", default=status
    )
    async with web(says(answer()), tmp_path) as found:
        assert await found.fetcher(world).fetch("example.org") == POLICY
        assert found.hellos == [HOST]
    async with web(says(answer()), tmp_path, names=("mta-sts.provider.example",)) as found:
        assert isinstance(await failure(found, world=world), StsCertificate)


@pytest.mark.parametrize("name", [HOST, "*.example.org"])
async def test_names_in_a_certificate(name: str, tmp_path: Path) -> None:
    async with web(says(answer()), tmp_path, names=("other.example", name)) as found:
        assert await found.fetcher().fetch("example.org") == POLICY


async def test_a_domain_as_people_write_it(tmp_path: Path) -> None:
    async with web(says(answer()), tmp_path, names=("mta-sts.xn--mller-kva.de",)) as found:
        assert await found.fetcher().fetch("Müller.DE.") == POLICY


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_tls_versions(version: ssl.TLSVersion, tmp_path: Path) -> None:
    async with web(says(answer()), tmp_path, maximum=version) as found:
        assert await found.fetcher().fetch("example.org") == POLICY


async def test_64_kib_in_small_pieces(tmp_path: Path) -> None:
    body = POLICY + b"new: " + b"x" * (SIZE - len(POLICY) - 5)
    whole = answer(body)
    async with web(says(*(whole[at : at + 999] for at in range(0, len(whole), 999))), tmp_path) as found:
        assert await found.fetcher().fetch("example.org") == body


async def test_many_at_once(tmp_path: Path) -> None:
    async with web(says(answer()), tmp_path) as found:
        fetcher = found.fetcher()
        assert await asyncio.gather(*(fetcher.fetch("example.org") for _ in range(20))) == [POLICY] * 20


# -- addresses --------------------------------------------------------------------------------------


async def test_addresses_are_tried_in_turn(tmp_path: Path) -> None:
    world = FakeWorld.parse(f"{HOST}. AAAA ::1\n{HERE}")  # nobody listens on ::1
    async with web(says(answer()), tmp_path) as found:
        assert await found.fetcher(world).fetch("example.org") == POLICY


async def test_no_address_answers(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    fetcher = HTTPSFetcher(FakeWorld.parse(f"{HOST}. AAAA ::1\n{HERE}"), ca_file=_some_ca(tmp_path), port=port)
    with pytest.raises(StsFetchFailed) as caught:
        await fetcher.fetch("example.org")
    assert caught.value.detail == (
        "no connection to ::1: connection refused, no connection to 127.0.0.1: connection refused"
    )


async def test_no_more_than_eight_addresses_are_tried(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    world = FakeWorld.parse("\n".join(f"{HOST}. A 127.0.0.{last}" for last in range(1, 100)))
    with pytest.raises(StsFetchFailed) as caught:
        await HTTPSFetcher(world, ca_file=_some_ca(tmp_path), port=port).fetch("example.org")
    assert caught.value.detail.count("connection refused") == 8


@pytest.mark.parametrize(
    ("world", "detail"),
    [
        ("", f"{HOST} does not exist"),
        (f"{HOST}. TXT x", f"{HOST} has no address"),
        (f"{HOST}. A ; bogus EDE 7: expired\n{HOST}. AAAA", f"DNS: {HOST} A is bogus: expired"),
        (f"{HOST}. A ; bogus\n{HOST}. AAAA ; bogus", None),
    ],
)
async def test_no_address(world: str, detail: str | None, tmp_path: Path) -> None:
    fetcher = HTTPSFetcher(FakeWorld.parse(world), ca_file=_some_ca(tmp_path))
    with pytest.raises(StsFetchFailed) as caught:
        await fetcher.fetch("example.org")
    assert detail in {None, caught.value.detail}


async def test_one_family_that_fails_does_not_spoil_the_other(tmp_path: Path) -> None:
    async with web(says(answer()), tmp_path) as found:
        world = FakeWorld.parse(f"{HOST}. AAAA ; indeterminate\n{HERE}")
        assert await found.fetcher(world).fetch("example.org") == POLICY


@pytest.mark.parametrize(
    "domain", ["a" * 64 + ".example", ".".join(["a" * 60] * 4) + ".abcdef", "exa mple.org", "", "."]
)
async def test_a_domain_that_is_none(domain: str, tmp_path: Path) -> None:
    with pytest.raises(StsFetchFailed):
        await HTTPSFetcher(FakeWorld(), ca_file=_some_ca(tmp_path)).fetch(domain)


def test_authorities_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match="CA file"):
        HTTPSFetcher(FakeWorld(), ca_file=tmp_path / "missing.pem")


# -- certificates -----------------------------------------------------------------------------------


async def rejected(found: Web) -> StsCertificate:
    error = await failure(found)
    assert isinstance(error, StsCertificate)
    return error


@pytest.mark.parametrize("name", ["example.org", "www.example.org", "mta-sts.example.com", "*.mta-sts.example.org"])
async def test_a_certificate_for_another_name(name: str, tmp_path: Path) -> None:
    async with web(says(answer()), tmp_path, names=(name,)) as found:
        error = await rejected(found)
    assert error.detail == f"certificate rejected: name mismatch: certificate is for {name}, not {HOST}"
    assert read_certificate(error.chain[0]).names == (name,)


async def test_a_certificate_that_has_expired(tmp_path: Path) -> None:
    async with web(says(answer()), tmp_path, valid=-timedelta(days=3)) as found:
        error = await rejected(found)
    assert error.detail.startswith("certificate rejected: certificate expired on ")
    assert error.chain


async def test_an_authority_that_nobody_knows(tmp_path: Path) -> None:
    async with web(says(answer()), tmp_path) as found:
        found.ca_file.write_bytes(Authority("another").certificate)
        error = await rejected(found)
    assert error.detail.startswith("certificate rejected: issuer unknown")
    assert error.chain


async def test_the_systems_authorities_do_not_know_a_throwaway_one(tmp_path: Path) -> None:
    async with web(says(answer()), tmp_path) as found:
        fetcher = HTTPSFetcher(FakeWorld(), port=found.port, connect_to="127.0.0.1")
        with pytest.raises(StsCertificate):
            await fetcher.fetch("example.org")


async def test_who_fails_to_prove_itself_is_not_asked_for_anything(tmp_path: Path) -> None:
    async with web(says(answer()), tmp_path, names=("example.org",)) as found:
        await rejected(found)
        assert found.visits == 0


# -- no TLS, old TLS ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "'HTTP/1.1 400 Bad Request\\r\\n\\r\\n'"),
        (b"220 mx.example.org ESMTP\r\n", "'220 mx.example.org ESMTP\\r\\n'"),
        (b"\x00" * 50, None),
    ],
)
async def test_plaintext(words: bytes, shown: str | None, tmp_path: Path) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(words)
        await reader.read()

    async with web(handle, tmp_path, plaintext=True) as found:
        error = await failure(found)
    start = "TLS handshake failed: the peer does not speak TLS: "
    assert error.detail.startswith(start)
    assert shown is None or error.detail == start + shown


async def test_a_server_without_http_1_1(tmp_path: Path) -> None:
    async with web(says(answer()), tmp_path, alpn=("h2",)) as found:
        found.fetcher()
        # OpenSSL's server goes on without ALPN where nothing fits, and then speaks as it likes.
        assert await found.fetcher().fetch("example.org") == POLICY


@pytest.mark.parametrize(
    ("start", "filling"),
    [
        (b"", b"\x16\x03\x03\x40\x00" + b"\x0b\x00\xff\xff" * 4096),
        (b"\x16\x03\x03", b"\xff"),
        (b"\x15\x03\x03", b"\x00"),
    ],
)
async def test_endless_tls(start: bytes, filling: bytes, tmp_path: Path) -> None:
    async def handle(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        while not writer.is_closing():
            writer.write(filling * (65536 // len(filling)))
            await writer.drain()

    async with web(handle, tmp_path, plaintext=True) as found:
        error = await failure(found, seconds=3)
    assert error.detail.startswith("TLS handshake failed: ")


# -- hostile answers --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "detail"),
    [
        (
            answer(status="301 Moved Permanently\r\nLocation: https://www.example.org/"),
            "HTTP 301, a redirect to 'https://www.example.org/': no redirect may be followed",
        ),
        (answer(status="404 Not Found"), "HTTP 404 Not Found"),
        (answer(kind="text/html"), "the content type is text/html, not text/plain"),
        (answer(kind=None), "the content type is missing, not text/plain"),
        (answer(b"x" * (SIZE + 1)), "the policy has more than 65536 bytes"),
        (answer(length=10**9), "the policy has more than 65536 bytes"),
        (answer(b"", length=None, status="200 OK\r\nContent-Encoding: gzip"), None),
        (b"\x00\x01\x02" * 5000, None),
        (b"not HTTP at all\r\n\r\n", "this is no answer in HTTP/1.1: 'not HTTP at all\\r\\n\\r\\n'"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 100, "more than 8 answers before the answer (HTTP 100)"),
        (b"", "connection closed without an answer"),
        (answer(length=500), "connection closed in the middle of the answer"),
        (answer()[:30], "connection closed in the middle of the answer"),
    ],
)
async def test_answers_that_give_no_policy(reply: bytes, detail: str | None, tmp_path: Path) -> None:
    said = await detail_of(says(reply), tmp_path)
    assert detail in {None, said}


async def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    async with web(says(answer(status=f"302 Found\r\nLocation: {URL}")), tmp_path) as found:
        await failure(found)
        assert found.visits == 1


@pytest.mark.parametrize(
    ("start", "filling"),
    [
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        (b"HTTP/1.1 200 OK\r\nX: ", b"y"),
        (b"", b"x"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    ],
    ids=["headers", "header", "line", "body", "chunks"],
)
async def test_what_never_ends_is_ended(start: bytes, filling: bytes, tmp_path: Path) -> None:
    async def handle(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        while not writer.is_closing():
            writer.write(filling * (8192 // len(filling)))
            await writer.drain()

    async with web(handle, tmp_path) as found:
        tracemalloc.start()
        began = time.monotonic()
        try:
            error = await failure(found)
            assert tracemalloc.get_traced_memory()[1] < 16 * 2**20  # the server's own buffers are in it
        finally:
            tracemalloc.stop()
        assert time.monotonic() - began < 5
    assert "more than" in error.detail or "no answer in HTTP/1.1" in error.detail


async def test_bytes_that_dribble_in_do_not_prolong_it(tmp_path: Path) -> None:
    async def handle(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for byte in answer():
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.1)

    began = time.monotonic()
    assert await detail_of(handle, tmp_path, seconds=0.7) == "timed out after 0.7 s while waiting for the answer"
    assert time.monotonic() - began < 3


async def test_a_server_that_says_nothing(tmp_path: Path) -> None:
    async def handle(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    assert await detail_of(handle, tmp_path, seconds=0.5) == "timed out after 0.5 s while waiting for the answer"
    async with web(handle, tmp_path, plaintext=True) as found:
        error = await failure(found, seconds=0.5)
    assert error.detail == "timed out after 0.5 s while waiting for the TLS handshake"


async def test_a_resolver_that_takes_its_time(tmp_path: Path) -> None:
    class Slow(FakeWorld):
        async def query(self, name: str, rdtype: str) -> Answer:
            await asyncio.sleep(30)
            return await super().query(name, rdtype)

    fetcher = HTTPSFetcher(Slow(), ca_file=_some_ca(tmp_path), timeout=0.3)
    with pytest.raises(StsFetchFailed) as caught:
        await fetcher.fetch("example.org")
    assert caught.value.detail == f"timed out after 0.3 s while asking for the addresses of {HOST}"


async def test_a_connection_that_is_torn_down(tmp_path: Path) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer()[:60])
        await writer.drain()
        raw: socket.socket = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        writer.transport.abort()

    said = await detail_of(handle, tmp_path)
    assert said == "connection reset by peer while waiting for the answer"


async def test_who_cuts_the_connection_does_not_cut_the_policy(tmp_path: Path) -> None:
    """Without a length, only close_notify says that the policy is whole."""

    def handler(*, notify: bool) -> Says:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n" + POLICY)
            await writer.drain()
            if not notify:
                writer.transport.abort()

        return handle

    async with web(handler(notify=True), tmp_path) as found:
        assert await found.fetcher().fetch("example.org") == POLICY
    assert await detail_of(handler(notify=False), tmp_path) == (
        "connection closed without close_notify: what was read may be cut short"
    )


async def test_whoever_is_cancelled_leaves_nothing_open(tmp_path: Path) -> None:
    async def handle(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with web(handle, tmp_path) as found:
        task = asyncio.create_task(found.fetcher().fetch("example.org"))
        await found.visited.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


def _some_ca(folder: Path) -> Path:
    file = folder / "some.pem"
    file.write_bytes(Authority().certificate)
    return file
