"""PostgreSQL, beyond what its transcripts can say."""

import pytest

from starttls.core.errors import NotRequested, PlaintextAfterGoAhead, Refusal, Refused, TooLong
from starttls.core.facts import ClientSetup, ServerSetup
from starttls.core.talk import Talk
from starttls.protocols.postgresql import POSTGRESQL


def redact(said: bytes) -> bytes:
    assert POSTGRESQL.redact is not None
    return POSTGRESQL.redact(said)


SSL = bytes.fromhex("0000000804d2162f")
GSS = bytes.fromhex("0000000804d21630")
CANCEL = bytes.fromhex("0000001004d2162e00003039") + b"\x1a\x2b\x3c\x4d"
STARTUP = b"\0\0\0\x14\0\3\0\0user\0alice\0\0"
PASSWORD = b"p\0\0\0\x0bsecret\0"


def client(*segments: bytes) -> Talk:
    talk = POSTGRESQL.as_client(ClientSetup(entropy=bytes(16)))
    for segment in segments:
        talk.receive_data(segment)
    return talk


def server(*segments: bytes) -> Talk:
    talk = POSTGRESQL.as_server(ServerSetup(entropy=bytes(20)))
    for segment in segments:
        talk.receive_data(segment)
    return talk


def error(state: bytes) -> bytes:
    body = b"SFATAL\0C%b\0Mno\0\0" % state
    return b"E" + (len(body) + 4).to_bytes(4, "big") + body


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        (b"53300", Refusal.THROTTLED),
        (b"53000", Refusal.TEMPORARY),
        (b"53200", Refusal.TEMPORARY),
        (b"57P01", Refusal.TEMPORARY),
        (b"57P02", Refusal.TEMPORARY),
        (b"57P03", Refusal.TEMPORARY),
        (b"28000", Refusal.PERMANENT),
        (b"", Refusal.PERMANENT),
    ],
)
def test_how_long_a_refusal_lasts(state: bytes, kind: Refusal) -> None:
    outcome = client(error(state)).outcome
    assert isinstance(outcome, Refused)
    assert outcome.kind is kind


def test_every_wait_has_its_name() -> None:
    assert client().waiting_for is not None
    assert str(client().waiting_for) == "the answer to SSLRequest (PostgreSQL, SSL Session Encryption: S or N)"
    assert str(client(b"E").waiting_for) == "the rest of an error (PostgreSQL, ErrorResponse)"
    assert str(server().waiting_for) == "SSLRequest (PostgreSQL, SSL Session Encryption)"


def test_an_old_error_without_an_end_is_bounded() -> None:
    talk = client(b"E" + b"x" * 8000)
    assert talk.outcome is None
    talk.receive_data(b"x" * 1000)
    assert isinstance(talk.outcome, TooLong)


def test_a_refusal_leaves_a_connection_on_which_plaintext_may_follow() -> None:
    assert client(b"N").untaken == 0
    assert client(b"NR").untaken == 1  # and this one does not


def test_the_key_of_a_cancel_is_in_no_transcript() -> None:
    talk = server(CANCEL)
    assert isinstance(talk.outcome, NotRequested)
    assert "1a 2b 3c 4d" not in talk.transcript.text
    assert talk.transcript.turns[0].data == CANCEL[:12] + b"****"


def test_a_password_behind_a_login_is_in_no_transcript_and_in_no_error() -> None:
    injected = server(SSL + STARTUP + PASSWORD)
    assert isinstance(injected.outcome, PlaintextAfterGoAhead)
    for talk in (server(STARTUP + PASSWORD), injected):
        said = b"".join(turn.data for turn in talk.transcript.turns)
        assert b"alice" in said
        assert b"secret" not in said
        assert "secret" not in str(talk.outcome)


def test_a_request_that_is_cut_keeps_what_there_is() -> None:
    assert redact(b"") == b""
    assert redact(SSL[:5]) == SSL[:5]
    assert redact(GSS + SSL) == GSS + SSL
    assert redact(b"\0\0\0\0" + CANCEL[4:]) == b"\0\0\0\0" + CANCEL[4:12] + b"****"
    assert redact(STARTUP[:9]) == STARTUP[:9]


def test_the_facts() -> None:
    assert POSTGRESQL.aliases == ("postgres",)
    assert POSTGRESQL.implicit is None
    assert POSTGRESQL.alpn == ("postgresql",)
