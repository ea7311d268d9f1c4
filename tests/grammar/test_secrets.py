"""No secret of a client is kept: not in the text, not in an error, wherever the wire cuts it."""

from itertools import combinations

import pytest

from starttls.core.errors import PlaintextAfterGoAhead, TooLong, Unexpected
from starttls.core.facts import Protocol, ServerSetup
from starttls.core.outcome import Upgrade
from starttls.core.talk import Talk
from starttls.grammar import secrets
from starttls.protocols.ftp import FTP
from starttls.protocols.imap import IMAP
from starttls.protocols.lmtp import LMTP
from starttls.protocols.managesieve import MANAGESIEVE
from starttls.protocols.nntp import NNTP
from starttls.protocols.pop3 import POP3
from starttls.protocols.smtp import SMTP, SUBMISSION

redact = secrets.after("PASS", sasl=r"AUTH(?:[ \t]+[\w-]{1,20})?")


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (b"", b""),
        (b"NOOP\r\n", b"NOOP\r\n"),
        (b"PASS secret\r\n", b"PASS [redacted]\r\n"),
        (b"pass secret", b"pass [redacted]"),
        (b"PASS secret\n", b"PASS [redacted]\n"),
        (b"PASS  se cret \r\nNOOP\r\n", b"PASS [redacted]\r\nNOOP\r\n"),
        (b"USER a\r\nPASS b\r\nUSER c\r\nPASS d\r\n", b"USER a\r\nPASS [redacted]\r\nUSER c\r\nPASS [redacted]\r\n"),
        (b"PASS\r\n", b"PASS\r\n"),
        (b"PASS \r\n", b"PASS \r\n"),
        (b"PASSED me\r\n", b"PASSED me\r\n"),
        (b"COMPASS x\r\n", b"COMPASS x\r\n"),
        (b"AUTH PLAIN AGEAYg==\r\n", b"AUTH PLAIN [redacted]\r\n"),
        (b"AUTH PLAIN\tAGEAYg==\r\n", b"AUTH PLAIN\t[redacted]\r\n"),
        (b"AUTH =\r\n", b"AUTH [redacted]\r\n"),
        (b"AUTH LOGIN\r\nam9l\r\nc2VjcmV0\r\n", b"AUTH LOGIN\r\n[redacted]\r\n[redacted]\r\n"),
        (b'AUTH "LOGIN"\r\n"am9l"\r\n""\r\n', b"AUTH [redacted]\r\n[redacted]\r\n[redacted]\r\n"),
        (b"AUTH LOGIN\r\n{4+}\r\nam9l\r\nNOOP\r\n", b"AUTH LOGIN\r\n[redacted]\r\nNOOP\r\n"),
        (b"AUTH PLAIN AGEAYg==\r\nSTARTTLS\r\nQUIT\r\n", b"AUTH PLAIN [redacted]\r\nSTARTTLS\r\nQUIT\r\n"),
        (b"AUTH PLAIN x\r\nMAIL FROM:<a>\r\n", b"AUTH PLAIN [redacted]\r\nMAIL FROM:<a>\r\n"),
        (b"am9l\r\nAUTH LOGIN\r\n", b"am9l\r\nAUTH LOGIN\r\n"),
        (b"PASS {6}\r\nsecret\r\nNOOP\r\n", b"PASS [redacted]\r\nNOOP\r\n"),
        (b"PASS a {2+}\r\n\r\n {3+}\r\nb\r\n c\r\nNOOP\r\n", b"PASS [redacted]\r\nNOOP\r\n"),
        (b"PASS {6}\r\n", b"PASS [redacted]\r\n"),
        (b"PASS {6}\r\nsec", b"PASS [redacted]"),
        (b"PASS \xff\0\r\n", b"PASS [redacted]\r\n"),
        (b" \tPASS secret\r\n", b" \tPASS [redacted]\r\n"),
        (b"\xff\xf4PASS secret\r\n", b"\xff\xf4PASS [redacted]\r\n"),
        (b"PASS\0secret\r\n", b"PASS\0[redacted]\r\n"),
        (b"1PASS secret\r\n", b"1PASS secret\r\n"),
    ],
)
def test_what_is_kept(said: bytes, kept: bytes) -> None:
    assert redact(said) == kept


