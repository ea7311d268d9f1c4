"""Reading from an open connection in lines, in exact counts, or as it comes: the part that needs no I/O.

Each method returns None where bytes are missing; the pump then waits for more and asks again.
"""

from starttls.core.errors import ClosedEarly, Misuse, TooLong
from starttls.tls.connection import Connection

__all__ = ["CHUNK", "Reader"]

CHUNK = 65536


class Reader:
    """Reads from ``connection``, and keeps what was read ahead."""

    __slots__ = ("_ahead", "_connection")

    def __init__(self, connection: Connection) -> None:
        self._ahead = b""
        self._connection = connection

    def read(self, limit: int) -> bytes | None:
        """At most ``limit`` bytes; b"" at the end of the stream. Raises what the connection met."""
        if limit <= 0:
            raise Misuse("a read of nothing")
        if self._ahead:
            return self._take(limit)
        data = self._connection.read(limit)
        if data:
            return data
        if self._connection.error is not None:
            raise self._connection.error
        return b"" if self._connection.peer_closed else None

    def exactly(self, count: int) -> bytes | None:
        """Exactly ``count`` bytes. Raises `ClosedEarly` where the stream ends before."""
        while len(self._ahead) < count:
            more = self._more()
            if more is None:
                return None
            if not more:
                raise self._ended()
        return self._take(count)

    def until(self, marker: bytes, limit: int, *, or_end: bool = False) -> bytes | None:
        """Up to and including ``marker``; with ``or_end`` also what stands before the end of the stream.

        Raises `TooLong` where the marker does not come within ``limit`` bytes, and `ClosedEarly`.
        """
        searched = 0
        while (at := self._ahead.find(marker, searched)) < 0:
            if len(self._ahead) >= limit:
                raise TooLong(limit)
            searched = max(0, len(self._ahead) - len(marker) + 1)
            more = self._more()
            if more is None:
                return None
            if not more:
                if or_end:
                    return self._take(limit)
                raise self._ended()
        if at + len(marker) > limit:
            raise TooLong(limit)
        return self._take(at + len(marker))

    def put_back(self, data: bytes) -> None:
        """Read ``data`` before anything else."""
        self._ahead = data + self._ahead

    def _take(self, count: int) -> bytes:
        data, self._ahead = self._ahead[:count], self._ahead[count:]
        return data

    def _more(self) -> bytes | None:
        ahead, self._ahead = self._ahead, b""
        try:
            more = self.read(CHUNK)
        finally:
            self._ahead = ahead
        if more:
            self._ahead += more
        return more

    def _ended(self) -> ClosedEarly:
        return self._connection.place(ClosedEarly())
