"""The blocking client."""

import time
from collections.abc import Coroutine
from typing import TypeVar, Unpack

from starttls.core.errors import Misuse
from starttls.resolve.planned import Planned
from starttls.resolve.route import Attempts, ClientOptions, Route, direct
from starttls.sync.dial import dial
from starttls.sync.stream import Stream
from starttls.tls.target import Target

__all__ = ["Client", "connect", "connect_mx", "connect_srv"]

T = TypeVar("T")


class Client(Planned):
    """Connects again and again under the same demands; see `starttls.asyncio.client.Client`.

    It asks the DNS in an event loop of its own, which lasts as long as the question: not in a thread that runs one.
    """

    def connect(self, url: str | Target) -> Stream:
        """Connect, upgrade, verify. Raises what `starttls.asyncio.client.Client.connect` raises."""
        target = Target.parse(url) if isinstance(url, str) else url
        end = time.monotonic() + self.plan.timeouts.whole
        route = _asked(self.router.to(target)) if self.plan.asks else direct(self.plan, target)
        return self._follow(route, end)

    def connect_mx(self, domain: str, *, port: int = 25) -> Stream:
        """Connect to a mail host of ``domain``; see `starttls.asyncio.client.Client.connect_mx`."""
        return self._first(_asked(self.router.mail(domain, port)))

    def connect_srv(self, service: str, domain: str) -> Stream:
        """Connect to a service of ``domain``; see `starttls.asyncio.client.Client.connect_srv`."""
        return self._first(_asked(self.router.service(service, domain)))

    def _first(self, attempts: Attempts) -> Stream:
        for route in attempts:
            with attempts.noted(route):
                return self._follow(route, time.monotonic() + self.plan.timeouts.whole)
        raise attempts.error

    def _follow(self, route: Route, end: float) -> Stream:
        if route.error is not None:
            raise route.error
        timeouts = self.plan.timeouts
        seconds = max(0.001, min(timeouts.connect, end - time.monotonic()))  # with 0 a socket would not wait at all
        sock = dial(*route.place, self.plan.family, seconds, route.addresses)
        try:
            connection = self.plan.connection(route.target, sock.getsockname()[0], route.demand)
            stream = Stream(sock, connection, timeouts.wait, route)
            stream.settle(timeouts, end)
        except BaseException:
            sock.close()
            raise
        return stream


def _asked(question: Coroutine[object, object, T]) -> T:
    """The answer to what only an event loop can ask."""
    import asyncio  # noqa: PLC0415 - who asks nothing needs none

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(question)
    question.close()
    raise Misuse("the blocking client cannot ask the DNS in a thread that runs an event loop: use starttls.connect")


def connect(url: str | Target, **options: Unpack[ClientOptions]) -> Stream:
    """Open one verified, upgraded connection, as in ``sync.connect("imap://mail.example.org")``.

    ``options`` and errors are those of `starttls.asyncio.client.Client`.
    """
    return Client(**options).connect(url)


def connect_mx(domain: str, *, port: int = 25, **options: Unpack[ClientOptions]) -> Stream:
    """Open one connection to a mail host of ``domain``; see `starttls.asyncio.client.Client.connect_mx`."""
    return Client(**options).connect_mx(domain, port=port)


def connect_srv(service: str, domain: str, **options: Unpack[ClientOptions]) -> Stream:
    """Open one connection to a service of ``domain``; see `starttls.asyncio.client.Client.connect_srv`."""
    return Client(**options).connect_srv(service, domain)
