"""IMAP, beyond what its transcripts can say."""

import pytest

from starttls.core.errors import (
    NotOffered,
    PlaintextAfterGoAhead,
    Preauthenticated,
    PrematureReply,
    Refusal,
    Refused,
    TooLong,
    Unexpected,
)
from starttls.core.facts import ClientSetup, ServerSetup
from starttls.core.outcome import Upgrade
from starttls.core.talk import Talk
from starttls.protocols.imap import IMAP

ENTROPY = bytes(range(16))
ASKED = b"C0001020304050607"
STARTED = b"S08090a0b0c0d0e0f"
GREETING = b"* OK ready\r\n"
LIST = b"* CAPABILITY IMAP4rev1 STARTTLS\r\n" + ASKED + b" OK done\r\n"


def client(*segments: bytes, entropy: bytes = ENTROPY) -> Talk:
    talk = IMAP.as_client(ClientSetup(entropy=entropy))
    for segment in segments:
        talk.receive_data(segment)
    return talk


def server(*segments: bytes) -> Talk:
    talk = IMAP.as_server(ServerSetup(entropy=bytes(20), name="mail.example.org"))
    for segment in segments:
        talk.receive_data(segment)
    return talk


def test_tags_come_from_entropy_and_differ() -> None:
    talk = client(GREETING, LIST)
    assert talk.data_to_send() == ASKED + b" CAPABILITY\r\n" + STARTED + b" STARTTLS\r\n"
    same = client(GREETING, LIST.replace(ASKED, b"C" + b"00" * 8), entropy=bytes(16))
    assert same.data_to_send() == b"C0000000000000000 CAPABILITY\r\nS0000000000000000 STARTTLS\r\n"


def test_an_answer_with_any_other_tag_is_premature() -> None:
    for tag in (ASKED, STARTED.lower(), STARTED[:-1], STARTED + b"0", b"A001", b"1", b"S"):
        outcome = client(GREETING, LIST, tag + b" OK go\r\n").outcome
        assert isinstance(outcome, PrematureReply), tag
        assert outcome.got == tag + b" OK go"


def test_preauth_is_answered_by_nothing() -> None:
    """RFC 9051 section 7.1.4: who wants TLS closes."""
    talk = client(b"* PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] welcome\r\n" + LIST)
    assert isinstance(talk.outcome, Preauthenticated)
    assert talk.data_to_send() == b""


@pytest.mark.parametrize(
    "greeting", [b"* BYE x", b"* NO x", b"* BAD x", b"A OK x", b"+ x", b"* OKAY", b"OK", b"", b"*"]
)
def test_a_greeting_that_is_none_is_answered_by_nothing(greeting: bytes) -> None:
    talk = client(greeting + b"\r\n")
    assert talk.outcome is not None
    assert talk.data_to_send() == b""


def test_what_was_said_before_tls_is_in_the_notes_alone() -> None:
    """CVE-2021-29969 and the like: untagged data is nobody's mailbox."""
    talk = client(
        b'* OK [CAPABILITY EVIL] ready\r\n* LIST () "/" EVIL\r\n',
        b"* OK [ALERT] call us\r\n" + LIST,
        b"* 1 FETCH (BODY[] {4}\r\nevil)\r\n* CAPABILITY EVIL\r\n" + STARTED + b" OK go\r\n",
    )
    assert isinstance(talk.outcome, Upgrade)
    assert talk.outcome.said == {
        "greeting": ("OK [CAPABILITY EVIL] ready",),
        "capabilities": ("IMAP4rev1", "STARTTLS"),
        "untagged": ('LIST () "/" EVIL', "OK [ALERT] call us", "1 FETCH (BODY[] {4}\\r\\nevil)"),
    }


def test_every_wait_has_its_name() -> None:
    said = [GREETING, LIST, b"* 1 FETCH (BODY[] {4}\r\n"]
    assert [str(client(*said[:count]).waiting_for) for count in range(4)] == [
        "the greeting (RFC 9051 §7.1, * OK)",
        "the answer to CAPABILITY (RFC 9051 §6.1.1, tagged OK)",
        "the go-ahead (RFC 9051 §6.2.1, tagged OK)",
        "the rest of a literal (RFC 9051 §4.3)",
    ]
    assert str(server().waiting_for) == "a command (RFC 9051 §2.2.1)"
    assert str(server(b"a ID {5+}\r\n").waiting_for) == "the rest of a client's literal (RFC 7888 §5)"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"NO x", Refusal.PERMANENT),
        (b"BAD x", Refusal.PERMANENT),
        (b"BAD [UNAVAILABLE] x", Refusal.TEMPORARY),
        (b"NO [UNAVAILABLE] x", Refusal.TEMPORARY),
        (b"NO [INUSE] x", Refusal.TEMPORARY),
        (b"NO [LIMIT] x", Refusal.THROTTLED),
        (b"NO [ALERT] [UNAVAILABLE] x", Refusal.PERMANENT),
    ],
)
def test_how_long_a_refusal_lasts(answer: bytes, kind: Refusal) -> None:
    outcome = client(GREETING, LIST, STARTED + b" " + answer + b"\r\n").outcome
    assert isinstance(outcome, Refused)
    assert outcome.kind is kind


