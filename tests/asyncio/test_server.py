"""The server: its handler sees only upgraded streams, whatever a client does."""

import asyncio
import gc
import socket
import struct
from contextlib import suppress

import pytest

from starttls.asyncio.client import connect
from starttls.asyncio.server import listen
from starttls.asyncio.stream import Stream
from starttls.core import errors
from starttls.tls.level import Level
from starttls.tls.plan import Timeouts
from tests.asyncio.conftest import Certificates
from tests.asyncio.peers import echo

SHORT = Timeouts(wait=0.3, handshake=0.3)


async def say(port: int, *lines: bytes) -> bytes:
    """What the server answers to ``lines``, each in a segment of its own, until it closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    heard = await reader.readline()
    for line in lines:
        writer.write(line)
        await writer.drain()
        await asyncio.sleep(0.02)
    heard += await asyncio.wait_for(reader.read(), 5)
    writer.close()
    await writer.wait_closed()
    return heard


async def test_bytes_behind_the_request_are_refused_and_reported(pem: Certificates) -> None:
    """CVE-2011-0411 and its kin: the client hears a refusal, the operator hears of the attack."""
    seen: list[errors.StartTLSError] = []
    async with listen("smtp://127.0.0.1:0", echo, certificate=pem.server, on_failure=seen.append) as server:
        heard = await say(server.addresses[0][1], b"EHLO x\r\n", b"STARTTLS\r\nMAIL FROM:<a@b>\r\n")
    assert heard.endswith(b"554 5.5.1 Data behind STARTTLS\r\n")
    assert [type(error) for error in seen] == [errors.PlaintextAfterGoAhead]
    assert "behind the upgrade request" in str(seen[0])
    assert server.failures == 1


async def test_plaintext_after_the_go_ahead_is_an_injection_too(pem: Certificates) -> None:
    seen: list[errors.StartTLSError] = []
    async with listen("smtp://127.0.0.1:0", echo, certificate=pem.server, on_failure=seen.append) as server:
        await say(server.addresses[0][1], b"EHLO x\r\n", b"STARTTLS\r\n", b"MAIL FROM:<a@b>\r\n")
    assert [type(error) for error in seen] == [errors.PlaintextAfterGoAhead]


@pytest.mark.parametrize(
    "lines", [(), (b"EHLO x\r\n",), (b"EHLO x\r\n", b"STARTTLS\r\n")], ids=["talk", "hello", "tls"]
)
async def test_a_silent_client_is_let_go(pem: Certificates, lines: tuple[bytes, ...]) -> None:
    seen: list[errors.StartTLSError] = []
    async with listen(
        "smtp://127.0.0.1:0", echo, certificate=pem.server, on_failure=seen.append, timeouts=SHORT
    ) as server:
        await say(server.addresses[0][1], *lines)
    assert [type(error) for error in seen] == [errors.TimedOut]


async def test_a_client_that_leaves_is_no_attack(pem: Certificates) -> None:
    seen: list[errors.StartTLSError] = []
    async with listen("smtp://127.0.0.1:0", echo, certificate=pem.server, on_failure=seen.append) as server:
        assert b"221" in await say(server.addresses[0][1], b"QUIT\r\n")
    assert [type(error) for error in seen] == [errors.NotRequested]


async def test_the_limit_of_connections(pem: Certificates) -> None:
    async with listen("smtp://127.0.0.1:0", echo, certificate=pem.server, limit=1) as server:
        url = f"smtp://localhost:{server.addresses[0][1]}"
        async with await connect(url, ca_file=pem.ca):
            with pytest.raises(errors.ClosedEarly):
                await connect(url, ca_file=pem.ca)
        await asyncio.sleep(0.05)
        async with await connect(url, ca_file=pem.ca):
            pass


async def test_a_handler_that_fails_ends_its_connection_alone(pem: Certificates) -> None:
    """The loop's exception handler hears of it; the server goes on."""
    told: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context["exception"]))

    async def broken(stream: Stream) -> None:
        if await stream.readline() == b"fail\n":
            raise ZeroDivisionError
        await stream.write(b"fine\n")

    async with listen("imap://127.0.0.1:0", broken, certificate=pem.server) as server:
        url = f"imap://localhost:{server.addresses[0][1]}"
        for line, answer in ((b"fail\n", b""), (b"go\n", b"fine\n")):
            async with await connect(url, ca_file=pem.ca) as stream:
                await stream.write(line)
                assert await stream.readline() == answer
    assert [type(error) for error in told] == [ZeroDivisionError]


