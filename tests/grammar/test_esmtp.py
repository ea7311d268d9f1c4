"""The dialogue of SMTP and LMTP, with a dialect of neither: what the two share."""

import pytest

from starttls.core.errors import Misuse, NotOffered, TooLong, Unexpected
from starttls.core.facts import ClientSetup, ServerSetup
from starttls.core.outcome import Upgrade
from starttls.core.talk import Talk
from starttls.core.transcript import Side
from starttls.grammar import esmtp

DIALECT = esmtp.Dialect(
    hello=b"XHLO",
    service=b"XMTP",
    keywords=(b"ONE", b"TWO 2"),
    held_back=frozenset({b"HOLD"}),
)


def client(*segments: bytes, unoffered: bool = False) -> Talk:
    talk = Talk("x", Side.CLIENT)
    talk.begin(esmtp.client(talk, ClientSetup(entropy=bytes(16), me="me.example", unoffered=unoffered), DIALECT))
    for segment in segments:
        talk.receive_data(segment)
    return talk


def server(*segments: bytes) -> Talk:
    talk = Talk("x", Side.SERVER)
    talk.begin(esmtp.server(talk, ServerSetup(entropy=bytes(20), name="it.example"), DIALECT))
    for segment in segments:
        talk.receive_data(segment)
    return talk


def test_the_client_speaks_its_dialect_and_never_first() -> None:
    talk = client()
    assert talk.data_to_send() == b""
    talk.receive_data(b"220 it\r\n")
    assert talk.data_to_send() == b"XHLO me.example\r\n"


def test_the_server_speaks_its_dialect() -> None:
    talk = server(b"XHLO me\r\n", b"hold on\r\n", b"EHLO me\r\n")
    assert talk.data_to_send() == (
        b"220 it.example XMTP\r\n"
        b"250-it.example\r\n250-ONE\r\n250-TWO 2\r\n250 STARTTLS\r\n"
        b"530 5.7.0 Must issue a STARTTLS command first\r\n"
        b"500 5.5.2 Command not recognized\r\n"
    )


def test_a_name_cannot_hold_a_command() -> None:
    with pytest.raises(Misuse):
        ClientSetup(entropy=bytes(16), me="me\r\nMAIL FROM:<eve@example.com>")
    with pytest.raises(Misuse):
        ServerSetup(entropy=bytes(20), name="it\n250 x")


def test_what_was_said_is_noted_and_untrusted() -> None:
    talk = client(b"220-hi\r\n220 there\r\n", b"250-it\r\n250-SIZE 1\r\n250 STARTTLS\r\n", b"220 go\r\n")
    assert isinstance(talk.outcome, Upgrade)
    assert talk.outcome.said == {"greeting": ("hi", "there"), "capabilities": ("SIZE 1", "STARTTLS")}


def test_the_name_of_the_client_is_noted() -> None:
    talk = server(b"XHLO a\x1b\r\n", b"STARTTLS\r\n")
    assert isinstance(talk.outcome, Upgrade)
    assert talk.outcome.said == {"hello": ("a\\x1b",)}


def test_what_was_offered_is_the_evidence() -> None:
    outcome = client(b"220 it\r\n", b"250-it\r\n250-SIZE 1\r\n250 \xff\r\n").outcome
    assert isinstance(outcome, NotOffered)
    assert outcome.offered == ("SIZE 1", "\\xff")


def test_nothing_is_sent_after_an_end() -> None:
    talk = client(b"220 it\r\n", b"250 it\r\n")
    assert talk.data_to_send() == b"XHLO me.example\r\n"
    talk.receive_data(b"220 go\r\n")
    assert talk.data_to_send() == b""


def test_every_wait_has_its_name() -> None:
    said = [b"220 it\r\n", b"250-it\r\n250 STARTTLS\r\n", b"220"]
    names = [str(client(*said[:count]).waiting_for) for count in range(4)]
    assert names == [
        "the greeting (RFC 5321 §4.2, 220)",
        "the answer to the hello (RFC 5321 §4.1.1.1, 250)",
        "the go-ahead (RFC 3207 §4, 220)",
        "the go-ahead (RFC 3207 §4, 220)",
    ]
    assert str(server().waiting_for) == "a command (RFC 5321 §4.1.1)"


def test_an_error_says_what_was_waited_for() -> None:
    assert str(client(b"220 it\r\n", b"? \r\n").outcome) == (
        "x: unexpected '? ', expected a reply of three digits"
        " while waiting for the answer to the hello (RFC 5321 §4.1.1.1, 250)"
    )


@pytest.mark.parametrize("said", [0, 1, 2])
def test_an_endless_line_ends(said: int) -> None:
    before = [b"220 it\r\n", b"250-it\r\n250 STARTTLS\r\n"][:said]
    assert isinstance(client(*before, b"220 " + b"x" * 65536 + b"\r\n").outcome, TooLong)
    assert isinstance(client(*before, *[b"x"] * 4096).outcome, TooLong)


def test_a_line_may_be_as_long_as_it_may() -> None:
    talk = client(b"220 " + b"x" * 2042 + b"\r\n")
    assert talk.outcome is None
    assert isinstance(client(b"220 " + b"x" * 2043 + b"\r\n").outcome, TooLong)


def test_an_endless_offer_ends() -> None:
    assert isinstance(client(b"220 it\r\n", *[b"250-SIZE\r\n" * 1000] * 20).outcome, TooLong)


def test_an_endless_command_ends() -> None:
    assert isinstance(server(b"NOOP " + b"x" * 65536).outcome, TooLong)
    assert isinstance(server(b"x" * 1100).outcome, TooLong)


@pytest.mark.parametrize("verb", [b"STARTTLS", b"starttls", b"StartTLS  ", b"STARTTLS\t"])
def test_starttls_is_a_word_in_any_case(verb: bytes) -> None:
    assert isinstance(server(verb + b"\r\n").outcome, Upgrade)


@pytest.mark.parametrize(
    "line", [b" STARTTLS", b"START TLS", b"STARTTLSX", b"XSTARTTLS", b"STARTTLS x", b"\xefSTARTTLS"]
)
def test_starttls_is_a_whole_word_alone(line: bytes) -> None:
    assert not isinstance(server(line + b"\r\n").outcome, Upgrade)


@pytest.mark.parametrize("line", [b"", b" ", b"\xff", b"12", b"EHLO\tme", b"a-b", b"<x>"])
def test_what_is_no_command_ends_it(line: bytes) -> None:
    talk = server(line + b"\r\n", b"STARTTLS\r\n")
    assert isinstance(talk.outcome, Unexpected)
    assert talk.data_to_send() == b"220 it.example XMTP\r\n"
