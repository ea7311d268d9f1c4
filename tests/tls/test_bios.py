from hypothesis import given
from hypothesis import strategies as st

from starttls.core.transcript import Side
from starttls.tls.bios import RECORD, Bios


@given(pieces=st.lists(st.integers(0, 3 * RECORD), max_size=6), limit=st.integers(1, 2 * RECORD))
def test_bytes_keep_their_order_and_the_bio_stays_small(pieces: list[int], limit: int) -> None:
    bios, said, heard = Bios(Side.SERVER), b"", b""
    for number, size in enumerate(pieces):
        data = bytes([number]) * size
        said += data
        bios.receive(data)
        assert bios.incoming.pending <= RECORD
    assert bios.waiting == len(said)
    heard += bios.incoming.read()
    while piece := bios.feed(limit):
        assert len(piece) <= min(limit, RECORD)
        heard += bios.incoming.read()
    assert heard == said
    assert bios.waiting == 0


def test_what_is_held_is_fed_alone() -> None:
    bios = Bios(Side.CLIENT)
    bios.hold(memoryview(b"hello"))
    assert bios.incoming.pending == 0
    bios.receive(b" world")
    assert bios.feed() == b"hello world"
    assert bios.feed() == b""


def test_what_goes_out_goes_out_once() -> None:
    bios = Bios(Side.CLIENT)
    assert bios.take() == b""
    bios.outgoing.write(b"one ")
    assert bios.flush() == b"one "
    assert bios.flush() == b""
    bios.outgoing.write(b"two")
    assert bios.take() == b"one two"
    assert bios.take() == b""


def test_what_is_dropped_is_gone() -> None:
    bios = Bios(Side.CLIENT)
    bios.hold(b"hello")
    bios.drop()
    assert bios.waiting == 0
    assert bios.groups is None
