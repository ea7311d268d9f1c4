"""SMTP and submission, beyond what their transcripts can say."""

import pytest

from starttls.core.errors import NotOffered, PlaintextAfterGoAhead, Refusal, Refused, TooLong, Unexpected
from starttls.core.facts import ClientSetup, Protocol, ServerSetup
from starttls.core.outcome import Upgrade
from starttls.core.talk import Talk
from starttls.protocols.smtp import SMTP, SUBMISSION

GREETING = b"220 mail.example.org ESMTP\r\n"
OFFER = b"250-mail.example.org\r\n250 STARTTLS\r\n"

both = pytest.mark.parametrize("protocol", [SMTP, SUBMISSION], ids=lambda protocol: protocol.name)


def client(*segments: bytes, protocol: Protocol = SMTP, unoffered: bool = False) -> Talk:
    talk = protocol.as_client(ClientSetup(entropy=bytes(16), me="client.example.org", unoffered=unoffered))
    for segment in segments:
        talk.receive_data(segment)
    return talk


def server(*segments: bytes, protocol: Protocol = SMTP) -> Talk:
    talk = protocol.as_server(ServerSetup(entropy=bytes(20), name="mail.example.org"))
    for segment in segments:
        talk.receive_data(segment)
    return talk


@both
def test_every_code_but_220_ends_without_tls(protocol: Protocol) -> None:
    """All codes that a reply can have, as the answer to STARTTLS: one starts TLS."""
    for code in range(200, 600):
        outcome = client(GREETING, OFFER, b"%d x\r\n" % code, protocol=protocol).outcome
        if code == 220:
            assert isinstance(outcome, Upgrade)
        elif code < 400:
            assert isinstance(outcome, Unexpected)
        else:
            assert isinstance(outcome, Refused)
            assert (outcome.kind is Refusal.THROTTLED) == (code == 421)
            assert (outcome.kind is Refusal.PERMANENT) == (code >= 500)


def test_a_refused_hello_is_the_end() -> None:
    """FMS D_1: whatever refuses EHLO, HELO is not tried."""
    for code in (421, 450, 500, 501, 502, 503, 504, 530, 550, 554):
        talk = client(GREETING, b"%d no\r\n" % code)
        assert isinstance(talk.outcome, Refused)
        assert talk.data_to_send() == b"EHLO client.example.org\r\n"


def test_what_was_said_dies_with_the_proof() -> None:
    """RFC 3207 section 4.2: what EHLO said is in the proof of the upgrade, marked as untrusted, and nowhere else."""
    talk = client(GREETING, b"250-x\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n", b"220 go\r\n")
    assert isinstance(talk.outcome, Upgrade)
    assert talk.outcome.said["capabilities"] == ("AUTH PLAIN", "STARTTLS")
    assert talk.outcome.early == b""


def test_an_offer_without_starttls_shows_what_was_offered() -> None:
    outcome = client(GREETING, b"250-x\r\n250 XXXXXXXA\r\n").outcome
    assert isinstance(outcome, NotOffered)
    assert (outcome.verb, outcome.offered) == ("STARTTLS", ("XXXXXXXA",))


def test_tls_is_asked_for_unoffered_only_where_the_caller_says_so() -> None:
    offer = b"250 mail.example.org\r\n"
    assert client(GREETING, offer).data_to_send().endswith(b"EHLO client.example.org\r\n")
    assert client(GREETING, offer, unoffered=True).data_to_send().endswith(b"STARTTLS\r\n")


def test_every_byte_behind_the_go_ahead_is_evidence() -> None:
    for tail in (b"\r\n", b" ", b"\0", b"250 x", b"\x16\x03\x03", b"x" * 100_000):
        outcome = client(GREETING, OFFER, b"220 go\r\n" + tail).outcome
        assert isinstance(outcome, PlaintextAfterGoAhead)
        assert outcome.leftover == tail


def test_a_client_of_ours_says_no_more_than_it_must() -> None:
    talk = client(GREETING, OFFER, b"220 go\r\n")
    assert talk.data_to_send() == b"EHLO client.example.org\r\nSTARTTLS\r\n"


def test_a_server_offers_no_login_and_no_mail_before_tls() -> None:
    said = server(b"EHLO x\r\n").data_to_send()
    assert said.splitlines()[1:] == [b"250-mail.example.org", b"250-ENHANCEDSTATUSCODES", b"250 STARTTLS"]
    verbs = b"HELO MAIL RCPT DATA BDAT RSET VRFY EXPN HELP AUTH ETRN ATRN TURN BURL".split()
    for verb in verbs:
        assert b"\r\n530 " in server(verb + b" x\r\n").data_to_send()


def test_a_client_may_try_for_so_long() -> None:
    """16 KiB in all, and every command gets a short answer."""
    assert server(*[b"NOOP\r\n"] * 2730).outcome is None
    talk = server(*[b"NOOP\r\n"] * 2731)
    assert isinstance(talk.outcome, TooLong)
    assert len(talk.data_to_send()) < 65536


def test_a_login_is_not_kept() -> None:
    talk = server(b"AUTH PLAIN AGpvZQBzZWNyZXQ=\r\n")
    assert "AUTH PLAIN [redacted]" in talk.transcript.text


def test_the_facts() -> None:
    assert SMTP.ports.upgrade == (25,)
    assert SUBMISSION.ports.upgrade == (587,)
    assert SUBMISSION.srv == ("_submission._tcp", "_submissions._tcp")
    assert SMTP.srv == ()  # mail exchangers are found by MX
