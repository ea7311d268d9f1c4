"""What `connect()` returns and a server's handler gets: bytes in, bytes out, and what they are worth."""

from typing import Self

from starttls.asyncio.pump import Pump
from starttls.resolve.route import Route, Routed
from starttls.tls.reader import CHUNK

__all__ = ["Stream"]


class Stream(Routed):
    """An open connection.

    ``level`` says what it is worth, ``tls`` what was negotiated, ``said`` what was said in plaintext before it
    (untrusted), ``peer`` who it is: address and port. ``host`` is the server's name, and ``decision`` what a policy
    demanded of it and why; None without one.
    """

    __slots__ = ("_pump",)

    def __init__(self, pump: Pump, route: Route | None = None) -> None:
        super().__init__(pump.connection, route)
        self._pump = pump

    @property
    def peer(self) -> tuple[str, int]:
        """Address and port of the peer."""
        return self._pump.peer

    async def read(self, limit: int = CHUNK) -> bytes:
        """At most ``limit`` bytes; b"" when the peer has closed the stream properly.

        Raises `Truncated` where it ended without close_notify, and any error that TLS met.
        """
        while (data := self._reader.read(limit)) is None:
            await self._pump.readable()
        return self._answered(data)

    async def readline(self, limit: int = CHUNK) -> bytes:
        """One line with its end, or what is left where the stream ends. Raises `TooLong` above ``limit``."""
        while (line := self._reader.until(b"\n", limit, or_end=True)) is None:
            await self._pump.readable()
        return self._answered(line)

    async def readuntil(self, marker: bytes, limit: int = CHUNK) -> bytes:
        """Up to and including ``marker``. Raises `TooLong` above ``limit``, `ClosedEarly` at the end."""
        while (data := self._reader.until(marker, limit)) is None:
            await self._pump.readable()
        return self._answered(data)

    async def readexactly(self, count: int) -> bytes:
        """Exactly ``count`` bytes. Raises `ClosedEarly` when the stream ends before."""
        while (data := self._reader.exactly(count)) is None:
            await self._pump.readable()
        return self._answered(data)

    async def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send all of ``data``; waits where the peer is slow, so that memory stays bounded.

        Raises `ClosedEarly` when the connection is gone, and any error that TLS met.
        """
        view = memoryview(data)
        for start in range(0, len(view), CHUNK):
            self._connection.send(view[start : start + CHUNK])
            self._pump.flush()
            await self._pump.drained()

    async def protect(self) -> None:
        """FTP: make the data channels private as well (PBSZ 0, PROT P: RFC 4217 §9), before or after the login.

        Raises `Refused` where the server will not, and `Misuse` for any other protocol.
        """
        talk = self._talk_inside()
        while talk.outcome is None:
            await self.write(talk.data_to_send())
            talk.receive_data(await self.read())
        self._finished(talk)

    async def close(self) -> None:
        """Say goodbye (close_notify), send what is still to be sent, and close. May be called twice."""
        self._connection.close()
        self._pump.flush()
        await self._pump.finished()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _answered(self, data: bytes) -> bytes:
        """Send what TLS may have to say to what was read: an alert, a key update."""
        self._pump.flush()
        return data
