"""A peer's bytes, whatever they are, give only declared outcomes, within the declared memory."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from starttls.core.errors import PeerError
from starttls.core.facts import ClientSetup, Protocol, ServerSetup
from starttls.core.outcome import Finished, Upgrade
from starttls.core.talk import WHOLE, Talk
from starttls.core.transcript import LIMIT, Side, Transcript
from starttls.protocols import ALL
from tests.transcripts.replay import VECTORS, begin, read

PATTERNS = [b"x", b"250-x\r\n", b"* x\r\n", b"+OK\r\n", b"\x00", b"0", b"<a>", b" \r\n", b"\xff" * 3, b"{9}\r\n"]
ROLES = [pytest.param(protocol, side, id=f"{protocol.name}-{side}") for protocol in ALL for side in Side]


def talk_of(protocol: Protocol, side: Side) -> Talk:
    if side is Side.CLIENT:
        return protocol.as_client(ClientSetup(entropy=bytes(16), host="server.example.org"))
    return protocol.as_server(ServerSetup(entropy=bytes(range(20)), name="server.example.org"))


def feed(talk: Talk, pieces: list[bytes]) -> None:
    """Feed until the end; whatever comes out is declared, is one line of text, and can be written down."""
    for piece in [*pieces, b""]:
        if talk.outcome is None:
            talk.receive_data(piece)
            talk.data_to_send()
    assert isinstance(talk.outcome, PeerError | (Finished if talk.inside else Upgrade))
    assert str(talk.outcome).isprintable()
    text = talk.transcript.text
    assert sum(len(turn.data) for turn in Transcript.parse(text).turns) <= LIMIT + 32 * 64  # redactions add words


@pytest.mark.parametrize(("protocol", "side"), ROLES)
@settings(max_examples=60, deadline=None)
@given(pieces=st.lists(st.binary(max_size=300), max_size=8))
def test_noise(protocol: Protocol, side: Side, pieces: list[bytes]) -> None:
    """Bytes at random."""
    feed(talk_of(protocol, side), pieces)


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: f"{path.parent.name}/{path.stem}")
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_damaged_conversations(path: Path, data: st.DataObject) -> None:
    """A real conversation with bytes changed, dropped, doubled or put in: it gets further in than noise does."""
    vector = read(path)
    talk = begin(vector)
    pieces = [turn.data for turn in vector.turns if turn.side is not talk.side]
    at = data.draw(st.integers(0, max(0, len(pieces) - 1)))
    damaged = bytearray(pieces[at]) if pieces else bytearray()
    place = data.draw(st.integers(0, len(damaged)))
    damaged[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=6))
    feed(talk, [*pieces[:at], bytes(damaged), *pieces[at + 1 :]])


@pytest.mark.parametrize(("protocol", "side"), ROLES)
@pytest.mark.parametrize(
    "pattern", [b"x", b"250-x\r\n", b"* x\r\n", b"\x00", b"0", b"<a>", b" \r\n", b"\xff" * 3, b"{9}\r\n"]
)
def test_endless_input_ends_within_the_limit(protocol: Protocol, side: Side, pattern: bytes) -> None:
    """A peer that never stops is stopped."""
    talk = talk_of(protocol, side)
    chunk = pattern * (4096 // len(pattern))
    heard = 0
    while talk.outcome is None:
        talk.receive_data(chunk)
        talk.data_to_send()
        heard += len(chunk)
        assert heard <= WHOLE + len(chunk)
    assert isinstance(talk.outcome, PeerError)
