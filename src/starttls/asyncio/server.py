"""The asynchronous server: its handler sees only upgraded streams."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Self, TypeAlias, Unpack

from starttls.asyncio.pump import Pump
from starttls.asyncio.stream import Stream
from starttls.core.errors import StartTLSError
from starttls.tls.serving import ServerOptions, ServerPlan
from starttls.tls.target import Target

__all__ = ["Handler", "Server", "listen"]

Handler: TypeAlias = Callable[[Stream], Awaitable[None]]


class Server:
    """A listening service. ``async with`` it; at its end it stops listening and ends what still runs.

    ``addresses`` are those it listens on, host and port. ``failures`` counts connections that got no stream.
    """

    def __init__(self, plan: ServerPlan, handler: Handler) -> None:
        self.failures = 0
        self.plan = plan
        self._closing = False
        self._handler = handler
        self._pumps: set[Pump] = set()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def addresses(self) -> tuple[tuple[str, int], ...]:
        """Host and port of every listening socket."""
        return tuple(sock.getsockname()[:2] for sock in self._server.sockets) if self._server else ()

    async def start(self) -> None:
        """Begin to listen. Raises `OSError` where the address cannot be had."""
        loop, target = asyncio.get_running_loop(), self.plan.target
        self._server = await loop.create_server(
            self._accept, target.host, target.port, reuse_address=True, backlog=1024
        )

    async def serve_forever(self) -> None:
        """Serve until cancelled."""
        await asyncio.get_running_loop().create_future()

    async def close(self) -> None:
        """Stop listening, cancel the handlers, close every connection, and wait for all of it."""
        self._closing = True
        if self._server is not None:
            await self._stop(self._server)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        pumps = tuple(self._pumps)
        for pump in pumps:
            pump.abort()
        await asyncio.gather(*(pump.finished() for pump in pumps))
        if self._server is not None:
            await self._server.wait_closed()

    async def _stop(self, server: asyncio.Server) -> None:
        # asyncio loses the socket of a connection that it has accepted and given no transport when this is closed:
        # it is let in to the end first, to be hung up on.
        with suppress(NotImplementedError):
            for sock in server.sockets:
                asyncio.get_running_loop().remove_reader(sock.fileno())
        await asyncio.sleep(0)
        server.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # -- one connection --------------------------------------------------------------------------------------

    def _accept(self) -> asyncio.BaseProtocol:
        if self._closing or len(self._pumps) >= self.plan.limit:
            self.failures += 1
            return _Full()
        pump = Pump(self.plan.connection(), self.plan.timeouts, self._settled, self._pumps.discard)
        self._pumps.add(pump)
        return pump

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
        if self.plan.on_failure is None:
            return
        try:
            self.plan.on_failure(error)
        except Exception as failed:  # noqa: BLE001 - somebody else's code, which must not keep a connection's place
            context = {"message": "on_failure failed", "exception": failed}
            asyncio.get_running_loop().call_exception_handler(context)


class _Full(asyncio.Protocol):
    """Hangs up: there are as many connections as the server may have."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Close at once."""
        transport.close()


def listen(url: str | Target, handler: Handler, **options: Unpack[ServerOptions]) -> Server:
    """Make a server that upgrades every connection before ``handler`` sees it.

    ::

        async with listen("smtp://127.0.0.1:2525", handler, certificate="chain.pem", key="key.pem") as server:
            await server.serve_forever()

    ``options`` and errors are those of `ServerPlan`.
    """
    return Server(ServerPlan(url, **options), handler)
