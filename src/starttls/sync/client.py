"""The blocking client."""

import time
from typing import Unpack

from starttls.sync.dial import dial
from starttls.sync.stream import Stream
from starttls.tls.plan import Options, Plan
from starttls.tls.target import Target

__all__ = ["Client", "connect"]


class Client:
    """Connects again and again under the same demands; see `starttls.asyncio.client.Client`."""

    def __init__(self, **options: Unpack[Options]) -> None:
        self.plan = Plan(**options)

    def connect(self, url: str | Target) -> Stream:
        """Connect, upgrade, verify. Raises what `starttls.asyncio.client.Client.connect` raises."""
        target = Target.parse(url) if isinstance(url, str) else url
        timeouts = self.plan.timeouts
        end = time.monotonic() + timeouts.whole
        host, port = self.plan.address(target)
        sock = dial(host, port, self.plan.family, min(timeouts.connect, timeouts.whole))
        try:
            connection = self.plan.connection(target, sock.getsockname()[0])
            stream = Stream(sock, connection, timeouts.wait)
            stream.settle(timeouts, end)
        except BaseException:
            sock.close()
            raise
        return stream


def connect(url: str | Target, **options: Unpack[Options]) -> Stream:
    """Open one verified, upgraded connection, as in ``sync.connect("imap://mail.example.org")``.

    ``options`` and errors are those of `starttls.asyncio.client.Client`.
    """
    return Client(**options).connect(url)
