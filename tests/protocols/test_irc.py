"""IRC, beyond what its transcripts can say."""

import pytest

from starttls.core.errors import PlaintextAfterGoAhead, Refusal, Refused, TooLong, Unexpected
from starttls.core.facts import ClientSetup, ServerSetup
from starttls.core.outcome import Upgrade
from starttls.core.talk import Talk
from starttls.protocols.irc import IRC

OFFER = b":irc.example.org CAP * LS :batch tls\r\n"
GO_AHEAD = b":irc.example.org 670 * :go\r\n"


def client(*segments: bytes) -> Talk:
    talk = IRC.as_client(ClientSetup(entropy=bytes(16)))
    for segment in segments:
        talk.receive_data(segment)
    return talk


def server(*segments: bytes) -> Talk:
    talk = IRC.as_server(ServerSetup(entropy=bytes(20), name="irc.example.org"))
    for segment in segments:
        talk.receive_data(segment)
    return talk


def test_every_wait_has_its_name() -> None:
    assert str(client().waiting_for) == "the capabilities (IRCv3 capability negotiation, CAP LS)"
    assert str(client(b"NOTICE * :x\r\n").waiting_for) == "the capabilities (IRCv3 capability negotiation, CAP LS)"
    assert str(client(OFFER).waiting_for) == "the go-ahead (IRCv3 tls extension, 670)"
    assert str(server().waiting_for) == "a command (RFC 1459 §4)"


def test_what_was_said_is_kept_and_marked() -> None:
    notice = b":irc.example.org NOTICE * :\x1b[1mwelcome\x07\r\n"
    outcome = client(notice + b"CAP * LS * :a\r\n" + OFFER, notice + GO_AHEAD).outcome
    assert isinstance(outcome, Upgrade)
    assert outcome.said == {
        "notice": (r"\x1b[1mwelcome\x07", r"\x1b[1mwelcome\x07"),
        "capabilities": ("a", "batch", "tls"),
    }


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (b"263 * STARTTLS :later", Refusal.THROTTLED),
        (b"010 * irc2 6667 :there", Refusal.TEMPORARY),
        (b"ERROR :bye", Refusal.TEMPORARY),
        (b"ERROR", Refusal.TEMPORARY),
        (b"691 * :no", Refusal.PERMANENT),
        (b"421 * STARTTLS :what", Refusal.PERMANENT),
        (b"451 * :first register", Refusal.PERMANENT),
        (b"465 * :banned", Refusal.PERMANENT),
        (b"502 * :no", Refusal.PERMANENT),
        (b"FAIL STARTTLS CODE :no", Refusal.PERMANENT),
    ],
)
def test_how_long_a_refusal_lasts(reply: bytes, kind: Refusal) -> None:
    outcome = client(OFFER, reply + b"\r\n").outcome
    assert isinstance(outcome, Refused)
    assert outcome.kind is kind


@pytest.mark.parametrize(
    ("line", "limit"),
    [
        (b"NOTICE * :" + b"x" * 501, 512),  # RFC 1459 §2.3: 512 with the CRLF
        (b":" + b"x" * 510 + b" 670", 512),
        (b"@a=" + b"x" * 8300 + b" NOTICE * :" + b"y" * 501, 8703),
        (b"x" * 9000, 8703),
    ],
)
def test_every_line_is_bounded(line: bytes, limit: int) -> None:
    outcome = client(line + b"\r\n").outcome
    assert isinstance(outcome, TooLong)
    assert outcome.limit == limit


def test_a_line_may_be_as_long_as_its_limit() -> None:
    longest = b"NOTICE * :" + b"x" * 500
    talk = client(longest + b"\r\n", b"@" + b"t" * 8189 + b" " + longest + b"\r\n")
    assert talk.outcome is None


def test_endless_notices_end() -> None:
    talk = client()
    heard = 0
    while talk.outcome is None:
        talk.receive_data(b"NOTICE * :still looking up your hostname\r\n")
        heard += 42
        assert heard < 200_000
    assert isinstance(talk.outcome, TooLong)


@pytest.mark.parametrize("length", [1, 100, 500])
def test_no_line_of_the_server_is_too_long(length: int) -> None:
    for command in (b"PING :", b"CAP REQ :", b"CAP ", b""):
        talk = server(command + b"x" * (length - len(command)) + b"\r\n" if length > len(command) else b"PING :x\r\n")
        lines = talk.data_to_send().split(b"\r\n")
        assert all(len(line) <= 510 for line in lines)
        assert talk.outcome is None


@pytest.mark.parametrize(
    "line",
    [
        b"PASS hunter2",
        b"pass :hunter2",
        b"OPER alice hunter2",
        b":alice OPER alice hunter2",
        b"@a=b :alice PASS  hunter2",
        b"AUTHENTICATE hunter2",
        b"WEBIRC hunter2 gateway host 127.0.0.1",
        b"PRIVMSG NickServ :IDENTIFY hunter2",
        b"ChanServ IDENTIFY #c hunter2",
        b"MSG NickServ IDENTIFY hunter2",
        b"IDENTIFY hunter2",
        b"JOIN #c hunter2",
        b"PRIVMSG nickserv@services.example.org :IDENTIFY hunter2",
        b"NICKSERV IDENTIFY hunter2",
        b"NS IDENTIFY hunter2",
    ],
)
def test_secrets_are_not_shown(line: bytes) -> None:
    for cut in range(len(line)):
        talk = server(b"CAP LS\r\n" + line[:cut], line[cut:] + b"\r\nSTARTTLS\r\nSTARTTLS\r\n")
        assert isinstance(talk.outcome, PlaintextAfterGoAhead)
        assert "hunter2" not in talk.transcript.text
        assert "hunter2" not in talk.transcript.text.replace("\nC| ", "").replace("\nC: ", "")
    behind = server(b"STARTTLS\r\n" + line)
    assert "hunter2" not in behind.transcript.text + str(behind.outcome)


def test_what_only_looks_like_a_secret_stays() -> None:
    talk = server(b"PASSIVE\r\nPASS\r\nPRIVMSG #x :PASS hunter2\r\n", b"")
    assert "C: PASSIVE\nC: PASS\nC: PRIVMSG #x :PASS hunter2\n" in talk.transcript.text


def test_a_secret_in_what_is_no_message_is_not_shown() -> None:
    talk = server(b" PASS hunter2\r\n")
    assert isinstance(talk.outcome, Unexpected)
    assert "hunter2" not in talk.transcript.text + str(talk.outcome)
