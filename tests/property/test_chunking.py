"""Any chunking of the same bytes gives the same outcome."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from starttls.core.outcome import Upgrade
from tests.transcripts.replay import VECTORS, own_bytes, play, read


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: f"{path.parent.name}/{path.stem}")
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_any_chunking_gives_the_same_outcome(path: Path, data: st.DataObject) -> None:
    """Cut every segment of the peer's at random places."""

    def cut(segment: bytes) -> Iterator[bytes]:
        places = data.draw(st.lists(st.integers(0, len(segment)), max_size=6))
        marks = sorted({0, len(segment), *places})
        yield from (segment[start:end] for start, end in pairwise(marks))

    vector = read(path)
    played = play(vector, cut)
    if vector.headers["expect"] == "PlaintextAfterGoAhead" and isinstance(played.outcome, Upgrade):
        assert played.untaken  # what came later is TLS's, which refuses it: tests/tls/test_connection.py
    else:
        assert type(played.outcome).__name__ == vector.headers["expect"], played.talk.transcript.text
        assert vector.headers["expect"] == "PlaintextAfterGoAhead" or played.sent == own_bytes(vector)
