"""The blocking twin of `starttls.asyncio.stream`."""

import socket
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from starttls.core.errors import StartTLSError, TimedOut
from starttls.core.outcome import Upgrade
from starttls.tls.connection import HANDSHAKE, Connection, Level, Phase
from starttls.tls.facts import TLSFacts
from starttls.tls.plan import Timeouts
from starttls.tls.reader import CHUNK, Reader

__all__ = ["Stream"]


class Stream:
    """An open connection on a blocking socket; see `starttls.asyncio.stream.Stream`.

    ``timeout``: the seconds that one read or write may take; `TimedOut` is raised above them.
    """

    __slots__ = ("_connection", "_reader", "_socket", "peer", "timeout")

    def __init__(self, sock: socket.socket, connection: Connection, timeout: float) -> None:
        self.peer: tuple[str, int] = sock.getpeername()[:2]
        self.timeout = timeout
        self._connection = connection
        self._reader = Reader(connection)
        self._socket = sock

    def settle(self, timeouts: Timeouts, end: float) -> None:
        """Move bytes until the connection is open. ``end`` is on the monotonic clock. Raises what it met."""
        connection, watched, until, seconds = self._connection, None, end, timeouts.whole
        while connection.phase in {Phase.TALK, Phase.HANDSHAKE}:
            wait = connection.waiting_for
            if wait is not watched:  # each wait has its own time; bytes that dribble in do not prolong it
                watched, seconds = wait, timeouts.handshake if wait is HANDSHAKE else timeouts.wait
                until = min(end, time.monotonic() + seconds)
            self._flush(until, seconds)
            if connection.phase in {Phase.TALK, Phase.HANDSHAKE}:
                self._receive(until, timeouts.whole if until == end else seconds)
        self._flush(until, seconds)
        if connection.error is not None:
            raise connection.error

    @property
    def level(self) -> Level:
        """``none``, ``encrypted`` or ``verified``."""
        return self._connection.level

    @property
    def tls(self) -> TLSFacts | None:
        """Version, cipher, group, chain and the rest of the handshake; None in plaintext."""
        session = self._connection.session
        return session.facts if session is not None else None

    @property
    def upgrade(self) -> Upgrade | None:
        """The proof of the upgrade; None for implicit TLS and in plaintext."""
        return self._connection.upgrade

    @property
    def said(self) -> Mapping[str, tuple[str, ...]]:
        """What was said before TLS, by name: escaped, bounded and untrusted."""
        return self._connection.said

    def read(self, limit: int = CHUNK) -> bytes:
        """At most ``limit`` bytes; b"" when the peer has closed the stream properly."""
        return self._wait(lambda: self._reader.read(limit))

    def readline(self, limit: int = CHUNK) -> bytes:
        """One line with its end, or what is left where the stream ends. Raises `TooLong` above ``limit``."""
        return self._wait(lambda: self._reader.until(b"\n", limit, or_end=True))

    def readuntil(self, marker: bytes, limit: int = CHUNK) -> bytes:
        """Up to and including ``marker``. Raises `TooLong` above ``limit``, `ClosedEarly` at the end."""
        return self._wait(lambda: self._reader.until(marker, limit))

    def readexactly(self, count: int) -> bytes:
        """Exactly ``count`` bytes. Raises `ClosedEarly` when the stream ends before."""
        return self._wait(lambda: self._reader.exactly(count))

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send all of ``data``."""
        view, until = memoryview(data), time.monotonic() + self.timeout
        for start in range(0, len(view), CHUNK):
            self._connection.send(view[start : start + CHUNK])
            self._flush(until, self.timeout)

    def close(self) -> None:
        """Say goodbye (close_notify) and close. May be called twice."""
        if self._socket.fileno() >= 0:
            self._connection.close()
            try:
                self._flush(time.monotonic() + self.timeout, self.timeout)
            except StartTLSError:
                pass  # the goodbye is a courtesy: whoever is gone does not need it
            finally:
                self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _wait(self, attempt: Callable[[], bytes | None]) -> bytes:
        until = time.monotonic() + self.timeout
        while (data := attempt()) is None:
            self._receive(until, self.timeout)
        self._flush(until, self.timeout)  # TLS may have answered what was read: an alert, a key update
        return data

    def _receive(self, until: float, seconds: float) -> None:
        self._limit(until, seconds)
        try:
            self._connection.receive_data(self._socket.recv(CHUNK))
        except TimeoutError:
            raise self._timed_out(seconds) from None
        except OSError:
            self._connection.connection_reset()

    def _flush(self, until: float, seconds: float) -> None:
        data = self._connection.data_to_send()
        if not data:
            return
        self._limit(until, seconds)
        try:
            self._socket.sendall(data)
        except TimeoutError:
            raise self._timed_out(seconds) from None
        except OSError:
            self._connection.connection_reset()

    def _limit(self, until: float, seconds: float) -> None:
        left = until - time.monotonic()
        if left <= 0:
            raise self._timed_out(seconds)
        self._socket.settimeout(left)

    def _timed_out(self, seconds: float) -> TimedOut:
        connection = self._connection
        where = (connection.protocol.name, connection.side, connection.waiting_for, connection.transcript)
        return TimedOut(seconds).at(*where)