async def test_a_report_that_fails_keeps_no_place(pem: Certificates) -> None:
    """Whatever ``on_failure`` does, each of the ways in which a client can go frees its place."""
    told: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context["message"]))

    def broken(_: errors.StartTLSError) -> None:
        raise ZeroDivisionError

    async with listen("smtp://127.0.0.1:0", echo, certificate=pem.server, on_failure=broken, limit=1) as server:
        for leave in (says_noise, goes, resets):
            with socket.create_connection(server.addresses[0]) as sock:
                await asyncio.sleep(0.05)
                leave(sock)
            await asyncio.sleep(0.05)
        assert b"221" in await say(server.addresses[0][1], b"QUIT\r\n")
        assert server.failures == 4
    assert told == ["on_failure failed"] * 4


def says_noise(sock: socket.socket) -> None:
    sock.sendall(b"\x00\r\n")


def goes(_: socket.socket) -> None:
    """No more than closing."""


def resets(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def test_a_client_that_takes_no_answer_keeps_no_place(pem: Certificates) -> None:
    """It asks until it is refused, and reads nothing: what is still to be written to it does not wait for ever."""
    seen: list[errors.StartTLSError] = []
    async with listen(
        "smtp://127.0.0.1:0", echo, certificate=pem.server, on_failure=seen.append, timeouts=SHORT, limit=1
    ) as server:
        with small_socket() as sock:
            sock.connect(server.addresses[0])
            with suppress(BlockingIOError):
                sock.setblocking(False)
                sock.send(b"EHLO x\r\n" * 4000)
            await asyncio.sleep(1)
            assert [type(error) for error in seen] == [errors.TooLong]
            assert b"221" in await say(server.addresses[0][1], b"QUIT\r\n")


def small_socket() -> socket.socket:
    """A socket that takes a few kilobytes and no more until they are read."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    return sock


async def test_closing_ends_idle_connections(pem: Certificates) -> None:
    ended = asyncio.Event()

    async def idle(stream: Stream) -> None:
        try:
            await stream.read()
        finally:
            ended.set()

    async with listen("imap://127.0.0.1:0", idle, certificate=pem.server) as server:
        stream = await connect(f"imap://localhost:{server.addresses[0][1]}", ca_file=pem.ca)
        assert stream.level is Level.VERIFIED
        await asyncio.sleep(0.1)  # the handler begins when the client's Finished has arrived
    assert ended.is_set()
    assert await asyncio.wait_for(stream.read(), 2) == b""
    await stream.close()


async def test_what_a_handler_knows(pem: Certificates) -> None:
    seen: list[tuple[Level, str, dict[str, tuple[str, ...]]]] = []

    async def look(stream: Stream) -> None:
        assert stream.tls is not None
        seen.append((stream.level, stream.tls.version, dict(stream.said)))

    async with listen("smtp://127.0.0.1:0", look, certificate=pem.server) as server:
        async with await connect(
            f"smtp://localhost:{server.addresses[0][1]}", ca_file=pem.ca, me="client.example.org"
        ) as stream:
            assert await stream.read() == b""
    assert seen == [(Level.ENCRYPTED, "TLSv1.3", {"hello": ("client.example.org",)})]


def test_files_that_cannot_be_used(pem: Certificates) -> None:
    with pytest.raises(errors.Misuse, match="needs a certificate"):
        listen("smtp://127.0.0.1:0", echo)
    with pytest.raises(errors.Misuse, match="no such file"):
        listen("smtp://127.0.0.1:0", echo, certificate="missing.pem")
    with pytest.raises(errors.Misuse, match="unknown scheme"):
        listen("smpt://127.0.0.1:0", echo, certificate=pem.server)


async def test_a_server_that_closes_at_any_moment_leaves_nothing_open(pem: Certificates) -> None:
    """Also the connection that the loop has accepted, and for which it has no transport yet."""
    for turns in range(30):
        async with listen("smtp://127.0.0.1:0", echo, certificate=pem.server) as server:
            connecting = asyncio.create_task(connect(f"smtp://localhost:{server.addresses[0][1]}", ca_file=pem.ca))
            for _ in range(turns):
                await asyncio.sleep(0)
        (ended,) = await asyncio.gather(connecting, return_exceptions=True)
        if isinstance(ended, Stream):
            await ended.close()
        else:
            assert isinstance(ended, errors.StartTLSError)
    await asyncio.sleep(0.05)
    assert asyncio.all_tasks() == {asyncio.current_task()}
    gc.collect()  # what nobody closed says so now
