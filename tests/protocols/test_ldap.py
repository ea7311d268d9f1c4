"""LDAP, beyond what its transcripts can say."""

import re
from pathlib import Path

import pytest

from starttls.core.errors import PlaintextAfterGoAhead, Refusal, Refused, TooLong, Unexpected
from starttls.core.facts import ClientSetup, ServerSetup
from starttls.core.outcome import Upgrade
from starttls.core.talk import Talk
from starttls.grammar import ber
from starttls.protocols.ldap import LDAP, START_TLS


def redact(said: bytes) -> bytes:
    assert LDAP.redact is not None
    return LDAP.redact(said)


# RFC 4511 §4.1.9
RESULTS = """\
operationsError 1, protocolError 2, timeLimitExceeded 3, sizeLimitExceeded 4, compareFalse 5, compareTrue 6,
authMethodNotSupported 7, strongerAuthRequired 8, referral 10, adminLimitExceeded 11, unavailableCriticalExtension 12,
confidentialityRequired 13, saslBindInProgress 14, noSuchAttribute 16, undefinedAttributeType 17,
inappropriateMatching 18, constraintViolation 19, attributeOrValueExists 20, invalidAttributeSyntax 21,
noSuchObject 32, aliasProblem 33, invalidDNSyntax 34, aliasDereferencingProblem 36, inappropriateAuthentication 48,
invalidCredentials 49, insufficientAccessRights 50, busy 51, unavailable 52, unwillingToPerform 53, loopDetect 54,
namingViolation 64, objectClassViolation 65, notAllowedOnNonLeaf 66, notAllowedOnRDN 67, entryAlreadyExists 68,
objectClassModsProhibited 69, affectsMultipleDSAs 71, other 80"""


def message(number: int, tag: int, *content: bytes) -> bytes:
    return ber.element(ber.SEQUENCE, ber.integer(number), ber.element(tag, *content))


def response(number: int, code: int, text: bytes = b"", *more: bytes) -> bytes:
    result = ber.integer(code, ber.ENUMERATED) + ber.element(ber.STRING) + ber.element(ber.STRING, text)
    return message(number, 0x78, result, *more)


def bind(proof: bytes) -> bytes:
    return message(1, 0x60, ber.integer(3), ber.element(ber.STRING, b"cn=alice"), proof)


REQUEST = message(1, 0x77, ber.element(0x80, START_TLS))
SIMPLE = bind(ber.element(0x80, b"correct horse"))
SASL = bind(ber.element(0xA3, ber.element(4, b"PLAIN"), ber.element(4, b"\0alice\0correct horse")))
PASSWORD_MODIFY = message(1, 0x77, ber.element(0x80, b"1.3.6.1.4.1.4203.1.11.1"), ber.element(0x81, b"correct horse"))
COMPARE = message(1, 0x6E, ber.element(4, b"cn=alice"), ber.element(0x30, ber.element(4, b"correct horse")))
SEARCH = message(2, 0x63, ber.element(4, b"dc=example,dc=org"))


def client(*segments: bytes, entropy: bytes = bytes(16)) -> Talk:
    talk = LDAP.as_client(ClientSetup(entropy=entropy))
    for segment in segments:
        talk.receive_data(segment)
    return talk


def server(*segments: bytes) -> Talk:
    talk = LDAP.as_server(ServerSetup(entropy=bytes(20)))
    for segment in segments:
        talk.receive_data(segment)
    return talk


@pytest.mark.parametrize("result", re.split(r",\s+", RESULTS))
def test_every_result_is_reported_by_its_name_and_number(result: str) -> None:
    name, code = result.split()
    outcome = client(response(1, int(code))).outcome
    assert isinstance(outcome, Refused)
    assert outcome.reply == f"{name} ({code})"
    assert outcome.kind is (Refusal.TEMPORARY if name in {"busy", "unavailable"} else Refusal.PERMANENT)


