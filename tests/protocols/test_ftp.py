"""FTP, beyond what its transcripts can say; and what every dialogue inside TLS must keep to."""

import pytest

from starttls.core.errors import Misuse, PeerError, PlaintextAfterGoAhead, Refused, TooLong
from starttls.core.facts import ClientSetup, ServerSetup
from starttls.core.outcome import Finished, Upgrade
from starttls.core.talk import Steps, Talk
from starttls.core.transcript import Side
from starttls.protocols.ftp import FTP
from starttls.protocols.smtp import SMTP

SETUP = ClientSetup(entropy=bytes(16))
GREETING = b"220 ftp.example.org ready\r\n"


def client(*segments: bytes) -> Talk:
    talk = FTP.as_client(SETUP)
    for segment in segments:
        talk.receive_data(segment)
    return talk


def server(*segments: bytes) -> Talk:
    talk = FTP.as_server(ServerSetup(entropy=bytes(20)))
    for segment in segments:
        talk.receive_data(segment)
    return talk


def inside(*segments: bytes) -> Talk:
    talk = FTP.as_inside(SETUP)
    for segment in segments:
        talk.receive_data(segment)
    return talk


def test_the_greeting_is_kept() -> None:
    talk = client(b"220-Welcome\r\nto the\x1b[2J\r\n220 server\r\n", b"234 go\r\n")
    assert isinstance(talk.outcome, Upgrade)
    assert talk.outcome.said == {"greeting": ("Welcome", "to the\\x1b[2J", "server")}


def test_every_wait_has_its_name() -> None:
    assert str(client().waiting_for) == "the greeting (RFC 959 §5.4, 220)"
    assert str(client(b"120 soon\r\n").waiting_for) == "the greeting (RFC 959 §5.4, 220)"
    assert str(client(GREETING).waiting_for) == "the go-ahead (RFC 4217 §4, 234)"
    assert str(server().waiting_for) == "a command (RFC 959 §5.3)"
    assert str(inside().waiting_for) == "the protection of data channels (RFC 4217 §9, 200)"


def test_lines_and_replies_are_bounded() -> None:
    assert isinstance(client(b"220 " + b"x" * 2100).outcome, TooLong)
    assert isinstance(client(b"220-x\r\n", *[b"y" * 1000 + b"\r\n"] * 140).outcome, TooLong)
    assert isinstance(server(b"x" * 1100).outcome, TooLong)
    assert isinstance(server(*[b"NOOP\r\n"] * 3000).outcome, TooLong)
    assert isinstance(inside(b"200-x\r\n" * 20000).outcome, TooLong)


def test_after_a_refusal_nothing_more_is_said() -> None:
    talk = client(GREETING)
    assert talk.data_to_send() == b"AUTH TLS\r\n"
    talk.receive_data(b"500 what?\r\n331 password\r\n230 in\r\n")
    assert isinstance(talk.outcome, Refused)
    assert talk.data_to_send() == b""
    assert talk.untaken > 0  # so that no caller goes on in plaintext by name


@pytest.mark.parametrize("command", [b"PASS correct horse", b"pass correct horse", b"ACCT correct horse"])
def test_a_secret_is_in_no_transcript_and_in_no_error(command: bytes) -> None:
    talks = [
        server(b"USER alice\r\n" + command + b"\r\n"),
        server(b"AUTH TLS\r\nUSER alice\r\n" + command + b"\r\n"),
        server(b"USER alice\r\n" + command[:8], command[8:] + b"\r\n"),
    ]
    assert isinstance(talks[1].outcome, PlaintextAfterGoAhead)
    for talk in talks:
        talk.receive_data(b"")
        assert "alice" in talk.transcript.text
        assert "correct" not in talk.transcript.text
        assert "horse" not in talk.transcript.text
        assert "correct" not in str(talk.outcome)


# -- inside TLS ----------------------------------------------------------------------------------------------


def test_the_data_channels_become_private() -> None:
    talk = FTP.as_inside(SETUP)
    assert talk.data_to_send() == b"PBSZ 0\r\n"
    talk.receive_data(b"200 PBSZ=0\r\n")
    assert talk.data_to_send() == b"PROT P\r\n"
    talk.receive_data(b"200 private\r\n")
    assert talk.outcome == Finished()
    assert talk.waiting_for is None
    assert "inside: yes" in talk.transcript.text


def test_what_stands_behind_a_dialogue_inside_tls_is_the_callers() -> None:
    talk = inside(b"200 PBSZ=0\r\n200 private\r\n221 bye\r\n")
    assert talk.outcome == Finished(b"221 bye\r\n")
    assert talk.untaken == 0
    with pytest.raises(Misuse):
        talk.receive_data(b"more")


def test_a_dialogue_inside_tls_fails_like_any_other() -> None:
    outcome = inside(b"200 PBSZ=0\r\n", b"536 no\r\n").outcome
    assert isinstance(outcome, PeerError)
    assert str(outcome) == (
        "ftp: refused: 536 no (permanent) while waiting for the protection of data channels (RFC 4217 §9, 200)"
    )


def test_no_proof_comes_out_of_a_dialogue_inside_tls() -> None:
    def steps(talk: Talk) -> Steps[None]:
        yield
        talk.upgrade()

    talk = Talk("test", Side.CLIENT, inside=True)
    talk.begin(steps(talk))
    with pytest.raises(Misuse, match="inside TLS cannot upgrade"):
        talk.receive_data(b"x")
    assert talk.outcome is None


def test_a_dialogue_before_tls_does_not_just_finish() -> None:
    def steps(talk: Talk) -> Steps[None]:
        yield
        talk.finish()

    talk = Talk("test", Side.CLIENT)
    talk.begin(steps(talk))
    with pytest.raises(Misuse, match="ends in an upgrade or in an error"):
        talk.receive_data(b"x")


def test_a_protocol_without_a_dialogue_inside_tls_says_so() -> None:
    with pytest.raises(Misuse, match="smtp has nothing to say inside TLS"):
        SMTP.as_inside(SETUP)
