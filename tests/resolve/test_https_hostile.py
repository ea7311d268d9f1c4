"""The fetcher and hostile web servers: one clear reason each, in bounded time and memory."""

import asyncio
import gc
import socket
import ssl
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from starttls.policy.answer import Answer
from starttls.policy.errors import StsFetchFailed
from starttls.policy.sts import SIZE
from starttls.resolve.fake import FakeWorld
from starttls.resolve.https import HTTPSFetcher
from tests.resolve.webservers import HOST, POLICY, URL, Says, answer, failure, says, some_ca, web


@pytest.fixture(autouse=True)
def _nothing_is_left_open() -> Iterator[None]:
    """A socket that nobody closed warns when it is collected, and a warning is an error."""
    yield
    gc.collect()


async def detail_of(handle: Says, folder: Path, *, seconds: float = 10) -> str:
    async with web(handle, folder) as found:
        error = await failure(found, seconds=seconds)
    assert isinstance(error, StsFetchFailed)
    return error.detail


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
        # OpenSSL's server goes on without ALPN where nothing fits, and then speaks as it likes.
        assert await found.fetcher().fetch("example.org") == POLICY


async def test_a_server_with_old_tls(tmp_path: Path) -> None:
    async with web(says(answer()), tmp_path, maximum=ssl.TLSVersion.TLSv1_1) as found:
        error = await failure(found)
        assert found.visits == 0
    # An alert names the version; asyncio's server closes before it has sent one.
    assert error.detail.startswith("TLS handshake failed: ")


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

    fetcher = HTTPSFetcher(Slow(), ca_file=some_ca(tmp_path), timeout=0.3)
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
