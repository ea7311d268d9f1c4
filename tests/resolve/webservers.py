"""Web servers on loopback that say what they are told to, with certificates of a throwaway authority."""

import asyncio
import ssl
import warnings
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from starttls.lab.authority import Authority
from starttls.policy.errors import StsCertificate, StsFetchFailed
from starttls.resolve.fake import FakeWorld
from starttls.resolve.https import HTTPSFetcher
from starttls.tls.contexts import server_context

HOST = "mta-sts.example.org"
POLICY = b"version: STSv1\r\nmode: enforce\r\nmx: *.example.org\r\nmax_age: 604800\r\n"
URL = f"https://{HOST}/.well-known/mta-sts.txt"

Says = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def answer(
    body: bytes = POLICY, *, status: str = "200 OK", kind: str | None = "text/plain", length: int | None = None
) -> bytes:
    """One HTTP answer."""
    headers = [f"Content-Length: {len(body) if length is None else length}"]
    if kind is not None:
        headers.append(f"Content-Type: {kind}")
    return "\r\n".join((f"HTTP/1.1 {status}", *headers, "", "")).encode() + body


def says(*pieces: bytes) -> Says:
    """Read the request, say this, and close."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for piece in pieces:
            writer.write(piece)
            await writer.drain()

    return handle


@dataclass
class Web:
    """A server that is up: where, who trusts it, and what it heard."""

    port: int
    ca_file: Path
    hellos: list[str | None] = field(default_factory=list)
    """The names that clients asked for (SNI)."""
    visits: int = 0
    visited: asyncio.Event = field(default_factory=asyncio.Event)

    def fetcher(
        self, world: FakeWorld | None = None, *, seconds: float = 10, ca_file: Path | None = None
    ) -> HTTPSFetcher:
        """A fetcher that goes there: by the addresses of ``world``, or at once."""
        return HTTPSFetcher(
            world or FakeWorld(),
            ca_file=ca_file or self.ca_file,
            timeout=seconds,
            port=self.port,
            connect_to=None if world else "127.0.0.1",
        )


@asynccontextmanager
async def web(
    handle: Says,
    folder: Path,
    *,
    names: tuple[str, ...] = (HOST,),
    valid: timedelta = timedelta(days=7),
    plaintext: bool = False,
    maximum: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED,
    alpn: tuple[str, ...] = ("http/1.1",),
) -> AsyncGenerator[Web]:
    """A server that does ``handle`` with each connection."""
    authority = Authority()
    ca_file = folder / "ca.pem"
    ca_file.write_bytes(authority.certificate)
    found = Web(0, ca_file)
    open_now: set[asyncio.Task[None]] = set()

    async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found.visits += 1
        found.visited.set()
        task = asyncio.current_task()
        assert task is not None
        open_now.add(task)
        task.add_done_callback(open_now.discard)
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                await handle(reader, writer)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    with authority.issue(*names, valid=valid).files() as files:
        context = server_context(files.chain, files.key, alpn=alpn)
        if maximum is ssl.TLSVersion.TLSv1_1:
            _old(context)
        else:
            context.maximum_version = maximum
        context.sni_callback = lambda _, name, __: found.hellos.append(name)
        server = await asyncio.start_server(visit, "127.0.0.1", 0, ssl=None if plaintext else context)
    async with server:
        found.port = server.sockets[0].getsockname()[1]
        try:
            yield found
        finally:
            await _end(open_now)


def _old(context: ssl.SSLContext) -> None:
    """TLS 1.1 and nothing newer, of which Python warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")


async def _end(tasks: set[asyncio.Task[None]]) -> None:
    """End what still talks to somebody, and wait until its sockets are closed."""
    pending = list(tasks)
    await asyncio.sleep(0)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)


async def failure(
    found: Web, *, world: FakeWorld | None = None, seconds: float = 10
) -> StsFetchFailed | StsCertificate:
    """The error of a fetch that must fail: declared, and one line."""
    with pytest.raises((StsFetchFailed, StsCertificate)) as caught:
        await found.fetcher(world, seconds=seconds).fetch("example.org")
    error = caught.value
    assert isinstance(error, StsFetchFailed | StsCertificate)
    assert error.url == URL
    assert str(error).isprintable()
    assert len(str(error)) < 400
    return error


def some_ca(folder: Path) -> Path:
    """An authority that issued nothing."""
    file = folder / "some.pem"
    file.write_bytes(Authority().certificate)
    return file
