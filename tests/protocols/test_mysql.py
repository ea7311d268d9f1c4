"""MySQL, beyond what its transcripts can say."""

import pytest

from starttls.core.errors import NotRequested, Refusal, Refused
from starttls.core.facts import ClientSetup, ServerSetup
from starttls.core.outcome import Upgrade
from starttls.core.talk import Talk
from starttls.protocols.mysql import MYSQL


def redact(said: bytes) -> bytes:
    assert MYSQL.redact is not None
    return MYSQL.redact(said)


SCRAMBLE = b"abcdefghijklmnopqrst"
GREETING = (
    b"\x0a8.0.36\0\x08\0\0\0" + SCRAMBLE[:8] + b"\0\xff\xff\xff\2\0\xff\xdf\x15" + bytes(10) + SCRAMBLE[8:] + b"\0"
    b"caching_sha2_password\0"
)
REQUEST = bytes.fromhex("85aabf000000000121") + bytes(23)
LOGIN = bytes.fromhex("85a2bf000000000121") + bytes(23) + b"alice\0\x06secret\0"
HELLO = bytes.fromhex("1603010005010000010003")


def packet(number: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "little") + bytes((number,)) + payload


def client(*segments: bytes) -> Talk:
    talk = MYSQL.as_client(ClientSetup(entropy=bytes(16)))
    for segment in segments:
        talk.receive_data(segment)
    return talk


def server(*segments: bytes, entropy: bytes = bytes(20)) -> Talk:
    talk = MYSQL.as_server(ServerSetup(entropy=entropy))
    for segment in segments:
        talk.receive_data(segment)
    return talk


def test_a_caller_learns_what_the_login_inside_tls_needs() -> None:
    talk = client(packet(0, GREETING))
    sent = talk.data_to_send()
    assert isinstance(talk.outcome, Upgrade)
    said = talk.outcome.said
    assert said["greeting"] == ("8.0.36",)
    assert said["capabilities"] == ("0xdfffffff",)
    assert bytes.fromhex(said["scramble"][0]) == SCRAMBLE
    assert said["plugin"] == ("caching_sha2_password",)
    assert packet(1, bytes.fromhex(said["request"][0])) == sent


def test_we_ask_only_for_what_the_server_has() -> None:
    few = GREETING.replace(b"\xff\xff\xff\2\0\xff\xdf", b"\x00\x8a\xff\2\0\0\0")
    sent = client(packet(0, few)).data_to_send()
    assert int.from_bytes(sent[4:8], "little") == 0x8A00


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (1040, Refusal.THROTTLED),
        (1129, Refusal.THROTTLED),
        (1203, Refusal.THROTTLED),
        (1226, Refusal.THROTTLED),
        (1053, Refusal.TEMPORARY),
        (1130, Refusal.PERMANENT),
        (65535, Refusal.PERMANENT),
    ],
)
def test_how_long_a_refusal_lasts(code: int, kind: Refusal) -> None:
    outcome = client(packet(0, b"\xff" + code.to_bytes(2, "little"))).outcome
    assert isinstance(outcome, Refused)
    assert (outcome.kind, outcome.reply) == (kind, str(code))


def test_every_wait_has_its_name() -> None:
    assert str(client().waiting_for) == "the initial handshake packet (MySQL, Protocol::HandshakeV10)"
    assert str(server().waiting_for) == "the SSL request packet (MySQL, Protocol::SSLRequest)"


def test_early_bytes_are_handed_to_tls_and_to_nobody_else() -> None:
    talk = server(packet(1, REQUEST) + HELLO)
    assert isinstance(talk.outcome, Upgrade)
    assert talk.outcome.early == HELLO
    assert talk.untaken == 0
    assert talk.outcome.said["request"] == (REQUEST.hex(),)


def test_a_server_keeps_its_scramble_for_the_login() -> None:
    talk = server(packet(1, REQUEST), entropy=bytes(range(100, 120)))
    assert isinstance(talk.outcome, Upgrade)
    assert bytes.fromhex(talk.outcome.said["scramble"][0]) == bytes(range(100, 120))


def test_a_scramble_has_neither_nul_nor_dollar_nor_eight_bits() -> None:
    for start in range(0, 256, 20):
        drawn = bytes(byte & 0xFF for byte in range(start, start + 20))
        scramble = bytes.fromhex(server(entropy=drawn).said["scramble"][0])
        assert len(scramble) == 20
        assert not set(scramble) & {0, ord("$"), *range(128, 256)}


def test_a_proof_is_in_no_transcript_and_in_no_error() -> None:
    refused, injected = server(packet(1, LOGIN)), server(packet(1, REQUEST) + packet(2, LOGIN))
    assert isinstance(refused.outcome, NotRequested)
    assert isinstance(injected.outcome, Upgrade)
    for talk in (refused, injected):
        said = b"".join(turn.data for turn in talk.transcript.turns)
        assert b"alice" in said
        assert b"secret" not in said


def test_a_cut_login_shows_nothing_behind_the_name() -> None:
    whole = packet(1, LOGIN)
    for end in range(len(whole)):
        assert b"sec" not in redact(whole[:end])
        assert len(redact(whole[:end])) == end
    assert redact(packet(1, REQUEST) + HELLO) == packet(1, REQUEST) + HELLO


def test_the_facts() -> None:
    assert MYSQL.implicit is None
    assert MYSQL.ports.upgrade == (3306,)