def test_the_message_id_is_drawn_from_entropy_and_is_positive() -> None:
    for entropy, number in (
        (b"\x5e\xed\x5e\xed", 0x5EED5EED),
        (b"\xff" * 4, 0x7FFFFFFF),
        (bytes(4), 1),
        (b"\x80\0\0\0", 1),
    ):
        talk = client(entropy=entropy + bytes(12))
        assert talk.data_to_send() == message(number, 0x77, ber.element(0x80, START_TLS))
        talk.receive_data(response(number, 0))
        assert isinstance(talk.outcome, Upgrade)


def test_a_referral_is_kept_and_not_followed() -> None:
    referral = ber.element(0xA3, ber.element(4, b"ldap://evil.example/"))
    talk = client(response(1, 0, b"", referral))
    assert isinstance(talk.outcome, Upgrade)
    assert talk.outcome.said["referral"] == ("ldap://evil.example/",)


def test_what_a_server_says_is_bounded() -> None:
    uris = ber.element(0xA3, *(ber.element(4, b"ldap://%d.example/" % at) for at in range(100)))
    outcome = client(response(1, 10, b"x" * 10000, uris)).outcome
    assert isinstance(outcome, Refused)
    assert len(outcome.reply) < 400
    assert "bytes more" in outcome.reply
    assert "4.example" not in outcome.reply


def test_a_response_may_be_long_and_not_endless() -> None:
    assert isinstance(client(response(1, 0, b"x" * 60000)).outcome, Upgrade)
    assert isinstance(client(response(1, 0, b"x" * 65536)).outcome, TooLong)
    assert isinstance(client(response(2, 0, b"x" * 60000) * 3).outcome, TooLong)  # in all


def test_every_wait_has_its_name() -> None:
    assert str(client().waiting_for) == "the StartTLS response (RFC 4511 §4.14.2, success(0))"
    assert str(client(response(2, 0)).waiting_for) == "the StartTLS response (RFC 4511 §4.14.2, success(0))"
    assert str(server().waiting_for) == "a request (RFC 4511 §4.14.1, StartTLS)"


@pytest.mark.parametrize("request_", [SIMPLE, SASL, PASSWORD_MODIFY, COMPARE])
def test_a_secret_is_in_no_transcript_and_in_no_error(request_: bytes) -> None:
    talks = [server(request_), server(REQUEST + request_), server(SEARCH + request_[:-3], request_[-3:])]
    assert isinstance(talks[1].outcome, PlaintextAfterGoAhead)
    for talk in talks:
        talk.receive_data(b"")
        said = b"".join(turn.data for turn in talk.transcript.turns)
        assert b"correct" not in said
        assert b"rse" not in said
        assert "correct" not in str(talk.outcome)


@pytest.mark.parametrize("request_", [SIMPLE, SASL, PASSWORD_MODIFY, COMPARE])
def test_a_secret_that_is_cut_anywhere(request_: bytes) -> None:
    for end in range(len(request_)):
        clean = redact(SEARCH + request_[:end])
        assert clean.startswith(SEARCH)
        assert len(clean) == len(SEARCH) + end
        assert b"cor" not in clean


def test_what_is_no_secret_is_kept() -> None:
    for data in (b"", REQUEST, SEARCH, REQUEST + SEARCH, message(3, 0x42), b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01"):
        assert redact(data) == data
    assert b"cn=alice" in redact(SIMPLE)
    assert redact(SIMPLE) == SIMPLE.replace(b"correct horse", b"*" * 13)
    assert redact(SIMPLE + SEARCH) == SIMPLE.replace(b"correct horse", b"*" * 13) + SEARCH


def test_a_broken_message_shows_two_octets() -> None:
    outcome = server(bytes.fromhex("300d020101 7708 8009") + b"secret").outcome  # 80 09 where 80 06 fits
    assert isinstance(outcome, Unexpected)
    assert "secr" not in str(outcome)


def test_every_refusal_of_rfc_4511_has_a_transcript() -> None:
    said = "".join(
        path.read_text("ascii") for path in (Path(__file__).parents[1] / "transcripts/ldap").glob("refused-*")
    )
    for result in ("operationsError (1)", "protocolError (2)", "referral (10)", "busy (51)", "unavailable (52)"):
        assert result in said


def test_the_facts() -> None:
    assert LDAP.implicit == "ldaps"
    assert LDAP.ports.implicit[0] == 636