def test_a_refused_capability_offers_nothing() -> None:
    for word in (b"BAD", b"NO"):
        outcome = client(GREETING, b"* CAPABILITY STARTTLS\r\n" + ASKED + b" " + word + b" x\r\n").outcome
        assert isinstance(outcome, NotOffered)
        assert outcome.offered == ()


def test_endless_data_ends() -> None:
    line = b"* 1 FETCH (FLAGS (\\Seen))\r\n"
    assert isinstance(client(GREETING, *[line * 100] * 100).outcome, TooLong)
    assert isinstance(client(GREETING, *[b"* LIST {0}\r\n" * 100] * 200).outcome, TooLong)
    assert isinstance(client(b"* OK " + b"x" * 65536).outcome, TooLong)
    assert isinstance(client(GREETING, b"* LIST {0}\r\n" + b"x" * 65536).outcome, TooLong)


def test_a_line_of_8192_octets_is_borne() -> None:
    talk = client(b"* OK " + b"x" * 8185 + b"\r\n")
    assert talk.outcome is None
    assert isinstance(client(b"* OK " + b"x" * 8186 + b"\r\n").outcome, TooLong)


def test_a_literal_of_a_size_that_no_integer_wants() -> None:
    assert isinstance(client(GREETING, b"* LIST {" + b"9" * 8000 + b"}\r\n").outcome, TooLong)
    assert isinstance(server(b"a ID {" + b"9" * 8000 + b"+}\r\n").outcome, TooLong)


TAGS = [b"a", b"A1", b"0", b".", b"]", b"}", b"a]b", b"#$&'-/:;<=>?@[^_`|~!,", b"x" * 1000]
NO_TAGS = [b"", b"+", b"a+", b"*", b"%", b'"', b'"a"', b"(", b"a)", b"{", b"a\\", b"a\t", b"\x7f", b"\x01", b"\xe9"]


@pytest.mark.parametrize("tag", TAGS)
def test_a_tag_of_the_grammar(tag: bytes) -> None:
    talk = server(tag + b" STARTTLS\r\n")
    assert isinstance(talk.outcome, Upgrade)
    assert talk.data_to_send().endswith(b"\r\n" + tag + b" OK Begin TLS now\r\n")


@pytest.mark.parametrize("tag", NO_TAGS)
def test_a_tag_that_the_grammar_does_not_know(tag: bytes) -> None:
    talk = server(tag + b" STARTTLS\r\n")
    assert isinstance(talk.outcome, Unexpected)
    assert talk.data_to_send().count(b"\r\n") == 1


@pytest.mark.parametrize(
    "login", [b"LOGIN joe secret", b"login {3}", b"AUTHENTICATE PLAIN", b"AUTHENTICATE PLAIN =", b"LOGIN"]
)
def test_a_login_is_refused_with_a_reason(login: bytes) -> None:
    talk = server(b"a " + login + b"\r\n")
    assert talk.data_to_send().endswith(b"\r\na NO [PRIVACYREQUIRED] STARTTLS first\r\n")
    assert talk.outcome is None


def test_a_server_asks_for_no_literal() -> None:
    """A continuation would invite the client to say its password."""
    for command in (b"LOGIN {3}", b"ID {3}", b"STARTTLS {3}", b"X {3}", b"LOGIN {3+}\r\njoe {6}"):
        talk = server(b"a " + command + b"\r\n")
        answer = talk.data_to_send().splitlines()[1:]
        assert len(answer) == 1
        assert answer[0].startswith((b"a NO ", b"a BAD "))


def test_a_secret_in_a_literal_is_not_kept() -> None:
    talk = server(b"a LOGIN {3+}\r\njoe {6+}\r\nsecret\r\nb NOOP\r\n")
    assert "secret" not in talk.transcript.text
    assert "a LOGIN [redacted]" in talk.transcript.text
    assert talk.data_to_send().endswith(b"\r\nb OK Done\r\n")


def test_what_stands_behind_the_request_is_refused_with_its_tag() -> None:
    talk = server(b"a STARTTLS\r\nb NOOP\r\n")
    assert isinstance(talk.outcome, PlaintextAfterGoAhead)
    assert talk.data_to_send().endswith(b"\r\na BAD Data behind STARTTLS\r\n")
