"""The asynchronous client."""

import asyncio
import math
import socket
from collections.abc import Callable
from typing import Unpack

from starttls.asyncio.dial import dial
from starttls.asyncio.pump import Pump
from starttls.asyncio.stream import Stream
from starttls.core.errors import Misuse, TimedOut
from starttls.resolve.planned import Planned
from starttls.resolve.route import Attempts, ClientOptions, Route, direct
from starttls.tls.connection import Phase
from starttls.tls.plan import peer_of
from starttls.tls.target import Target

__all__ = ["Client", "connect", "connect_mx", "connect_srv"]


class Client(Planned):
    """Connects again and again under the same demands; TLS contexts, session tickets and policies are kept.

    ``options`` are those of `Plan` and `ClientOptions`. By default a connection is a verified upgrade or an exception.
    """

    async def connect(self, url: str | Target, watch: Callable[[Pump], None] | None = None) -> Stream:
        """Connect, upgrade, verify.

        Raises `PeerError`, `TLSError`, `NetworkError` or `PolicyError`, with the transcript, and `Misuse` for a URL
        that is none. Nothing is sent in plaintext but the upgrade itself. ``watch`` is shown the pump as soon as there
        is one: who was reached and what was said can be read there also when it then fails.
        """
        target = Target.parse(url) if isinstance(url, str) else url
        end = asyncio.get_running_loop().time() + self.plan.timeouts.whole
        return await self.follow(await self.route(target), watch, end=end)

    async def connect_mx(self, domain: str, watch: Callable[[Pump], None] | None = None, *, port: int = 25) -> Stream:
        """Connect to a mail host of ``domain``, as a careful mail server would.

        The hosts are tried in the order of preference, each under what is demanded of it alone; ``stream.host`` says
        which it is, and ``stream.decision`` what was demanded and why. Without a policy of the caller's choice that is
        the best which each proves: DANE, else MTA-STS, else any certificate. Each may take the time of a connection.
        ``stream.level`` is what the host is worth; that the mail belongs there, and nobody forged the MX record, is
        proven where ``stream.decision.authentic`` is true. The policy ``"dane"`` demands both.
        ``domain`` may also be a smart host, ``"[mail.example.org]:587"``; ``port`` is another one in laboratories.

        Raises `NoMail`; `NotAuthentic` where it cannot be told where the mail goes; else `NoUsableMX`, with all errors.
        """
        return await self._first(await self.router.mail(domain, port), watch)

    async def connect_srv(self, service: str, domain: str, watch: Callable[[Pump], None] | None = None) -> Stream:
        """Connect to a service of ``domain`` that its SRV records name, as in ``connect_srv("imap", "example.org")``.

        Implicit TLS goes before the upgrade; ``"imaps"`` takes no other. The certificate must be for the domain; for
        the server's own name, where DNSSEC proves that it is the domain's (RFC 6186 §6, RFC 7673 §4).

        Raises `NoService`, `NotAuthentic`, and what `connect` raises.
        """
        return await self._first(await self.router.service(service, domain), watch)

    async def route(self, target: Target) -> Route:
        """The way to the server of a URL, for `follow`; what the policy has against it is its ``error``."""
        return await self.router.to(target) if self.plan.asks else direct(self.plan, target)

    async def follow(
        self, route: Route, watch: Callable[[Pump], None] | None = None, *, end: float = math.inf
    ) -> Stream:
        """Connect the way that was found. ``end`` is the time of the loop at which the stream has to be open."""
        if route.error is not None:
            raise route.error
        now, timeouts = asyncio.get_running_loop().time(), self.plan.timeouts
        end = min(end, now + timeouts.whole)
        try:
            async with asyncio.timeout_at(min(now + timeouts.connect, end)):
                sock = await dial(*route.place, self.plan.family, route.addresses)
        except TimeoutError:
            seconds = timeouts.connect if now + timeouts.connect < end else timeouts.whole
            raise TimedOut(seconds, "connecting to {}:{}".format(*route.place)) from None
        return await self._open(route, sock, end, watch)

    async def _first(self, attempts: Attempts, watch: Callable[[Pump], None] | None) -> Stream:
        for route in attempts:
            with attempts.noted(route):
                return await self.follow(route, watch)
        raise attempts.error

    async def _open(
        self, route: Route, sock: socket.socket, end: float, watch: Callable[[Pump], None] | None
    ) -> Stream:
        loop, peer = asyncio.get_running_loop(), peer_of(sock)
        settled: asyncio.Future[None] = loop.create_future()

        def settle(_: Pump) -> None:
            if not settled.done():
                settled.set_result(None)

        try:
            connection = self.plan.connection(route.target, sock.getsockname()[0], route.demand)
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
        return Stream(pump, route)


async def connect(url: str | Target, **options: Unpack[ClientOptions]) -> Stream:
    """Open one verified, upgraded connection, as in ``await starttls.connect("imap://mail.example.org")``.

    ``options`` and errors are those of `Client`.
    """
    return await Client(**options).connect(url)


async def connect_mx(domain: str, *, port: int = 25, **options: Unpack[ClientOptions]) -> Stream:
    """Open one connection to a mail host of ``domain``; see `Client.connect_mx`."""
    return await Client(**options).connect_mx(domain, port=port)


async def connect_srv(service: str, domain: str, **options: Unpack[ClientOptions]) -> Stream:
    """Open one connection to a service of ``domain`` by its SRV records; see `Client.connect_srv`."""
    return await Client(**options).connect_srv(service, domain)
