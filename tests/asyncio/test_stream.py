"""Reading and writing inside TLS: lines, limits, ends, slow peers."""

import asyncio

import pytest

from starttls.asyncio.client import connect
from starttls.asyncio.server import Handler, listen
from starttls.asyncio.stream import Stream
from starttls.core import errors
from tests.asyncio.conftest import Certificates


async def served(pem: Certificates, handler: Handler, client: Handler) -> None:
    """Run ``handler`` on the server's stream and ``client`` on the client's."""
    async with listen("smtp://127.0.0.1:0", handler, certificate=pem.server) as server:
        async with await connect(f"smtp://localhost:{server.addresses[0][1]}", ca_file=pem.ca) as stream:
            await client(stream)


async def test_lines_counts_and_markers(pem: Certificates) -> None:
    async def handler(stream: Stream) -> None:
        for piece in (b"one\r\nt", b"wo\r\nxx12345", b"67rest<end>tail"):
            await stream.write(piece)
            await asyncio.sleep(0.01)

    async def client(stream: Stream) -> None:
        assert await stream.readline() == b"one\r\n"
        assert await stream.readline() == b"two\r\n"
        assert await stream.read(2) == b"xx"
        assert await stream.readexactly(7) == b"1234567"
        assert await stream.readuntil(b"<end>") == b"rest<end>"
        assert await stream.readline() == b"tail"
        assert await stream.readline() == b""
        with pytest.raises(errors.ClosedEarly):
            await stream.readexactly(1)
        with pytest.raises(errors.ClosedEarly):
            await stream.readuntil(b"x")

    await served(pem, handler, client)


async def test_every_read_is_bounded(pem: Certificates) -> None:
    async def handler(stream: Stream) -> None:
        await stream.write(b"x" * 200000)
        await stream.read()

    async def client(stream: Stream) -> None:
        with pytest.raises(errors.TooLong):
            await stream.readline(1000)
        with pytest.raises(errors.Misuse):
            await stream.read(0)

    await served(pem, handler, client)


async def test_megabytes_both_ways_with_a_slow_reader(pem: Certificates) -> None:
    """Nobody's memory holds what the other has not taken: reading is paused, writing waits."""
    size = 6_000_000

    async def handler(stream: Stream) -> None:
        await stream.write(bytes(range(256)) * (size // 256))
        await stream.write(b"end\n")

    async def client(stream: Stream) -> None:
        await asyncio.sleep(0.3)
        held = stream._pump.connection.unread
        assert held < 1_500_000, "the pump did not hold the peer back"
        got = 0
        while got < size // 256 * 256:
            got += len(await stream.read())
            if got > size // 256 * 256:
                break

    await served(pem, handler, client)


async def test_an_end_without_goodbye_is_seen(pem: Certificates) -> None:
    """Whoever cuts the connection cannot make a part look like the whole."""

    async def handler(stream: Stream) -> None:
        await stream.write(b"half of it")
        assert stream._pump.transport is not None
        stream._pump.transport.close()
        await asyncio.sleep(0.05)

    async def client(stream: Stream) -> None:
        assert await stream.readexactly(10) == b"half of it"
        with pytest.raises(errors.Truncated):
            await stream.read()

    await served(pem, handler, client)


async def test_writing_to_nobody(pem: Certificates) -> None:
    async def handler(stream: Stream) -> None:
        stream._pump.abort()

    async def client(stream: Stream) -> None:
        await asyncio.sleep(0.1)
        with pytest.raises(errors.StartTLSError):
            for _ in range(10):
                await stream.write(b"x" * 100000)

    await served(pem, handler, client)


async def test_closing_twice(pem: Certificates) -> None:
    async def handler(stream: Stream) -> None:
        await stream.read()

    async def client(stream: Stream) -> None:
        await stream.close()
        await stream.close()
        with pytest.raises(errors.Misuse):
            await stream.write(b"x")

    await served(pem, handler, client)


async def test_data_channels_of_ftp(pem: Certificates) -> None:
    """PBSZ and PROT inside TLS; what the server says behind them is the caller's."""

    async def handler(stream: Stream) -> None:
        assert await stream.readline() == b"PBSZ 0\r\n"
        await stream.write(b"200 PBSZ=0\r\n")
        assert await stream.readline() == b"PROT P\r\n"
        await stream.write(b"200-private\r\n200 now\r\n230 and more\r\n")

    async with listen("ftp://127.0.0.1:0", handler, certificate=pem.server) as server:
        async with await connect(f"ftp://localhost:{server.addresses[0][1]}", ca_file=pem.ca) as stream:
            await stream.protect()
            assert await stream.readline() == b"230 and more\r\n"


async def test_protecting_what_has_no_data_channels(pem: Certificates) -> None:
    async def client(stream: Stream) -> None:
        with pytest.raises(errors.Misuse):
            await stream.protect()

    await served(pem, lambda stream: stream.close(), client)