def server(protocol: Protocol, *segments: bytes) -> Talk:
    talk = protocol.as_server(ServerSetup(entropy=bytes(20)))
    for segment in segments:
        talk.receive_data(segment)
    return talk


LOGINS = [
    (SMTP, b"NOOP\r\nAUTH PLAIN AHh5enp5AHh5enp5\r\nNOOP\r\n"),
    (SUBMISSION, b"NOOP\r\nauth  plain\tAHh5enp5AHh5enp5\r\nNOOP\r\n"),
    (LMTP, b"NOOP\r\nAUTH LOGIN xyzzy\r\nNOOP\r\n"),
    (IMAP, b"1 NOOP\r\n2 LOGIN joe xyzzy\r\n3 NOOP\r\n"),
    (IMAP, b"1 NOOP\r\n2 login joe {5+}\r\nxyzzy\r\n3 NOOP\r\n"),
    (IMAP, b"1 NOOP\r\n2 LOGIN {3+}\r\njoe {5+}\r\nxyzzy\r\n3 NOOP\r\n"),
    (IMAP, b"1 NOOP\r\n2 AUTHENTICATE PLAIN xyzzy\r\n3 NOOP\r\n"),
    (POP3, b"NOOP\r\nUSER joe\r\nPASS x y xyzzy\r\nNOOP\r\n"),
    (POP3, b"NOOP\r\nAPOP joe xyzzy\r\nAUTH PLAIN xyzzy\r\n"),
    (MANAGESIEVE, b'NOOP\r\nAUTHENTICATE "PLAIN" "xyzzy"\r\nNOOP\r\n'),
    (MANAGESIEVE, b'NOOP\r\nAuthenticate "PLAIN" {5+}\r\nxyzzy\r\nNOOP\r\n'),
]
each_login = pytest.mark.parametrize(("protocol", "said"), LOGINS, ids=lambda value: getattr(value, "name", ""))


@each_login
def test_a_login_is_not_kept_wherever_it_is_cut(protocol: Protocol, said: bytes) -> None:
    """In three segments, cut at any two places: what is answered in between cuts the transcript there too."""
    for first, second in combinations(range(len(said) + 1), 2):
        pieces = [piece for piece in (said[:first], said[first:second], said[second:]) if piece]
        talk = server(protocol, *pieces)
        assert talk.outcome is None
        text = talk.transcript.text
        for part in (b"xyzzy", b"AHh5", b"enp5"):
            assert part.decode() not in text, (first, second, text)


@each_login
def test_a_login_behind_the_request_is_not_in_the_error(protocol: Protocol, said: bytes) -> None:
    verb = (b"x " if protocol is IMAP else b"") + protocol.verb.encode()
    talk = server(protocol, verb + b"\r\n" + said)
    assert isinstance(talk.outcome, PlaintextAfterGoAhead)
    for part in (b"xyzzy", b"AHh5"):
        assert part not in talk.outcome.leftover
        assert part.decode() not in str(talk.outcome) + talk.transcript.text


@each_login
def test_a_login_that_a_bare_lf_ends_is_not_in_the_error(protocol: Protocol, said: bytes) -> None:
    talk = server(protocol, said.replace(b"\r\n", b"\n").replace(b"NOOP\n", b"NOOP\r\n"))
    assert isinstance(talk.outcome, Unexpected)
    for part in (b"xyzzy", b"AHh5"):
        assert part not in talk.outcome.got
        assert part.decode() not in str(talk.outcome) + talk.transcript.text


