"""Blocking reads and writes: lines, limits, time, ends; and FTP's data channels."""

import socket
import struct
import time

import pytest

from starttls.asyncio.stream import Stream as ServerStream
from starttls.core import errors
from starttls.sync.client import connect
from starttls.tls.plan import Timeouts
from tests.asyncio.conftest import Certificates
from tests.asyncio.peers import honest, in_a_thread


async def pieces(stream: ServerStream) -> None:
    await stream.write(b"one\r\ntwo\r\nxx1234567rest<end>tail")


async def silent(stream: ServerStream) -> None:
    await stream.read()


async def cut(stream: ServerStream) -> None:
    await stream.write(b"half")
    assert stream._pump.transport is not None
    stream._pump.transport.close()


async def reset(stream: ServerStream) -> None:
    assert stream._pump.transport is not None
    sock = stream._pump.transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    stream._pump.abort()


async def answers_ftp(stream: ServerStream) -> None:
    assert await stream.readline() == b"PBSZ 0\r\n"
    await stream.write(b"200 PBSZ=0\r\n")
    assert await stream.readline() == b"PROT P\r\n"
    await stream.write(b"200 private\r\n")
    await stream.write((await stream.readline()).upper())


def test_lines_counts_and_markers(pem: Certificates) -> None:
    with in_a_thread(lambda: honest("smtp", pem.server, pieces)) as port:
        with connect(f"smtp://localhost:{port}", ca_file=pem.ca) as stream:
            assert stream.readline() == b"one\r\n"
            assert stream.readline() == b"two\r\n"
            assert stream.read(2) == b"xx"
            assert stream.readexactly(7) == b"1234567"
            assert stream.readuntil(b"<end>") == b"rest<end>"
            assert stream.readline() == b"tail"
            assert stream.read() == b""


def test_a_read_is_bounded_in_time(pem: Certificates) -> None:
    with in_a_thread(lambda: honest("smtp", pem.server, silent)) as port:
        with connect(f"smtp://localhost:{port}", ca_file=pem.ca, timeouts=Timeouts(wait=5)) as stream:
            stream.timeout = 0.2
            began = time.monotonic()
            with pytest.raises(errors.TimedOut):
                stream.read()
            assert time.monotonic() - began < 2


def test_an_end_without_goodbye_is_seen(pem: Certificates) -> None:
    with in_a_thread(lambda: honest("smtp", pem.server, cut)) as port:
        with connect(f"smtp://localhost:{port}", ca_file=pem.ca) as stream:
            assert stream.readexactly(4) == b"half"
            with pytest.raises(errors.Truncated):
                stream.read()


def test_writing_to_nobody(pem: Certificates) -> None:
    with in_a_thread(lambda: honest("smtp", pem.server, reset)) as port:
        with connect(f"smtp://localhost:{port}", ca_file=pem.ca) as stream:
            with pytest.raises(errors.ClosedEarly, match="connection reset by the peer"):
                for _ in range(100):
                    stream.write(b"x")
                    time.sleep(0.01)


def test_data_channels_of_ftp(pem: Certificates) -> None:
    with in_a_thread(lambda: honest("ftp", pem.server, answers_ftp)) as port:
        with connect(f"ftp://localhost:{port}", ca_file=pem.ca) as stream:
            stream.protect()
            stream.write(b"pasv\r\n")
            assert stream.readline() == b"PASV\r\n"


def test_closing_twice(pem: Certificates) -> None:
    with in_a_thread(lambda: honest("smtp", pem.server, silent)) as port:
        stream = connect(f"smtp://localhost:{port}", ca_file=pem.ca)
        stream.close()
        stream.close()
        with pytest.raises(errors.Misuse):
            stream.write(b"x")
