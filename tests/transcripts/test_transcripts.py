"""The conformance suite: every transcript under this folder, whole and one byte at a time."""

from pathlib import Path

import pytest

from starttls.core.errors import PeerError
from starttls.core.outcome import Upgrade
from starttls.protocols import ALL
from tests.transcripts.replay import HERE, VECTORS, one_by_one, own_bytes, play, read

each = pytest.mark.parametrize("path", VECTORS, ids=lambda path: f"{path.parent.name}/{path.stem}")


@each
def test_whole_segments(path: Path) -> None:
    """Segment by segment, the outcome, its words and every byte that we send are as written."""
    vector = read(path)
    played = play(vector)
    assert type(played.outcome).__name__ == vector.headers["expect"], played.talk.transcript.text
    assert played.sent == own_bytes(vector)
    if "what" in vector.headers:
        assert isinstance(played.outcome, PeerError)
        assert played.outcome.what == vector.headers["what"]


@each
def test_one_byte_at_a_time(path: Path) -> None:
    """The same, one byte a segment.

    Bytes behind the go-ahead then come after the upgrade, where they are TLS's: `TLSSession` refuses them.
    """
    vector = read(path)
    played = play(vector, one_by_one)
    if vector.headers["expect"] == "PlaintextAfterGoAhead":
        assert isinstance(played.outcome, Upgrade)
        assert played.untaken
    else:
        assert type(played.outcome).__name__ == vector.headers["expect"], played.talk.transcript.text
        assert played.sent == own_bytes(vector)


@each
def test_a_transcript_of_the_replay_is_the_vector_again(path: Path) -> None:
    """What `Talk` records can be read back and replayed to the same end."""
    vector = read(path)
    first = play(vector).talk.transcript
    again = first.parse(first.text)
    assert again.turns == first.turns
    assert type(play(again).outcome).__name__ == vector.headers["expect"] or first.left_out


@pytest.mark.parametrize("protocol", ALL, ids=lambda protocol: protocol.name)
@pytest.mark.parametrize("side", ["client", "server"])
def test_every_protocol_shows_an_upgrade_in_each_role(protocol: object, side: str) -> None:
    """No protocol is listed without a transcript of success in both roles."""
    folder = HERE / getattr(protocol, "name")  # noqa: B009 - parametrised over facts
    found = [read(path) for path in folder.glob("*.txt")]
    assert any(vector.headers["side"] == side and vector.headers["expect"] == "Upgrade" for vector in found)
