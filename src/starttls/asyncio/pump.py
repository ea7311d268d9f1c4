"""Moves bytes between an asyncio transport and a `Connection`, watches the clock, decides nothing.

`asyncio.StreamReader` never sees a byte here: in Python 3.11, 3.12.1 and 3.13.0 ``start_tls`` leaves in it
what an attacker sent in plaintext. The one buffer before TLS is the Talk's.
"""

import asyncio
import math
from collections.abc import Callable
from typing import cast

from starttls.core.errors import ClosedEarly, StartTLSError, TimedOut
from starttls.core.wait import Wait
from starttls.tls.connection import Connection, Phase
from starttls.tls.plan import Timeouts

__all__ = ["Pump"]

HIGH_WATER = 262144
"""Encrypted bytes that nobody has read, above which the peer has to wait."""


SMALL, LARGE = 4096, 65536
"""Bytes that one read of the socket may bring: few, until they are not enough."""


class Pump(asyncio.BufferedProtocol):
    """One connection on one transport.

    ``settled`` is called once: when the connection is open, or has failed; ``ended`` when nothing moves any more.
    ``peer`` is address and port of the peer; the transport is asked where it is not given. ``end`` is the time of the
    loop until which the connection has to be open.
    """

    __slots__ = (
        "_chunk",
        "_end",
        "_ended",
        "_paused",
        "_reader",
        "_settled",
        "_size",
        "_timeouts",
        "_timer",
        "_until",
        "_watched",
        "_writers",
        "connection",
        "error",
        "gone",
        "peer",
        "transport",
    )

    def __init__(
        self,
        connection: Connection,
        timeouts: Timeouts,
        settled: "Callable[[Pump], None]",
        ended: "Callable[[Pump], None] | None" = None,
        *,
        peer: tuple[str, int] = ("", 0),
        end: float = math.inf,
    ) -> None:
        self.connection = connection
        self.error: StartTLSError | None = None
        self.gone = False
        self.peer = peer
        self.transport: asyncio.Transport | None = None
        self._chunk: bytearray | None = None
        self._end = end
        self._ended = ended
        self._paused = False
        self._reader: asyncio.Future[None] | None = None
        self._settled: Callable[[Pump], None] | None = settled
        self._size = SMALL
        self._timeouts = timeouts
        self._timer: asyncio.TimerHandle | None = None
        self._until = 0.0
        self._watched: Wait | None = None
        self._writers: tuple[asyncio.Future[None], ...] = ()

    # -- what asyncio calls ----------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send what the dialogue begins with, if it is ours to begin."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop's look like one, and are none by class
        if self.gone:
            self.transport.abort()
            return
        name: tuple[str, int] | tuple[str, int, int, int] | str | None = transport.get_extra_info("peername")
        if isinstance(name, tuple):  # a Unix socket has a path, and who has hung up already has nothing
            self.peer = name[0], name[1]
        self.moved()

    def get_buffer(self, sizehint: int) -> bytearray:  # noqa: ARG002 - the loops hint at 64 KiB, or at nothing
        """Memory for the next read. It lasts no longer, so that an idle connection has none."""
        self._chunk = bytearray(self._size)
        return self._chunk

    def buffer_updated(self, nbytes: int) -> None:
        """Hand the bytes that came to the connection and see what came of it."""
        chunk, self._chunk = self._chunk, None
        assert chunk is not None  # noqa: S101 - the loop asked for it
        self._size = LARGE if nbytes == len(chunk) else SMALL
        self.connection.receive_data(memoryview(chunk)[:nbytes])
        self.moved()

    def eof_received(self) -> bool:
        """The peer sends no more; the transport closes itself when all is written."""
        self.connection.receive_data(b"")
        self.moved()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing moves any more; whoever waits is told."""
        self.gone = True
        try:
            if exc is None:
                self.connection.receive_data(b"")
            else:
                self.connection.connection_reset()
            self.moved()
        finally:  # whatever was wrong, nobody waits for ever
            self._stop_timer()
            self._wake_writers()
            self._wake_reader()
            if self._ended is not None:
                self._ended(self)

    def pause_writing(self) -> None:
        """The kernel takes no more: writers wait."""
        self._paused = True

    def resume_writing(self) -> None:
        """The kernel takes bytes again."""
        self._paused = False
        self._wake_writers()

    # -- what streams call -----------------------------------------------------------------------------------

    def moved(self) -> None:
        """Send what is to be sent, settle the connection when it is open or has failed, wake the reader."""
        self.flush()
        connection = self.connection
        if self._settled is not None:
            if connection.phase in {Phase.TALK, Phase.HANDSHAKE}:
                self._watch(connection.waiting_for)
                return
            self._settle(connection.error)
        elif connection.error is not None and self.error is None:
            self._settle(connection.error)
        if self._reader is not None:
            self._wake_reader()
        elif connection.unread > HIGH_WATER and self.transport is not None:
            self.transport.pause_reading()

    def flush(self) -> None:
        """Give the transport what the connection has to send."""
        data = self.connection.data_to_send()
        if data and self.transport is not None and not self.gone:
            self.transport.write(data)

    def readable(self) -> asyncio.Future[None]:
        """Await it until the connection has moved."""
        if self.transport is not None and not self.gone:
            self.transport.resume_reading()
        self._reader = asyncio.get_running_loop().create_future()
        return self._reader

    async def drained(self) -> None:
        """Wait until the transport takes more. Raises `ClosedEarly` when there is none any more."""
        while self._paused and not self.gone:
            await self._writable()
        if self.gone:
            raise self.connection.place(ClosedEarly(reset=True))

    async def finished(self) -> None:
        """Close the transport when all is written, and wait for that; a peer that takes nothing is dropped."""
        if self.transport is None:
            return
        self._let_go(self.transport)
        while not self.gone:
            await self._writable()

    def abort(self) -> None:
        """Drop the connection without a word; where the loop has made no transport yet, as soon as it has."""
        if self.transport is not None:
            self.transport.abort()
        else:
            self.gone = True

    def fail(self, error: StartTLSError) -> None:
        """Give up because of ``error``, which the connection itself cannot know."""
        self._settle(self.connection.place(error))
        self.abort()

    # -- inside ----------------------------------------------------------------------------------------------

    def _settle(self, error: StartTLSError | None) -> None:
        settled, self._settled = self._settled, None
        self._watch(None)
        if error is not None and self.error is None:
            self.error = error
            if self.transport is not None:
                self._let_go(self.transport)
        if settled is not None:
            settled(self)
        self._wake_reader()

    def _let_go(self, transport: asyncio.Transport) -> None:
        """Close when what is written has gone out: a last word, an alert. A peer that takes nothing is dropped."""
        transport.close()
        if self._timer is None and transport.get_write_buffer_size():
            self._timer = asyncio.get_running_loop().call_later(self._timeouts.wait, transport.abort)

    def _watch(self, wait: Wait | None) -> None:
        """Give each wait its own time: bytes that dribble in do not prolong it, only the next wait does.

        A timer that rings too early for the wait of now is wound up again: cheaper than a new one for each wait.
        """
        if wait is self._watched:
            return
        self._watched = wait
        if wait is None:
            self._stop_timer()
            return
        self._until = min(asyncio.get_running_loop().time() + self._timeouts.of(wait), self._end)
        if self._timer is None or self._timer.when() > self._until:
            self._stop_timer()
            self._wind_up()

    def _wind_up(self) -> None:
        self._timer = asyncio.get_running_loop().call_at(self._until, self._rings)

    def _rings(self) -> None:
        if asyncio.get_running_loop().time() < self._until:
            self._wind_up()
        else:
            late = self._until == self._end
            self.fail(TimedOut(self._timeouts.whole if late else self._timeouts.of(self._watched)))

    def _stop_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()

    def _wake_reader(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None and not reader.done():
            reader.set_result(None)

    def _writable(self) -> asyncio.Future[None]:
        """Await it until the transport takes more, or is gone."""
        writer = asyncio.get_running_loop().create_future()
        self._writers = (*self._writers, writer)
        return writer

    def _wake_writers(self) -> None:
        writers, self._writers = self._writers, ()
        for writer in writers:
            if not writer.done():
                writer.set_result(None)
