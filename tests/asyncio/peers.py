"""Peers over real sockets on loopback: an honest server of ours, and servers that say what a test wants.

Both runtimes' tests use them; each runs in a thread with an event loop of its own.
"""

import asyncio
import socket
import struct
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import TypeAlias

from starttls.asyncio.server import Handler, listen
from starttls.asyncio.stream import Stream
from starttls.core.errors import StartTLSError
from starttls.policy.answer import Answer
from starttls.resolve.resolver import Resolver
from starttls.tls.plan import Timeouts

Script: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

GREETING = b"220 mail.example.org ESMTP\r\n"
OFFER = b"250-mail.example.org\r\n250 STARTTLS\r\n"
GO_AHEAD = b"220 2.0.0 Ready to start TLS\r\n"


async def echo(stream: Stream) -> None:
    """Say every line back in capitals."""
    while line := await stream.readline():
        await stream.write(line.upper())


@contextmanager
def in_a_thread(serve: Callable[[], AbstractAsyncContextManager[int]]) -> Iterator[int]:
    """Run a server, whose context gives its port, in a thread, for the length of the block."""
    loop, stop, began = asyncio.new_event_loop(), asyncio.Event(), threading.Event()
    ports: list[int] = []

    async def life() -> None:
        async with serve() as port:
            ports.append(port)
            began.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(life(),), daemon=True)
    thread.start()
    assert began.wait(10)
    try:
        yield ports[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


def honest(
    scheme: str,
    certificate: Path,
    handler: Handler = echo,
    failures: list[StartTLSError] | None = None,
    timeouts: Timeouts | None = None,
) -> AbstractAsyncContextManager[int]:
    """Our own server."""

    @asynccontextmanager
    async def serve() -> AsyncIterator[int]:
        heard = failures if failures is not None else []
        url = f"{scheme}://127.0.0.1:0"
        async with listen(url, handler, certificate=certificate, on_failure=heard.append, timeouts=timeouts) as server:
            yield server.addresses[0][1]

    return serve()


def scripted(script: Script) -> AbstractAsyncContextManager[int]:
    """A server that does whatever ``script`` does with each connection."""

    @asynccontextmanager
    async def serve() -> AsyncIterator[int]:
        running: set[asyncio.Task[None] | None] = set()

        async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            running.add(asyncio.current_task())
            with suppress(ConnectionError, asyncio.CancelledError):
                await script(reader, writer)
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

        server = await asyncio.start_server(one, "127.0.0.1", 0)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            tasks = [task for task in running if task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    return serve()


def says(*answers: bytes, then: str = "wait") -> Script:
    """The first of ``answers`` at once, each other one after a line of the client's; then wait, close or reset."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number, answer in enumerate(answers):
            if number:
                await reader.readline()
            writer.write(answer)
            await writer.drain()
        if then == "wait":
            await reader.read()
        elif then == "reset":
            await reader.readline()
            sock: socket.socket = writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    return script


async def endless(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A greeting that never ends, one legal line after the other."""
    while True:
        writer.write(b"220-more of the same\r\n" * 100)
        await writer.drain()


async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A greeting that comes one byte at a time, for ever."""
    while True:
        writer.write(b"2")
        await writer.drain()
        await asyncio.sleep(0.05)


HOSTILE: dict[str, tuple[Script, str, str]] = {
    "silent": (says(), "TimedOut", "smtp: timed out after 0.4 s while waiting for the greeting"),
    "closes at once": (
        says(then="close"),
        "ClosedEarly",
        "connection closed by the peer while waiting for the greeting",
    ),
    "endless greeting": (endless, "TooLong", "more than 131072 bytes while waiting for the greeting"),
    "dripping greeting": (drip, "TimedOut", "timed out after 0.4 s while waiting for the greeting"),
    "garbage": (says(b"\x00\xff\x1b[2J\r\n"), "Unexpected", r"unexpected '\x00\xff\x1b[2J\r\n'"),
    "http": (says(b"HTTP/1.0 400 Bad Request\r\n"), "Unexpected", "a reply of three digits"),
    "reset after greeting": (says(GREETING, then="reset"), "ClosedEarly", "reset by the peer"),
    "throttled": (says(b"421 4.7.0 too many connections\r\n"), "Refused", "(throttled)"),
    "not offered": (says(GREETING, b"250 mail.example.org\r\n"), "NotOffered", "STARTTLS is not offered"),
    "not now": (says(GREETING, OFFER, b"454 4.7.0 not now\r\n"), "Refused", "(temporary)"),
    "injection": (says(GREETING, OFFER, GO_AHEAD + b"250 x\r\n"), "PlaintextAfterGoAhead", "an injection: '250 x"),
    "closes instead of TLS": (says(GREETING, OFFER, GO_AHEAD, then="close"), "HandshakeFailed", "closed by the peer"),
    "silent instead of TLS": (says(GREETING, OFFER, GO_AHEAD), "TimedOut", "while waiting for the TLS handshake"),
    "plaintext instead of TLS": (
        says(GREETING, OFFER, GO_AHEAD, b"250-late injection\r\n"),
        "PlaintextAfterGoAhead",
        "an injection: '250-late",
    ),
}
"""What a server does; the class of the error that a client raises; and a part of its one line."""


class Slow:
    """A resolver that answers as another does, but not at once."""

    def __init__(self, world: Resolver, seconds: float) -> None:
        self._seconds = seconds
        self._world = world

    async def query(self, name: str, rdtype: str) -> Answer:
        await asyncio.sleep(self._seconds)
        return await self._world.query(name, rdtype)


@contextmanager
def unanswered() -> Generator[int]:
    """The port of a server on loopback whose queue is full: it answers nothing at all."""
    with ExitStack() as opened:
        server = opened.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(4):
            filler = opened.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(server.getsockname())
        yield server.getsockname()[1]