def test_an_answer_without_a_challenge_is_not_in_the_error() -> None:
    talk = server(SMTP, b"AUTH LOGIN\r\nam9l\r\nc2VjcmV0\r\n")
    assert isinstance(talk.outcome, Unexpected)
    assert talk.outcome.got == b"[redacted]"
    assert "am9l" not in talk.transcript.text


def test_evidence_that_is_no_secret_is_shown_as_it_is() -> None:
    talk = server(SMTP, b"AUTH PLAIN x\r\n", b"<what?>\r\n")
    assert isinstance(talk.outcome, Unexpected)
    assert talk.outcome.got == b"<what?>"


ANSWERS = [
    (SMTP, [b"AUTH LOGIN\r\n", b"eHl6enk=\r\n", b"eHl6enl4\r\n"]),
    (LMTP, [b"AUTH PLAIN\r\nNO", b"OP\r\nAUTH PLAIN eHl6", b"enk=\r\n"]),
    (POP3, [b"AUTH LOGIN\r\n", b"eHl6enl4\r\n", b"eHl6enl4\r\nQUIT\r\n"]),
    (IMAP, [b"1 AUTHENTICATE LOGIN\r\n", b"eHl6enl4\r\n", b"eHl6enl4\r\n"]),
    (IMAP, [b"1 LOGIN joe {9}\r\n", b"xyzzy eHl6\r\n"]),
    (IMAP, [b"1 LOGIN {3}\r\n", b"joe {4}\r\n", b"eHl6\r\n"]),
    (MANAGESIEVE, [b'AUTHENTICATE "LOGIN"\r\n', b'"eHl6enl4"\r\n', b"{8+}\r\neHl6enl4\r\n"]),
    (NNTP, [b"AUTHINFO SASL PLAIN\r\n", b"eHl6enl4\r\n"]),
    (FTP, [b"ADAT eHl6", b"enl4\r\nPASS eHl6\r\n"]),
]


@pytest.mark.parametrize(("protocol", "segments"), ANSWERS, ids=lambda value: getattr(value, "name", ""))
def test_a_secret_behind_our_refusal_is_not_kept(protocol: Protocol, segments: list[bytes]) -> None:
    """A client that does not listen goes on with its login, each answer in a segment of its own."""
    talk = server(protocol, *segments)
    shown = talk.transcript.text + str(talk.outcome) + str(getattr(talk.outcome, "got", b""))
    for part in ("xyzzy", "eHl6", "enk=", "enl4"):
        assert part not in shown
    assert "[redacted]" in shown


def test_a_command_behind_our_refusal_is_kept() -> None:
    talk = server(IMAP, b"1 LOGIN joe {9}\r\n", b"2 NOOP\r\n", b"3 starttls\r\n")
    assert isinstance(talk.outcome, Upgrade)
    assert "C: 2 NOOP\n" in talk.outcome.transcript.text
    text = server(FTP, b"PASS xyzzy\r\n", b"SYST\r\n", b"PWD\r\n").transcript.text
    assert "C: PASS [redacted]\n" in text
    assert "C: SYST\n" in text


def test_many_answers_hide_what_they_must_and_nothing_else() -> None:
    """Each segment ends in the middle of a line, and is answered."""
    talk = server(SMTP, b"AUTH PLAIN xyzzy\r\nAUTH PLAIN xyzzy", *[b"\r\nAUTH PLAIN xyzzy"] * 1000)
    assert isinstance(talk.outcome, TooLong)
    text = talk.transcript.text
    assert "xyzzy" not in text
    assert "C| AUTH PLAIN [redacted]\n" in text


@pytest.mark.parametrize("said", [b"LOGIN joe xyzzy\r\n", b"a\tLOGIN joe xyzzy\r\n", b"(a LOGIN joe xyzzy\r\n"])
def test_a_login_that_is_no_command_is_not_kept(said: bytes) -> None:
    talk = server(IMAP, said)
    assert "LOGIN [redacted]" in talk.transcript.text
    assert "xyzzy" not in talk.transcript.text + str(talk.outcome)
