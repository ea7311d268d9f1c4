"""Lines, counts and limits over an open connection, without I/O."""

import pytest

from starttls.core.errors import ClosedEarly, Misuse, TooLong
from starttls.core.facts import ClientSetup
from starttls.protocols.smtp import SMTP
from starttls.tls.connection import Connection, Phase
from starttls.tls.reader import Reader
from starttls.tls.session import TLSSession


def no_tls(_: object) -> TLSSession:
    raise AssertionError


@pytest.fixture
def plain() -> Connection:
    """The simplest open connection: one in plaintext, asked for by name."""
    setup = ClientSetup(entropy=bytes(16))
    connection = Connection.client(SMTP, setup, no_tls, fallback=True)
    connection.receive_data(b"220 x\r\n")
    connection.receive_data(b"250 x\r\n")
    assert connection.phase is Phase.PLAIN
    return connection


def test_not_yet_and_the_end(plain: Connection) -> None:
    reader = Reader(plain)
    assert reader.read(10) is None
    plain.receive_data(b"abc")
    assert reader.read(2) == b"ab"
    assert reader.read(2) == b"c"
    plain.receive_data(b"")
    assert reader.read(2) == b""
    with pytest.raises(Misuse):
        reader.read(0)


def test_until_takes_no_byte_more(plain: Connection) -> None:
    reader = Reader(plain)
    plain.receive_data(b"one\r")
    assert reader.until(b"\r\n", 100) is None
    plain.receive_data(b"\ntwo\r\nthr")
    assert reader.until(b"\r\n", 100) == b"one\r\n"
    assert reader.until(b"\r\n", 100) == b"two\r\n"
    assert reader.read(100) == b"thr"


@pytest.mark.parametrize("pieces", [[b"x" * 50, b"x" * 51 + b"\n"], [b"x" * 100 + b"\n"], [b"x" * 300]])
def test_until_is_bounded(plain: Connection, pieces: list[bytes]) -> None:
    reader = Reader(plain)
    with pytest.raises(TooLong):
        for piece in pieces:
            plain.receive_data(piece)
            reader.until(b"\n", 100)


def test_the_end_within_a_line(plain: Connection) -> None:
    reader = Reader(plain)
    plain.receive_data(b"no end")
    plain.receive_data(b"")
    with pytest.raises(ClosedEarly):
        reader.until(b"\n", 100)
    with pytest.raises(ClosedEarly):
        reader.exactly(7)
    assert reader.until(b"\n", 100, or_end=True) == b"no end"
    assert reader.until(b"\n", 100, or_end=True) == b""


def test_exactly(plain: Connection) -> None:
    reader = Reader(plain)
    plain.receive_data(b"12345")
    assert reader.exactly(6) is None
    plain.receive_data(b"678")
    assert reader.exactly(6) == b"123456"
    assert reader.exactly(2) == b"78"
