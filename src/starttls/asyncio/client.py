"""The asynchronous client."""

import asyncio
import socket
from typing import Unpack

from starttls.asyncio.dial import dial
from starttls.asyncio.pump import Pump
from starttls.asyncio.stream import Stream
from starttls.core.errors import TimedOut
from starttls.tls.plan import Options, Plan
from starttls.tls.target import Target

__all__ = ["Client", "connect"]


class Client:
    """Connects again and again under the same demands; TLS contexts and session tickets are kept.

    ``options`` are those of `Plan`. By default a connection is a verified upgrade or an exception.
    """

    def __init__(self, **options: Unpack[Options]) -> None:
        self.plan = Plan(**options)

    async def connect(self, url: str | Target) -> Stream:
        """Connect, upgrade, verify.

        Raises `PeerError`, `TLSError` or `NetworkError`, with the transcript, and `Misuse` for a URL that is
        none. Nothing is sent in plaintext but the upgrade itself.
        """
        target = Target.parse(url) if isinstance(url, str) else url
        whole = self.plan.timeouts.whole
        try:
            async with asyncio.timeout(whole):
                sock = await self._dial(target)
                return await self._open(target, sock)
        except TimeoutError:
            raise TimedOut(whole, "the whole connection") from None

    async def _dial(self, target: Target) -> socket.socket:
        host, port = self.plan.address(target)
        limit = self.plan.timeouts.connect
        try:
            async with asyncio.timeout(limit):
                return await dial(host, port, self.plan.family)
        except TimeoutError:
            raise TimedOut(limit, f"connecting to {host}:{port}") from None

    async def _open(self, target: Target, sock: socket.socket) -> Stream:
        loop = asyncio.get_running_loop()
        settled: asyncio.Future[None] = loop.create_future()

        def settle(_: Pump) -> None:
            if not settled.done():
                settled.set_result(None)

        pump = Pump(self.plan.connection(target, sock.getsockname()[0]), self.plan.timeouts, settle)
        try:
            await loop.create_connection(lambda: pump, sock=sock)
            await settled
        except BaseException:
            pump.abort()
            raise
        if pump.error is not None:
            await pump.finished()
            raise pump.error
        return Stream(pump)


async def connect(url: str | Target, **options: Unpack[Options]) -> Stream:
    """Open one verified, upgraded connection: ``await connect("imap://mail.example.org")``.

    ``options`` and errors are those of `Client`.
    """
    return await Client(**options).connect(url)
