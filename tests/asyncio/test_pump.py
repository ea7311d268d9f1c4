"""The pump by itself: what it does with a transport that is no socket."""

import asyncio

import pytest

from starttls.asyncio.pump import Pump
from starttls.core.errors import ClosedEarly, TimedOut
from starttls.core.facts import ClientSetup
from starttls.protocols.smtp import SMTP
from starttls.tls.connection import Connection
from starttls.tls.plan import Timeouts
from starttls.tls.session import TLSSession


class Wire(asyncio.Transport):
    """Keeps what is written; closing takes a turn of the loop, as it does for sockets."""

    def __init__(self, pump: Pump) -> None:
        super().__init__()
        self.pump = pump
        self.written = b""
        self.aborted = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def get_write_buffer_size(self) -> int:
        return 0

    def close(self) -> None:
        asyncio.get_running_loop().call_soon(self.pump.connection_lost, None)

    def abort(self) -> None:
        self.aborted = True
        self.close()


def no_tls(_: object) -> TLSSession:
    raise AssertionError


def made(settled: list[Pump], timeouts: Timeouts) -> tuple[Pump, Wire]:
    setup = ClientSetup(entropy=bytes(16), me="client.example.org")
    pump = Pump(Connection.client(SMTP, setup, no_tls), timeouts, settled.append)
    wire = Wire(pump)
    pump.connection_made(wire)
    return pump, wire


def feed(pump: Pump, data: bytes) -> None:
    """What a loop does with bytes that come."""
    pump.get_buffer(-1)[: len(data)] = data
    pump.buffer_updated(len(data))


async def test_it_says_nothing_before_the_server_does() -> None:
    """Exim answers an early word with 554 SMTP synchronization error."""
    settled: list[Pump] = []
    pump, wire = made(settled, Timeouts())
    assert wire.written == b""
    feed(pump, b"220 x\r\n")
    assert wire.written == b"EHLO client.example.org\r\n"
    assert not settled
    pump.abort()
    await pump.finished()


async def test_a_new_wait_gets_new_time_and_dripping_bytes_do_not() -> None:
    settled: list[Pump] = []
    pump, wire = made(settled, Timeouts(wait=0.2))
    await asyncio.sleep(0.15)
    feed(pump, b"220 x\r\n")
    for byte in b"250-x":
        await asyncio.sleep(0.03)
        assert pump.error is None
        feed(pump, bytes([byte]))
    await asyncio.sleep(0.1)
    assert isinstance(pump.error, TimedOut)
    assert "the answer to the hello" in str(pump.error)
    assert settled == [pump]
    assert wire.aborted
    await pump.finished()


async def test_it_settles_once() -> None:
    settled: list[Pump] = []
    pump, _ = made(settled, Timeouts())
    pump.eof_received()
    pump.connection_lost(ConnectionResetError())
    assert isinstance(pump.error, ClosedEarly)
    assert settled == [pump]
    assert pump.gone


async def test_a_peer_that_takes_no_goodbye_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Closing waits until all is written, but not for ever."""
    settled: list[Pump] = []
    pump, wire = made(settled, Timeouts(wait=0.1))
    monkeypatch.setattr(wire, "close", lambda: None)  # the kernel's buffer is full
    asyncio.get_running_loop().call_later(0.3, pump.connection_lost, None)
    await pump.finished()
    assert wire.aborted
