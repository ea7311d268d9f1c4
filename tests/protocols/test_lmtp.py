"""LMTP, beyond what its transcripts can say."""

from starttls.core.errors import Refusal, Refused, TooLong, Unexpected
from starttls.core.facts import ClientSetup, ServerSetup
from starttls.core.outcome import Upgrade
from starttls.core.talk import Talk
from starttls.protocols.lmtp import LMTP

GREETING = b"220 store.example.org LMTP\r\n"
OFFER = b"250-store.example.org\r\n250 STARTTLS\r\n"


def client(*segments: bytes) -> Talk:
    talk = LMTP.as_client(ClientSetup(entropy=bytes(16), me="relay.example.org"))
    for segment in segments:
        talk.receive_data(segment)
    return talk


def server(*segments: bytes) -> Talk:
    talk = LMTP.as_server(ServerSetup(entropy=bytes(20), name="store.example.org"))
    for segment in segments:
        talk.receive_data(segment)
    return talk


def test_every_code_but_220_ends_without_tls() -> None:
    for code in range(200, 600):
        outcome = client(GREETING, OFFER, b"%d x\r\n" % code).outcome
        expected = Upgrade if code == 220 else Unexpected if code < 400 else Refused
        assert type(outcome) is expected


def test_ehlo_is_not_tried_where_lhlo_is_refused() -> None:
    talk = client(b"220 relay.example.org ESMTP\r\n", b"500 5.5.2 what?\r\n", b"250 x\r\n")
    assert isinstance(talk.outcome, Refused)
    assert talk.outcome.kind is Refusal.PERMANENT
    assert talk.data_to_send() == b"LHLO relay.example.org\r\n"


def test_a_server_has_the_extensions_that_the_rfc_demands() -> None:
    said = server(b"LHLO x\r\n").data_to_send()
    assert said == (
        b"220 store.example.org LMTP\r\n"
        b"250-store.example.org\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250 STARTTLS\r\n"
    )


def test_a_server_delivers_nothing_before_tls() -> None:
    for verb in b"MAIL RCPT DATA BDAT RSET VRFY EXPN HELP AUTH".split():
        assert b"\r\n530 " in server(verb + b" x\r\n").data_to_send()
    for verb in (b"EHLO", b"HELO", b"ETRN"):
        assert b"\r\n500 " in server(verb + b" x\r\n").data_to_send()


def test_an_endless_line_ends() -> None:
    assert isinstance(client(b"220 " + b"x" * 65536).outcome, TooLong)
    assert isinstance(server(b"x" * 2000).outcome, TooLong)


def test_a_login_is_not_kept() -> None:
    assert "AUTH PLAIN [redacted]" in server(b"AUTH PLAIN AGpvZQBzZWNyZXQ=\r\n").transcript.text
