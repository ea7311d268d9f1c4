"""What `connect()` returns and a server's handler gets: bytes in, bytes out, and what they are worth."""

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from starttls.asyncio.pump import Pump
from starttls.core.outcome import Upgrade
from starttls.tls.connection import Level
from starttls.tls.facts import TLSFacts
from starttls.tls.reader import CHUNK, Reader

__all__ = ["Stream"]


class Stream:
    """An open connection.

    ``level`` says what it is worth, ``tls`` what was negotiated, ``said`` what was said in plaintext before it
    (untrusted), ``peer`` who it is: address and port.
    """

    __slots__ = ("_pump", "_reader")

    def __init__(self, pump: Pump) -> None:
        self._pump = pump
        self._reader = Reader(pump.connection)

    @property
    def level(self) -> Level:
        """``none``, ``encrypted`` or ``verified``."""
        return self._pump.connection.level

    @property
    def tls(self) -> TLSFacts | None:
        """Version, cipher, group, chain and the rest of the handshake; None in plaintext."""
        session = self._pump.connection.session
        return session.facts if session is not None else None

    @property
    def upgrade(self) -> Upgrade | None:
        """The proof of the upgrade; None for implicit TLS and in plaintext."""
        return self._pump.connection.upgrade

    @property
    def said(self) -> Mapping[str, tuple[str, ...]]:
        """What was said before TLS, by name: escaped, bounded and untrusted."""
        return self._pump.connection.said

    @property
    def peer(self) -> tuple[str, int]:
        """Address and port of the peer."""
        return self._pump.peer

    async def read(self, limit: int = CHUNK) -> bytes:
        """At most ``limit`` bytes; b"" when the peer has closed the stream properly.

        Raises `Truncated` where it ended without close_notify, and any error that TLS met.
        """
        return await self._wait(lambda: self._reader.read(limit))

    async def readline(self, limit: int = CHUNK) -> bytes:
        """One line with its end, or what is left where the stream ends. Raises `TooLong` above ``limit``."""
        return await self._wait(lambda: self._reader.until(b"\n", limit, or_end=True))

    async def readuntil(self, marker: bytes, limit: int = CHUNK) -> bytes:
        """Up to and including ``marker``. Raises `TooLong` above ``limit``, `ClosedEarly` at the end."""
        return await self._wait(lambda: self._reader.until(marker, limit))

    async def readexactly(self, count: int) -> bytes:
        """Exactly ``count`` bytes. Raises `ClosedEarly` when the stream ends before."""
        return await self._wait(lambda: self._reader.exactly(count))

    async def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send all of ``data``; waits where the peer is slow, so that memory stays bounded.

        Raises `ClosedEarly` when the connection is gone, and any error that TLS met.
        """
        view = memoryview(data)
        for start in range(0, len(view), CHUNK):
            self._pump.connection.send(view[start : start + CHUNK])
            self._pump.flush()
            await self._pump.drained()

    async def close(self) -> None:
        """Say goodbye (close_notify), send what is still to be sent, and close. May be called twice."""
        self._pump.connection.close()
        self._pump.flush()
        await self._pump.finished()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _wait(self, attempt: Callable[[], bytes | None]) -> bytes:
        while (data := attempt()) is None:
            await self._pump.readable()
        self._pump.flush()  # TLS may have answered what was read: an alert, a key update
        return data
