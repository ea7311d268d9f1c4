"""The asynchronous client."""

import asyncio
import socket
from collections.abc import Callable
from typing import Unpack

from starttls.asyncio.dial import dial
from starttls.asyncio.pump import Pump
from starttls.asyncio.stream import Stream
from starttls.core.errors import Misuse, TimedOut
from starttls.tls.connection import Phase
from starttls.tls.plan import Options, Plan, peer_of
from starttls.tls.target import Target

__all__ = ["Client", "connect"]


class Client:
    """Connects again and again under the same demands; TLS contexts and session tickets are kept.

    ``options`` are those of `Plan`. By default a connection is a verified upgrade or an exception.
    """

    def __init__(self, **options: Unpack[Options]) -> None:
        self.plan = Plan(**options)

    async def connect(self, url: str | Target, watch: Callable[[Pump], None] | None = None) -> Stream:
        """Connect, upgrade, verify.

        Raises `PeerError`, `TLSError` or `NetworkError`, with the transcript, and `Misuse` for a URL that is
        none. Nothing is sent in plaintext but the upgrade itself. ``watch`` is shown the pump as soon as there
        is one: who was reached and what was said can be read there also when it then fails.
        """
        target = Target.parse(url) if isinstance(url, str) else url
        end = asyncio.get_running_loop().time() + self.plan.timeouts.whole
        sock = await self._dial(target)
        return await self._open(target, sock, end, watch)

    async def _dial(self, target: Target) -> socket.socket:
        host, port = self.plan.address(target)
        limit = min(self.plan.timeouts.connect, self.plan.timeouts.whole)
        try:
            async with asyncio.timeout(limit):
                return await dial(host, port, self.plan.family)
        except TimeoutError:
            raise TimedOut(limit, f"connecting to {host}:{port}") from None

    async def _open(
        self, target: Target, sock: socket.socket, end: float, watch: Callable[[Pump], None] | None
    ) -> Stream:
        loop, peer = asyncio.get_running_loop(), peer_of(sock)
        settled: asyncio.Future[None] = loop.create_future()

        def settle(_: Pump) -> None:
            if not settled.done():
                settled.set_result(None)

        try:
            connection = self.plan.connection(target, sock.getsockname()[0])
        except BaseException:
            sock.close()
            raise
        pump = Pump(connection, self.plan.timeouts, settle, settle, peer=peer, end=end)
        try:
            await loop.create_connection(lambda: pump, sock=sock)
            if watch is not None:
                watch(pump)
            await settled
            if pump.error is not None:
                await pump.finished()
        except BaseException:
            pump.abort()
            raise
        if pump.error is not None:
            raise pump.error
        if connection.phase not in {Phase.OPEN, Phase.PLAIN}:  # a bug of ours, which the event loop has reported
            raise Misuse(f"the connection ended in phase '{connection.phase}' without an error")
        return Stream(pump)


async def connect(url: str | Target, **options: Unpack[Options]) -> Stream:
    """Open one verified, upgraded connection, as in ``await starttls.connect("imap://mail.example.org")``.

    ``options`` and errors are those of `Client`.
    """
    return await Client(**options).connect(url)
