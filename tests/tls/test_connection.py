"""The whole life of a connection, without I/O: what is said before TLS never appears after it."""

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from starttls.core.errors import ClosedEarly, HandshakeFailed, Misuse, NotOffered, PlaintextAfterGoAhead, Refused
from starttls.core.facts import ClientSetup, Protocol, ServerSetup
from starttls.core.outcome import Upgrade
from starttls.core.transcript import Side, Transcript
from starttls.protocols import ALL
from starttls.protocols.mysql import MYSQL
from starttls.protocols.smtp import SMTP
from starttls.tls.connection import HANDSHAKE, Connection, Phase
from starttls.tls.contexts import client_context, server_context
from starttls.tls.level import Level
from starttls.tls.proof import ImplicitTLS
from starttls.tls.session import TLSSession
from tests.tls.pairs import HOST, Files
from tests.transcripts.replay import VECTORS, one_by_one, protocol_of, read, whole

INJECTIONS = [path for path in VECTORS if read(path).headers["expect"] == "PlaintextAfterGoAhead"]


@pytest.fixture(scope="session")
def contexts(files: Files) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    return client_context(ca_file=files.ca), server_context(files.server)


Contexts = tuple[ssl.SSLContext, ssl.SSLContext]


def client(
    protocol: Protocol, contexts: Contexts, *, implicit: bool = False, told: Transcript | None = None
) -> Connection:
    def start_tls(proof: Upgrade | ImplicitTLS) -> TLSSession:
        return TLSSession.client(proof, contexts[0], HOST)

    headers = told.headers if told is not None else {}
    setup = ClientSetup(
        entropy=bytes.fromhex(headers.get("entropy", "00" * 20)),
        host=headers.get("host", "server.example.org"),
        me=headers.get("me", "client.example.org"),
        unoffered=headers.get("unoffered") == "yes",
    )
    return Connection.client(protocol, setup, start_tls, implicit=implicit)


def server(
    protocol: Protocol, contexts: Contexts, *, implicit: bool = False, told: Transcript | None = None
) -> Connection:
    def start_tls(proof: Upgrade | ImplicitTLS) -> TLSSession:
        return TLSSession.server(proof, contexts[1])

    headers = told.headers if told is not None else {}
    entropy = bytes.fromhex(headers.get("entropy", "00" * 20))
    setup = ServerSetup(entropy=entropy, name=headers.get("name", "server.example.org"))
    return Connection.server(protocol, setup, start_tls, implicit=implicit)


def cross(one: Connection, other: Connection, size: int = 1 << 20) -> None:
    """Carry bytes until neither has any."""
    while True:
        there = one.data_to_send()
        for at in range(0, len(there), size):
            other.receive_data(there[at : at + size])
        back = other.data_to_send()
        for at in range(0, len(back), size):
            one.receive_data(back[at : at + size])
        if not there and not back:
            return


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
@pytest.mark.parametrize("protocol", ALL, ids=lambda protocol: protocol.name)
def test_a_life(protocol: Protocol, contexts: Contexts, size: int) -> None:
    """Talk, handshake, stream, goodbye: in segments of any size."""
    one, other = client(protocol, contexts), server(protocol, contexts)
    assert (one.phase, one.level, one.read()) == (Phase.TALK, Level.NONE, b"")
    cross(one, other, size)
    assert (one.phase, other.phase) == (Phase.OPEN, Phase.OPEN), (one.error, other.error)
    assert (one.level, other.level) == (Level.VERIFIED, Level.ENCRYPTED)
    assert one.waiting_for is None
    assert isinstance(one.upgrade, Upgrade)
    one.send(b"question")
    cross(one, other, size)
    assert other.read() == b"question"
    other.send(b"answer")
    other.close()
    cross(one, other, size)
    assert (one.read(), one.read(), one.peer_closed) == (b"answer", b"", True)
    with pytest.raises(Misuse):
        other.send(b"more")


def test_implicit_tls_is_the_same_without_a_talk(contexts: Contexts) -> None:
    one, other = client(SMTP, contexts, implicit=True), server(SMTP, contexts, implicit=True)
    assert one.waiting_for is HANDSHAKE
    cross(one, other)
    assert (one.level, one.upgrade, one.said) == (Level.VERIFIED, None, {})


