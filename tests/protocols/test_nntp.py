"""NNTP, beyond what its transcripts can say."""

import pytest

from starttls.core.errors import PlaintextAfterGoAhead, Refusal, Refused, TooLong
from starttls.core.facts import ClientSetup, ServerSetup
from starttls.core.outcome import Upgrade
from starttls.core.talk import Talk
from starttls.protocols.nntp import NNTP

GREETING = b"200 news.example.org ready\r\n"
OFFER = b"101 list\r\nVERSION 2\r\nSTARTTLS\r\n.\r\n"


def client(*segments: bytes) -> Talk:
    talk = NNTP.as_client(ClientSetup(entropy=bytes(16)))
    for segment in segments:
        talk.receive_data(segment)
    return talk


def server(*segments: bytes) -> Talk:
    talk = NNTP.as_server(ServerSetup(entropy=bytes(20)))
    for segment in segments:
        talk.receive_data(segment)
    return talk


def test_what_was_said_is_kept() -> None:
    talk = client(GREETING, b"101 list\r\nVERSION 2\r\n..x\r\nSTARTTLS\r\n.\r\n", b"382 go\r\n")
    assert isinstance(talk.outcome, Upgrade)
    assert talk.outcome.said == {
        "greeting": ("news.example.org ready",),
        "capabilities": ("VERSION 2", ".x", "STARTTLS"),
    }


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (400, Refusal.TEMPORARY),
        (403, Refusal.TEMPORARY),
        (480, Refusal.PERMANENT),
        (483, Refusal.PERMANENT),
        (500, Refusal.PERMANENT),
        (502, Refusal.PERMANENT),
        (580, Refusal.PERMANENT),
    ],
)
def test_how_long_a_refusal_lasts(code: int, kind: Refusal) -> None:
    """Here 4xx is not "not now", as it is in SMTP and FTP."""
    outcome = client(GREETING, OFFER, b"%d no\r\n" % code).outcome
    assert isinstance(outcome, Refused)
    assert outcome.kind is kind


def test_every_wait_has_its_name() -> None:
    assert str(client().waiting_for) == "the greeting (RFC 3977 §5.1, 200 or 201)"
    assert str(client(GREETING).waiting_for) == "the capabilities (RFC 3977 §5.2, 101)"
    assert str(client(GREETING, b"101 list\r\n").waiting_for) == "the capabilities (RFC 3977 §5.2, 101)"
    reader = client(GREETING, b"101 list\r\nMODE-READER\r\n.\r\n")
    assert str(reader.waiting_for) == "the reading mode (RFC 3977 §5.3, 200 or 201)"
    assert str(client(GREETING, OFFER).waiting_for) == "the go-ahead (RFC 4642 §2.2, 382)"
    assert str(server().waiting_for) == "a command (RFC 3977 §3.1)"


def test_lines_and_lists_are_bounded() -> None:
    assert isinstance(client(b"200 " + b"x" * 2100).outcome, TooLong)
    assert isinstance(client(GREETING, b"101 list\r\n", *[b"X" * 1000 + b"\r\n"] * 140).outcome, TooLong)
    assert isinstance(server(b"x" * 1100).outcome, TooLong)
    assert isinstance(server(*[b"DATE\r\n"] * 3000).outcome, TooLong)


@pytest.mark.parametrize(
    "command", [b"AUTHINFO PASS correct horse", b"authinfo  pass\tcorrect horse", b"AUTHINFO SASL PLAIN correct horse"]
)
def test_a_secret_is_in_no_transcript_and_in_no_error(command: bytes) -> None:
    talks = [
        server(b"AUTHINFO USER alice\r\n" + command + b"\r\n"),
        server(b"STARTTLS\r\nAUTHINFO USER alice\r\n" + command + b"\r\n"),
        server(b"AUTHINFO USER alice\r\n" + command[:-9], command[-9:] + b"\r\n"),
    ]
    assert isinstance(talks[1].outcome, PlaintextAfterGoAhead)
    for talk in talks:
        talk.receive_data(b"")
        assert "alice" in talk.transcript.text
        assert "correct" not in talk.transcript.text
        assert "horse" not in talk.transcript.text
        assert "correct" not in str(talk.outcome)
