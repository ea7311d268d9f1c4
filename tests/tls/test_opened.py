"""What is known of an open connection: before TLS, without TLS, and a dialogue inside it."""

import pytest

from starttls.core.errors import Misuse, Refused
from starttls.core.facts import ClientSetup
from starttls.core.talk import Talk
from starttls.protocols.ftp import FTP
from starttls.protocols.smtp import SMTP
from starttls.tls.connection import Connection
from starttls.tls.level import Level
from starttls.tls.opened import Opened
from starttls.tls.session import TLSSession


def no_tls(_: object) -> TLSSession:
    raise AssertionError


def opened(fallback: bytes = b"220 x\r\n") -> Opened:
    connection = Connection.client(FTP, ClientSetup(entropy=bytes(16)), no_tls, fallback=True)
    connection.receive_data(fallback)
    return Opened(connection)


def inside(*answers: bytes) -> Talk:
    talk = opened()._talk_inside()
    for answer in answers:
        talk.receive_data(answer)
    return talk


def test_without_tls() -> None:
    stream = opened()
    assert (stream.level, stream.tls, stream.upgrade) == (Level.NONE, None, None)
    assert stream.said["greeting"] == ("x",)


def test_what_comes_behind_a_dialogue_inside_is_read_next() -> None:
    stream = opened()
    stream._finished(inside(b"200 PBSZ=0\r\n", b"200 private\r\n230 more\r\n"))
    assert stream._reader.read(100) == b"230 more\r\n"


def test_a_refusal_inside_is_raised() -> None:
    with pytest.raises(Refused, match="530"):
        opened()._finished(inside(b"530 log in first\r\n"))


def test_only_ftp_has_something_to_say_inside() -> None:
    with pytest.raises(Misuse, match="nothing to say inside TLS"):
        Opened(Connection.client(SMTP, ClientSetup(entropy=bytes(16)), no_tls))._talk_inside()
