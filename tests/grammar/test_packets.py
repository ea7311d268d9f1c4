"""Length-prefixed packets: lengths that lie, fields that run out, and secrets that keep their length."""

from collections.abc import Callable

import pytest

from starttls.core.errors import Misuse, TooLong, Unexpected
from starttls.core.talk import Steps, Talk
from starttls.core.transcript import Side
from starttls.core.wait import Wait
from starttls.grammar.packets import Fields, packet

PACKET = Wait("a packet", "test", 16)


def measure(header: bytes) -> int:
    if header[0] == 0xFF:
        raise Unexpected(header, "a length that can be meant")
    return header[0] * 256 + header[1]


def read(*segments: bytes) -> object:
    """Feed the segments to a dialogue that reads one packet: the packet, the error, or None while it waits."""
    got: list[tuple[bytes, bytes]] = []

    def steps(talk: Talk) -> Steps[None]:
        got.append((yield from packet(talk, PACKET, 2, measure)))

    talk = Talk("test", Side.SERVER)
    talk.begin(steps(talk))
    for segment in segments:
        try:
            talk.receive_data(segment)
        except Misuse:  # the dialogue has ended, without an outcome, which is all that this test wants of it
            break
    return got[0] if got else talk.outcome


def test_a_packet_is_its_header_and_as_much_as_that_says() -> None:
    assert read(b"\0\3abc") == (b"\0\3", b"abc")
    assert read(b"\0", b"\3a", b"b", b"c") == (b"\0\3", b"abc")
    assert read(b"\0\0") == (b"\0\0", b"")
    assert read(b"\0\3abcd") == (b"\0\3", b"abc")


def test_a_length_over_the_limit_is_an_error_before_its_first_byte() -> None:
    assert isinstance(read(b"\0\x11"), TooLong)
    assert read(b"\0\x10") is None


def test_a_length_that_cannot_be_meant() -> None:
    error = read(b"\xff\xff")
    assert isinstance(error, Unexpected)
    assert error.got == b"\xff\xff"


def test_fields_in_their_order() -> None:
    fields = Fields(b"\x01\x02\x00name\0rest\0", "a packet")
    assert fields.number(3) == 0x000201
    assert fields.text() == b"name"
    assert fields.take(2) == b"re"
    assert fields.rest() == b"st\0"
    assert fields.rest() == b""
    assert fields.take(0) == b""


@pytest.mark.parametrize("read_more", [lambda f: f.take(4), lambda f: f.number(4), lambda f: f.text()])
def test_a_field_that_is_not_there(read_more: Callable[[Fields], object]) -> None:
    fields = Fields(b"abc", "a packet of the other kind")
    with pytest.raises(Unexpected) as raised:
        read_more(fields)
    assert (raised.value.got, raised.value.expected) == (b"abc", "a packet of the other kind")
