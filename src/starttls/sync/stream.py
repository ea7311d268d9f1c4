"""The blocking twin of `starttls.asyncio.stream`."""

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Self, TypeVar

from starttls.core.errors import ClosedEarly, StartTLSError, TimedOut
from starttls.resolve.route import Route, Routed
from starttls.tls.connection import Connection, Phase
from starttls.tls.plan import Timeouts, peer_of
from starttls.tls.reader import CHUNK

__all__ = ["Stream"]

T = TypeVar("T")
R = TypeVar("R")


class Stream(Routed):
    """An open connection on a blocking socket; see `starttls.asyncio.stream.Stream`.

    ``timeout``: the seconds that one read or write may take; `TimedOut` is raised above them.
    """

    __slots__ = ("_gone", "_socket", "peer", "timeout")

    def __init__(self, sock: socket.socket, connection: Connection, timeout: float, route: Route | None = None) -> None:
        super().__init__(connection, route)
        self.peer = peer_of(sock)
        self.timeout = timeout
        self._gone = False
        self._socket = sock

    def settle(self, timeouts: Timeouts, end: float) -> None:
        """Move bytes until the connection is open. ``end`` is on the monotonic clock. Raises what it met."""
        connection, watched, until, seconds = self._connection, None, end, timeouts.whole
        while connection.phase in {Phase.TALK, Phase.HANDSHAKE}:
            wait = connection.waiting_for
            if wait is not watched:  # each wait has its own time; bytes that dribble in do not prolong it
                watched, until = wait, min(end, time.monotonic() + timeouts.of(wait))
                seconds = timeouts.whole if until == end else timeouts.of(wait)
            self._flush(until, seconds)
            self._receive(until, seconds)
        self._flush(until, seconds)
        if connection.error is not None:
            raise connection.error

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
        """Send all of ``data``.

        Raises `ClosedEarly` when the connection is gone, `TimedOut`, and any error that TLS met.
        """
        view, until = memoryview(data), time.monotonic() + self.timeout
        for start in range(0, len(view), CHUNK):
            self._connection.send(view[start : start + CHUNK])
            self._flush(until, self.timeout)
            if self._gone:
                raise self._connection.place(ClosedEarly(reset=True))

    def protect(self) -> None:
        """FTP: make the data channels private as well (PBSZ 0, PROT P); see the asynchronous twin."""
        talk = self._talk_inside()
        while talk.outcome is None:
            self.write(talk.data_to_send())
            talk.receive_data(self.read())
        self._finished(talk)

    def close(self) -> None:
        """Say goodbye (close_notify) and close. May be called twice."""
        self._connection.close()
        with suppress(StartTLSError):  # the goodbye is a courtesy: whoever is gone does not need it
            self._flush(time.monotonic() + self.timeout, self.timeout)
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _wait(self, attempt: Callable[[], bytes | None]) -> bytes:
        until = time.monotonic() + self.timeout
        while (data := attempt()) is None:
            self._receive(until, self.timeout)
        self._flush(until, self.timeout)  # TLS may have answered what was read: an alert, a key update
        return data

    def _receive(self, until: float, seconds: float) -> None:
        data = self._bounded(until, seconds, self._socket.recv, CHUNK)
        if data is not None:
            self._connection.receive_data(data)

    def _flush(self, until: float, seconds: float) -> None:
        if data := self._connection.data_to_send():
            self._bounded(until, seconds, self._socket.sendall, data)

    def _bounded(self, until: float, seconds: float, move: Callable[[T], R], what: T) -> R | None:
        """Bound what the socket does in time, and make its errors ours."""
        try:
            self._socket.settimeout(max(until - time.monotonic(), 1e-6))
            return move(what)
        except TimeoutError:
            raise self._connection.place(TimedOut(seconds)) from None
        except OSError:
            self._gone = True
            self._connection.connection_reset()
            return None
