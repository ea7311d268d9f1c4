"""POP3, beyond what its transcripts can say."""

import pytest

from starttls.core.errors import NotOffered, PlaintextAfterGoAhead, Refusal, Refused, TooLong, Unexpected
from starttls.core.facts import ClientSetup, ServerSetup
from starttls.core.outcome import Upgrade
from starttls.core.talk import Talk
from starttls.protocols.pop3 import POP3

GREETING = b"+OK ready\r\n"
LIST = b"+OK\r\nTOP\r\nSTLS\r\n.\r\n"


def client(*segments: bytes) -> Talk:
    talk = POP3.as_client(ClientSetup(entropy=bytes(16)))
    for segment in segments:
        talk.receive_data(segment)
    return talk


def server(*segments: bytes) -> Talk:
    talk = POP3.as_server(ServerSetup(entropy=bytes(20), name="mail.example.org"))
    for segment in segments:
        talk.receive_data(segment)
    return talk


@pytest.mark.parametrize(
    "status", [b"+ok", b"+Ok x", b"+OKAY", b"+OK\tx", b"OK", b"-err x", b"-ERRx", b" +OK", b"", b"+"]
)
def test_the_indicator_is_a_whole_word_in_upper_case(status: bytes) -> None:
    for before in ([], [GREETING], [GREETING, LIST]):
        assert isinstance(client(*before, status + b"\r\n").outcome, Unexpected)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"-ERR", Refusal.PERMANENT),
        (b"-ERR x", Refusal.PERMANENT),
        (b"-ERR [AUTH] x", Refusal.PERMANENT),
        (b"-ERR [SYS/PERM] x", Refusal.PERMANENT),
        (b"-ERR [SYS/TEMP] x", Refusal.TEMPORARY),
        (b"-ERR [IN-USE] x", Refusal.TEMPORARY),
        (b"-ERR [LOGIN-DELAY] x", Refusal.THROTTLED),
    ],
)
def test_how_long_a_refusal_lasts(answer: bytes, kind: Refusal) -> None:
    for before in ([], [GREETING, LIST]):
        outcome = client(*before, answer + b"\r\n").outcome
        assert isinstance(outcome, Refused)
        assert outcome.kind is kind


def test_a_refused_capa_says_nothing_about_stls() -> None:
    talk = client(GREETING, b"-ERR what?\r\n")
    assert talk.outcome is None
    assert talk.data_to_send() == b"CAPA\r\nSTLS\r\n"
    talk.receive_data(b"+OK\r\n")
    assert isinstance(talk.outcome, Upgrade)


def test_an_answered_capa_without_stls_is_the_end() -> None:
    talk = client(GREETING, b"+OK\r\nUSER\r\n.\r\n", b"+OK\r\n")
    assert isinstance(talk.outcome, NotOffered)
    assert talk.outcome.offered == ("USER",)
    assert talk.data_to_send() == b"CAPA\r\n"


def test_a_greeting_of_many_lines_is_seen_before_stls() -> None:
    talk = client(b"+OK 2 messages (320 octets)\r\n1 120\r\n2 200\r\n.\r\n")
    assert isinstance(talk.outcome, Unexpected)
    assert talk.data_to_send() == b"CAPA\r\n"


def test_one_answer_too_many_is_seen_at_the_go_ahead() -> None:
    outcome = client(GREETING, LIST + b"+OK\r\n+OK the real one\r\n").outcome
    assert isinstance(outcome, PlaintextAfterGoAhead)
    assert outcome.leftover == b"+OK the real one\r\n"


def test_what_was_said_is_noted_and_untrusted() -> None:
    talk = client(b"+OK <1@x> hi\r\n", b"+OK\r\n..\r\n..x\r\nSTLS\r\n.\r\n", b"+OK\r\n")
    assert isinstance(talk.outcome, Upgrade)
    assert talk.outcome.said == {"greeting": ("<1@x> hi",), "capabilities": (".", ".x", "STLS")}


def test_every_wait_has_its_name() -> None:
    said = [GREETING, LIST]
    assert [str(client(*said[:count]).waiting_for) for count in range(3)] == [
        "the greeting (RFC 1939 §4, +OK)",
        "the answer to CAPA (RFC 2449 §5, +OK or -ERR)",
        "the go-ahead (RFC 2595 §4, +OK)",
    ]
    assert str(server().waiting_for) == "a command (RFC 2449 §4)"


def test_endless_data_ends() -> None:
    assert isinstance(client(b"+OK " + b"x" * 65536).outcome, TooLong)
    assert isinstance(client(GREETING, b"+OK\r\n", *[b"TOP\r\n" * 1000] * 30).outcome, TooLong)
    assert isinstance(server(b"x" * 65536).outcome, TooLong)
    assert isinstance(server(*[b"CAPA\r\n"] * 3000).outcome, TooLong)


def test_no_login_is_offered_or_taken_before_tls() -> None:
    assert server(b"CAPA\r\n").data_to_send().splitlines()[1:] == [b"+OK Capability list follows", b"STLS", b"."]
    assert b"<" not in server().data_to_send()  # a timestamp would offer APOP
    for login in (b"USER joe", b"PASS secret", b"APOP joe 0123", b"AUTH PLAIN =", b"auth"):
        talk = server(login + b"\r\n")
        assert talk.data_to_send().endswith(b"\r\n-ERR No login before STLS\r\n")


def test_a_password_is_not_kept() -> None:
    text = server(b"USER joe\r\n", b"PASS correct horse\r\n", b"APOP joe 01234567\r\n").transcript.text
    assert "PASS [redacted]" in text
    assert "APOP [redacted]" in text
    assert "horse" not in text