@pytest.mark.parametrize("split", [whole, one_by_one])
@pytest.mark.parametrize("path", INJECTIONS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_no_injection_gets_in(path: Path, contexts: Contexts, split: Callable[[bytes], Iterator[bytes]]) -> None:
    """Every injection of the conformance suite, in one segment and in many, ends in an error; nothing is read."""
    vector = read(path)
    make = client if vector.headers["side"] == "client" else server
    connection = make(protocol_of(vector), contexts, told=vector)
    for turn in vector.turns:
        if turn.side is not connection.side:
            for piece in split(turn.data):
                connection.receive_data(piece)
                connection.data_to_send()
    connection.receive_data(b"")
    assert connection.phase is Phase.FAILED
    assert isinstance(connection.error, PlaintextAfterGoAhead | HandshakeFailed), connection.error
    assert connection.read() == b""
    with pytest.raises(type(connection.error)):
        connection.send(b"x")


@pytest.mark.parametrize("protocol", [one for one in ALL if one is not MYSQL], ids=lambda protocol: protocol.name)
def test_a_hello_behind_the_request_is_refused_too(protocol: Protocol, contexts: Contexts) -> None:
    """Even a real ClientHello: nobody may begin TLS before the go-ahead, except where there is none."""
    hello = client(protocol, contexts, implicit=True).data_to_send()
    twin, requests = server(protocol, contexts), _asked(protocol, contexts)
    for number, asked in enumerate(requests):
        twin.receive_data(asked + hello if number == len(requests) - 1 else asked)
    assert isinstance(twin.error, PlaintextAfterGoAhead), twin.error


def _asked(protocol: Protocol, contexts: Contexts) -> list[bytes]:
    """What a client says until the server has agreed to TLS, segment by segment."""
    one, other, said = client(protocol, contexts), server(protocol, contexts), list[bytes]()
    while other.phase is Phase.TALK:
        said.append(one.data_to_send())
        if said[-1]:
            other.receive_data(said[-1])
        one.receive_data(other.data_to_send())
    return [asked for asked in said if asked]


def test_early_bytes_are_tlss_where_there_is_no_go_ahead(contexts: Contexts) -> None:
    """MySQL: a client sends its hello behind the request, and the server hands it to TLS alone."""
    one, other = client(MYSQL, contexts), server(MYSQL, contexts)
    one.receive_data(other.data_to_send())
    other.receive_data(one.data_to_send())  # request and hello in one segment
    assert other.upgrade is not None
    assert other.upgrade.early[:1] == b"\x16"
    cross(one, other)
    assert one.phase is Phase.OPEN


def test_early_plaintext_is_no_tls(contexts: Contexts) -> None:
    one, other = client(MYSQL, contexts), server(MYSQL, contexts)
    one.receive_data(other.data_to_send())
    request = one.data_to_send()
    request = request[: 4 + int.from_bytes(request[:3], "little")]
    other.receive_data(request + b"\x20\x00\x00\x02plaintext login")
    assert isinstance(other.error, PlaintextAfterGoAhead)


def test_a_fallback_is_asked_for_by_name_and_only_for_a_server_without_tls(contexts: Contexts) -> None:
    def start_tls(proof: Upgrade | ImplicitTLS) -> TLSSession:
        return TLSSession.client(proof, contexts[0], HOST)

    def heard(*answers: bytes, fallback: bool = True) -> Connection:
        setup = ClientSetup(entropy=bytes(16))
        connection = Connection.client(SMTP, setup, start_tls, fallback=fallback)
        for answer in answers:
            connection.receive_data(answer)
        return connection

    plain = heard(b"220 x\r\n", b"250 x\r\n")
    assert (plain.phase, plain.level) == (Phase.PLAIN, Level.NONE)
    plain.data_to_send()
    plain.send(b"EHLO again\r\n")
    assert plain.data_to_send() == b"EHLO again\r\n"
    assert heard(b"220 x\r\n", b"250-x\r\n250 STARTTLS\r\n", b"454 no\r\n").phase is Phase.PLAIN
    assert isinstance(heard(b"220 x\r\n", b"250 x\r\n", fallback=False).error, NotOffered)
    assert isinstance(heard(b"220 x\r\n", b"250-x\r\n250 STARTTLS\r\n", b"454 no\r\n235 hi\r\n").error, Refused)
    assert isinstance(heard(b"220 x\r\n", b"").error, ClosedEarly)
    for nonsense in (b"200 ok\r\n", b"220 go\r\n250 x\r\n"):
        assert heard(b"220 x\r\n", b"250-x\r\n250 STARTTLS\r\n", nonsense).phase is Phase.FAILED


def test_errors_say_where(contexts: Contexts) -> None:
    one = client(SMTP, contexts)
    for answer in (b"220 x\r\n", b"250-x\r\n250 STARTTLS\r\n", b"220 go\r\n"):
        one.receive_data(answer)
    assert one.waiting_for is HANDSHAKE
    one.connection_reset()
    assert str(one.error).endswith("while waiting for the TLS handshake (RFC 8446 §2)")
    assert one.error is not None
    assert one.error.transcript is not None
    assert "S: 220 go" in one.error.transcript.text
    assert (one.error.protocol, one.error.side) == ("smtp", Side.CLIENT)


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        (b"AUTH LOGIN\r\nSTARTTLS\r\n", b"AUTH PLAIN eHl6enk=\r\nMAIL FROM:<a>\r\n"),
        (b"STARTTLS\r\n", b"AUTH LOGIN\r\neHl6enk=\r\nMAIL FROM:<a>\r\n"),
    ],
)
def test_a_login_where_tls_should_begin_is_an_injection_without_its_secret(
    contexts: Contexts, before: bytes, behind: bytes
) -> None:
    """Clients exist that do not wait for TLS; what they say is shown, and their passwords are not."""
    victim = server(SMTP, contexts)
    victim.receive_data(before)
    victim.data_to_send()
    victim.receive_data(behind)
    assert isinstance(victim.error, PlaintextAfterGoAhead)
    assert victim.error.leftover == behind.replace(b"eHl6enk=", b"[redacted]")
