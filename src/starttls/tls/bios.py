"""The two memory BIOs of a session, and the bytes that wait before and behind them."""

import ssl

from starttls.core.transcript import Side
from starttls.tls.groups import GroupReader

__all__ = ["RECORD", "Bios"]

RECORD = 16384
"""Bytes in a TLS record. A memory BIO keeps the largest size that it ever had, so no more goes in at once."""


class Bios:
    """Ciphertext on its way in and out.

    What comes in waits outside the BIO until OpenSSL wants it: of a burst that is read later nothing then stays
    behind in an idle connection. ``groups`` reads along what the server sends, until the handshake is done.
    """

    __slots__ = ("_backlog", "_queue", "_side", "groups", "incoming", "outgoing")

    def __init__(self, side: Side) -> None:
        self._side = side
        self.groups: GroupReader | None = GroupReader()
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._backlog = bytearray()
        self._queue: list[bytes] = []

    @property
    def waiting(self) -> int:
        """Bytes that OpenSSL has not taken."""
        return len(self._backlog) + self.incoming.pending

    def receive(self, data: bytes | bytearray | memoryview) -> None:
        """Take bytes from the peer."""
        if not self._backlog and self.incoming.pending + len(data) <= RECORD:
            self.incoming.write(data)
        else:
            self._backlog += data

    def hold(self, data: bytes | bytearray | memoryview) -> None:
        """Take bytes from the peer that OpenSSL gets by `feed` alone."""
        self._backlog += data

    def feed(self, limit: int = RECORD) -> bytes:
        """Give OpenSSL the next bytes, at most ``limit`` and a record's; returns them, b"" where there are none."""
        piece = bytes(self._backlog[: min(limit, RECORD)])
        if piece:
            del self._backlog[: len(piece)]
            self.incoming.write(piece)
            if self.groups is not None and self._side is Side.CLIENT:
                self.groups.feed(piece)
        return piece

    def flush(self) -> bytes:
        """Move what OpenSSL wrote to the bytes that go out; returns them."""
        data = self.outgoing.read()
        if data:
            self._queue.append(data)
            if self.groups is not None and self._side is Side.SERVER:
                self.groups.feed(data)
        return data

    def take(self) -> bytes:
        """Everything that must go out now."""
        self.flush()
        data = self._queue[0] if len(self._queue) == 1 else b"".join(self._queue)
        self._queue.clear()
        return data

    def drop(self) -> None:
        """Forget what came and was not taken."""
        self._backlog.clear()
        self.groups = None
