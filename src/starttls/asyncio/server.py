"""The asynchronous server: its handler sees only upgraded streams."""

import asyncio
import secrets
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Self, TypeAlias

from starttls.asyncio.pump import Pump
from starttls.asyncio.stream import Stream
from starttls.core.errors import Misuse, StartTLSError
from starttls.core.facts import ServerSetup
from starttls.core.outcome import Upgrade
from starttls.tls.connection import Connection
from starttls.tls.contexts import server_context
from starttls.tls.plan import Timeouts
from starttls.tls.session import ImplicitTLS, TLSSession
from starttls.tls.target import Target

__all__ = ["Handler", "Server", "listen"]

Handler: TypeAlias = Callable[[Stream], Awaitable[None]]


class Server:
    """A listening service. ``async with`` it; at its end it stops listening and ends what still runs.

    ``addresses`` are those it listens on, host and port. ``failures`` counts connections that got no stream.
    """

    def __init__(
        self,
        target: Target,
        handler: Handler,
        context: ssl.SSLContext,
        *,
        name: str,
        limit: int,
        timeouts: Timeouts,
        on_failure: Callable[[StartTLSError], None] | None,
    ) -> None:
        self.target = target
        self.failures = 0
        self._closing = False
        self._context = context
        self._handler = handler
        self._limit = limit
        self._name = name
        self._on_failure = on_failure
        self._pumps: set[Pump] = set()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._timeouts = timeouts

    @property
    def addresses(self) -> tuple[tuple[str, int], ...]:
        """Host and port of every listening socket."""
        return tuple(sock.getsockname()[:2] for sock in self._server.sockets) if self._server else ()

    async def start(self) -> None:
        """Begin to listen. Raises `OSError` where the address cannot be had."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            self._accept, self.target.host, self.target.port, reuse_address=True, backlog=1024
        )

    async def serve_forever(self) -> None:
        """Serve until cancelled."""
        await asyncio.get_running_loop().create_future()

    async def close(self) -> None:
        """Stop listening, cancel the handlers, close every connection, and wait for all of it."""
        self._closing = True
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        pumps = tuple(self._pumps)
        for pump in pumps:
            pump.abort()
        await asyncio.gather(*(pump.finished() for pump in pumps))
        if self._server is not None:
            await self._server.wait_closed()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # -- one connection --------------------------------------------------------------------------------------

    def _accept(self) -> asyncio.Protocol:
        if len(self._pumps) >= self._limit:
            self.failures += 1
            return _Full()
        setup = ServerSetup(entropy=secrets.token_bytes(20), name=self._name)
        connection = Connection.server(self.target.protocol, setup, self._start_tls, implicit=self.target.implicit)
        pump = Pump(connection, self._timeouts, self._settled, self._pumps.discard)
        self._pumps.add(pump)
        return pump

    def _start_tls(self, proof: Upgrade | ImplicitTLS) -> TLSSession:
        return TLSSession.server(proof, self._context)

    def _settled(self, pump: Pump) -> None:
        if pump.error is not None:
            self._report(pump.error)
            return
        task = asyncio.get_running_loop().create_task(self._handle(pump))
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def _handle(self, pump: Pump) -> None:
        async with Stream(pump) as stream:
            await self._handler(stream)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, StartTLSError):  # the peer's doing, and the end of this connection alone
            self._report(error)
        elif error is not None:
            context = {"message": "a handler failed", "exception": error, "task": task}
            task.get_loop().call_exception_handler(context)

    def _report(self, error: StartTLSError) -> None:
        if self._closing:  # what ends now ends because of us
            return
        self.failures += 1
        if self._on_failure is not None:
            self._on_failure(error)


class _Full(asyncio.Protocol):
    """Hangs up: there are as many connections as the server may have."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Close at once."""
        transport.close()


def listen(  # noqa: PLR0913 - each is one thing to say about a server
    url: str | Target,
    handler: Handler,
    *,
    certificate: str | Path | None = None,
    key: str | Path | None = None,
    context: ssl.SSLContext | None = None,
    name: str = "localhost",
    limit: int = 10000,
    timeouts: Timeouts | None = None,
    on_failure: Callable[[StartTLSError], None] | None = None,
) -> Server:
    """Make a server that upgrades every connection before ``handler`` sees it.

    ::

        async with listen("smtp://127.0.0.1:2525", handler, certificate="chain.pem", key="key.pem") as server:
            await server.serve_forever()

    ``certificate`` and ``key`` are PEM files, or ``context`` is a server's `ssl.SSLContext`. ``name`` is how the
    server calls itself; ``limit`` the connections that it keeps at once; ``on_failure`` hears of each connection
    that got no stream, or lost it, with the transcript of the attack if it was one. A client has
    ``timeouts.wait`` seconds for each step before TLS and ``timeouts.handshake`` for the handshake.
    Raises `Misuse` for a URL or files that cannot be used.
    """
    target = Target.parse(url) if isinstance(url, str) else url
    if context is None:
        if certificate is None:
            raise Misuse("a server needs a certificate, or a context that has one")
        context = server_context(certificate, key, alpn=target.protocol.alpn)
    return Server(
        target,
        handler,
        context,
        name=name,
        limit=limit,
        timeouts=timeouts or Timeouts(),
        on_failure=on_failure,
    )
