"""The stream of a connection without TLS, for a caller who asked for that by name."""

__all__ = ["Plain"]


class Plain:
    """The stream of a connection that goes on in plaintext because its caller asked for that by name."""

    __slots__ = ("_heard", "_out", "peer_closed")

    def __init__(self) -> None:
        self._heard = bytearray()
        self._out: list[bytes] = []
        self.peer_closed = False

    def receive_data(self, data: bytes | bytearray | memoryview) -> None:
        """Keep ``data`` for the reader; b"" is the end."""
        self._heard += data
        self.peer_closed = self.peer_closed or not data

    @property
    def unread(self) -> int:
        """Bytes that nobody has read yet."""
        return len(self._heard)

    def data_to_send(self) -> bytes:
        """Take what was written."""
        data = b"".join(self._out)
        self._out.clear()
        return data

    def send(self, data: bytes | bytearray | memoryview) -> None:
        """Queue ``data``."""
        self._out.append(bytes(data))

    def read(self, limit: int = 65536) -> bytes:
        """Take at most ``limit`` bytes."""
        data = bytes(self._heard[:limit])
        del self._heard[:limit]
        return data
