"""The one buffer and the one pen: what is read, within which limits, and what is kept."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from starttls.core.errors import (
    PlaintextAfterGoAhead,
    PrematureReply,
    Refused,
    TooLong,
    Unexpected,
)
from starttls.core.outcome import Note, Upgrade
from starttls.core.redact import Redact
from starttls.core.talk import Steps, Talk
from starttls.core.transcript import Side
from starttls.core.wait import Wait

LINE = Wait("a line", "RFC 0 §1", 16)
BYTES = Wait("some bytes", "RFC 0 §2", 8)
Dialogue = Callable[[Talk], Steps[None]]


def begin(
    steps: Dialogue,
    *segments: bytes,
    side: Side = Side.CLIENT,
    whole: int = 1000,
    redact: Redact | None = None,
) -> Talk:
    talk = Talk("toy", side, headers=dict, whole=whole, redact=redact)
    talk.begin(steps(talk))
    for segment in segments:
        talk.receive_data(segment)
    return talk


def one_line(talk: Talk) -> Steps[None]:
    talk.note("line", (yield from talk.line(LINE)))
    talk.upgrade()


def three_bytes(talk: Talk) -> Steps[None]:
    talk.note("bytes", (yield from talk.exact(3, BYTES)))
    talk.upgrade()


def to_mark(talk: Talk) -> Steps[None]:
    talk.note("marked", (yield from talk.until(b"--", BYTES)))
    talk.upgrade()


def lines_for_ever(talk: Talk) -> Steps[None]:
    while True:
        yield from talk.line(LINE)


def cuts(data: bytes) -> Iterator[list[bytes]]:
    yield [data]
    yield [data[at : at + 1] for at in range(len(data))]
    yield from ([data[:at], data[at:]] for at in range(1, len(data)))


def outcome(talk: Talk) -> tuple[str, str]:
    return type(talk.outcome).__name__, str(talk.outcome)


# -- line ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "line"),
    [(b"a\r\n", "a"), (b"\r\n", ""), (b"a b\xff\r\n", r"a b\xff"), (b"12345678901234\r\n", "12345678901234")],
)
def test_a_line(data: bytes, line: str) -> None:
    for pieces in cuts(data):
        talk = begin(one_line, *pieces)
        assert isinstance(talk.outcome, Upgrade)
        assert talk.said == {"line": (line,)}


@pytest.mark.parametrize("data", [b"a\n", b"\n", b"a\rb\r\n", b"a\r\r\n", b"a\0\r\n", b"\r\na\n"[2:]])
def test_a_line_that_parsers_would_differ_on(data: bytes) -> None:
    for pieces in cuts(data):
        talk = begin(one_line, *pieces)
        assert isinstance(talk.outcome, Unexpected)
        assert talk.outcome.got == data


@pytest.mark.parametrize(
    "data", [b"123456789012345\r\n", b"x" * 17, b"x" * 900, b"x" * 17 + b"\n", b"x" * 40 + b"\r\n"]
)
def test_a_line_is_no_longer_than_its_limit(data: bytes) -> None:
    for pieces in cuts(data):
        talk = begin(one_line, *pieces)
        assert isinstance(talk.outcome, TooLong)
        assert talk.outcome.limit == 16


# -- exact, until --------------------------------------------------------------------------------------------


def test_exact_bytes() -> None:
    for pieces in cuts(b"a\r\n"):
        assert begin(three_bytes, *pieces).said == {"bytes": (r"a\r\n",)}
    assert begin(three_bytes, b"ab").outcome is None


def test_a_count_over_the_limit_is_refused_before_a_byte_comes() -> None:
    def steps(talk: Talk) -> Steps[None]:
        yield from talk.exact(int.from_bytes((yield from talk.exact(1, BYTES))), BYTES)

    assert isinstance(begin(steps, b"\x09").outcome, TooLong)
    assert begin(steps, b"\x08").outcome is None


@pytest.mark.parametrize("data", [b"--", b"a--", b"-a--", b"a\r\nb-c--"])
def test_up_to_a_mark(data: bytes) -> None:
    for pieces in cuts(data):
        talk = begin(to_mark, *pieces)
        assert isinstance(talk.outcome, Upgrade)
        assert talk.events() == (Note("marked", (data,)),)


@pytest.mark.parametrize("data", [b"a" * 9, b"a" * 7 + b"--", b"-a" * 9, b"a" * 99 + b"--"])
def test_a_mark_that_does_not_come_in_time(data: bytes) -> None:
    for pieces in cuts(data):
        assert outcome(begin(to_mark, *pieces)) == outcome(begin(to_mark, data))
        assert isinstance(begin(to_mark, *pieces).outcome, TooLong)


# -- the whole conversation ----------------------------------------------------------------------------------


def test_a_conversation_has_a_limit_however_short_its_lines() -> None:
    talk = begin(lines_for_ever, *[b"a\r\n"] * 34, whole=100)
    assert isinstance(talk.outcome, TooLong)
    assert talk.outcome.limit == 100


@given(st.lists(st.integers(1, 60), max_size=12), st.integers(10, 60), st.integers(0, 70))
def test_the_limit_does_not_depend_on_the_segments(sizes: list[int], whole: int, lines: int) -> None:
    """What comes within the limit counts, also where its segment goes beyond."""

    def steps(talk: Talk) -> Steps[None]:
        for _ in range(lines % 9):
            yield from talk.line(LINE)
        raise Refused("enough")

    data = b"abc\r\n" * (lines + 1)
    pieces, at = [], 0
    for size in sizes:
        pieces.append(data[at : at + size])
        at += size
    pieces = [piece for piece in (*pieces, data[at:]) if piece]
    assert outcome(begin(steps, *pieces, whole=whole)) == outcome(begin(steps, data, whole=whole))


def test_bytes_beyond_the_limit_are_leftovers_too() -> None:
    for pieces in ([b"go\r\nXYZ"], [b"go\r", b"\nXYZ"]):
        talk = begin(one_line, *pieces, whole=4)
        assert isinstance(talk.outcome, PlaintextAfterGoAhead)
        assert talk.outcome.leftover == b"XYZ"


def test_a_view_of_the_callers_buffer_is_copied() -> None:
    buffer = bytearray(b"go")
    talk = begin(one_line, side=Side.SERVER)
    talk.receive_data(memoryview(buffer))
    buffer[:] = b"\r\n"
    talk.receive_data(memoryview(buffer))
    assert talk.said == {"line": ("go",)}
    assert talk.transcript.turns[0].data == b"go\r\n"


# -- what is said and kept -----------------------------------------------------------------------------------


def test_what_goes_out_is_taken_once() -> None:
    def steps(talk: Talk) -> Steps[None]:
        talk.send(b"a")
        talk.send(b"b\r\n")
        yield from talk.ask(b"c\r\n", LINE)
        talk.upgrade()

    talk = begin(steps)
    assert talk.data_to_send() == b"ab\r\nc\r\n"
    assert talk.data_to_send() == b""


def test_events_come_once_and_stay_in_what_was_said() -> None:
    def steps(talk: Talk) -> Steps[None]:
        talk.note("a", b"1")
        yield from talk.line(LINE)
        talk.note("b", "2", b"\x1b")
        talk.upgrade()

    talk = begin(steps)
    assert talk.events() == (Note("a", (b"1",)),)
    talk.receive_data(b"x\r\n")
    assert talk.events() == (Note("b", (b"2", b"\x1b")),)
    assert talk.events() == ()
    assert talk.said == {"a": ("1",), "b": ("2", r"\x1b")}


@pytest.mark.parametrize("error", [Unexpected(b"PASS x", "y"), PrematureReply(b"PASS x")])
def test_the_evidence_in_an_error_hides_what_the_transcript_hides(error: Unexpected | PrematureReply) -> None:
    def steps(talk: Talk) -> Steps[None]:
        yield from talk.line(LINE)
        raise error

    talk = begin(steps, b"PASS x\r\n", side=Side.SERVER, redact=Redact(lambda _: [(5, 6)]))
    assert talk.outcome is error
    assert error.got == b"PASS [redacted]"
