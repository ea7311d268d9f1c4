"""Plays a transcript against our own dialogue. The one place that knows how a vector becomes a conversation."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from starttls.core.errors import PeerError
from starttls.core.facts import ClientSetup, Protocol, ServerSetup
from starttls.core.outcome import Finished, Upgrade
from starttls.core.talk import Talk
from starttls.core.transcript import Side, Transcript
from starttls.protocols import ALL

HERE = Path(__file__).parent
VECTORS = sorted(HERE.glob("*/*.txt"))
HEADERS = {
    "about",
    "source",
    "protocol",
    "side",
    "expect",
    "what",
    "host",
    "me",
    "name",
    "entropy",
    "unoffered",
    "inside",
}

Split = Callable[[bytes], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a vector: the outcome, all that we sent, and the peer's bytes that nobody took."""

    talk: Talk
    outcome: Upgrade | Finished | PeerError
    sent: bytes
    untaken: bytes


def read(path: Path) -> Transcript:
    """Read a vector and refuse unknown headers, which would be assertions that nobody makes."""
    vector = Transcript.parse(path.read_text("ascii"))
    unknown = set(vector.headers) - HEADERS
    assert not unknown, f"{path.name}: unknown headers {unknown}"
    return vector


def protocol_of(vector: Transcript) -> Protocol:
    """The protocol that a vector names."""
    return next(protocol for protocol in ALL if protocol.name == vector.headers["protocol"])


def begin(vector: Transcript) -> Talk:
    """Start our side of the conversation, told what the vector's headers tell."""
    told, protocol = vector.headers, protocol_of(vector)
    entropy = bytes.fromhex(told.get("entropy", "00" * 20))
    if told["side"] == "server":
        return protocol.as_server(ServerSetup(entropy=entropy, name=told.get("name", "server.example.org")))
    setup = ClientSetup(
        entropy=entropy,
        host=told.get("host", "server.example.org"),
        me=told.get("me", "client.example.org"),
        unoffered=told.get("unoffered", "no") == "yes",
    )
    return protocol.as_inside(setup) if told.get("inside") == "yes" else protocol.as_client(setup)


def whole(segment: bytes) -> Iterator[bytes]:
    """Each segment as it is."""
    yield segment


def one_by_one(segment: bytes) -> Iterator[bytes]:
    """One byte at a time."""
    for at in range(len(segment)):
        yield segment[at : at + 1]


def play(vector: Transcript, split: Split = whole) -> Played:
    """Feed the peer's segments, cut by ``split``; a conversation that then still waits sees the end of the stream."""
    talk = begin(vector)
    sent, untaken = bytearray(talk.data_to_send()), bytearray()
    for turn in vector.turns:
        if turn.side is talk.side:
            continue
        for piece in split(turn.data):
            if talk.outcome is not None:
                untaken += piece
                continue
            talk.receive_data(piece)
            sent += talk.data_to_send()
    if talk.outcome is None:
        talk.receive_data(b"")
    sent += talk.data_to_send()
    assert talk.outcome is not None
    return Played(talk, talk.outcome, bytes(sent), bytes(untaken))


def own_bytes(vector: Transcript) -> bytes:
    """What our side is expected to send, in all."""
    side = Side(vector.headers["side"])
    return b"".join(turn.data for turn in vector.turns if turn.side is side)
