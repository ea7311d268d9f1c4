"""Length-prefixed packets, as PostgreSQL and MySQL write them: a header that says how long the rest is.

Both protocols trust the other side's lengths with memory. Here a length over the limit of the wait is an error
before a byte of the packet is read, and a field that runs over the end of its packet is an error as well.
"""

from collections.abc import Callable

from starttls.core.errors import Unexpected
from starttls.core.talk import Steps, Talk
from starttls.core.wait import Wait

__all__ = ["Fields", "packet"]

_NUL = b"\0"


def packet(talk: Talk, wait: Wait, size: int, measure: Callable[[bytes], int]) -> Steps[tuple[bytes, bytes]]:
    """Read a header of ``size`` bytes and the payload behind it; return both.

    ``measure`` makes the payload's length of the header, and raises `Unexpected` for one that cannot be meant.
    """
    header = yield from talk.exact(size, wait)
    payload = yield from talk.exact(measure(header), wait)
    return header, payload


class Fields:
    """Takes the fields of one packet, from its start to its end.

    A field that is not there is `Unexpected`, with ``expected`` naming what the packet should have been.
    """

    __slots__ = ("_at", "_expected", "_packet")

    def __init__(self, packet: bytes, expected: str) -> None:
        """Begin at the first byte of ``packet``."""
        self._packet = packet
        self._expected = expected
        self._at = 0

    def take(self, count: int) -> bytes:
        """Take exactly ``count`` bytes."""
        start, end = self._at, self._at + count
        if end > len(self._packet):
            raise Unexpected(self._packet, self._expected)
        self._at = end
        return self._packet[start:end]

    def number(self, count: int) -> int:
        """Take a number of ``count`` bytes, the least significant first (MySQL's order)."""
        return int.from_bytes(self.take(count), "little")

    def text(self) -> bytes:
        """Take a string up to its NUL, returned without it."""
        end = self._packet.find(_NUL, self._at)
        if end < 0:
            raise Unexpected(self._packet, self._expected)
        return self.take(end - self._at + 1)[:-1]

    def rest(self) -> bytes:
        """Take all that is left."""
        return self.take(len(self._packet) - self._at)
