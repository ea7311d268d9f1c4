"""BER as LDAP allows it: what is written reads back, what lies is refused, and nothing is cut in silence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from starttls.core.errors import Misuse, TooLong, Unexpected
from starttls.core.talk import Steps, Talk
from starttls.core.transcript import Side
from starttls.core.wait import Wait
from starttls.grammar import ber

MESSAGE = Wait("a message", "test", 64)


def read(*segments: bytes) -> object:
    """Feed the segments to a dialogue that reads one message: what it says, the error, or None while it waits."""
    got: list[tuple[int, int, bytes]] = []

    def steps(talk: Talk) -> Steps[None]:
        got.append((yield from ber.message(talk, MESSAGE)))

    talk = Talk("test", Side.CLIENT)
    talk.begin(steps(talk))
    for segment in segments:
        try:
            talk.receive_data(segment)
        except Misuse:  # the dialogue has ended, without an outcome, which is all that this test wants of it
            break
    return got[0] if got else talk.outcome


@given(st.lists(st.tuples(st.integers(0, 255).filter(lambda tag: tag & 31 != 31), st.binary(max_size=300))))
def test_what_is_written_reads_back(written: list[tuple[int, bytes]]) -> None:
    assert ber.elements(b"".join(ber.element(tag, content) for tag, content in written)) == written


@given(st.integers(0, 2**31 - 1))
def test_numbers_read_back(value: int) -> None:
    [(tag, content)] = ber.elements(ber.integer(value))
    assert (tag, ber.number(content)) == (2, value)


@given(st.binary(max_size=64))
def test_any_bytes_are_elements_or_an_error(data: bytes) -> None:
    try:
        found = ber.elements(data)
    except Unexpected:
        return
    assert sum(2 + len(content) for _, content in found) <= len(data)


@pytest.mark.parametrize(
    ("content", "written"),
    [
        (0, "0400"),
        (1, "0401"),
        (127, "047f"),
        (128, "048180"),
        (255, "0481ff"),
        (256, "04820100"),
        (65536, "0483010000"),
    ],
)
def test_lengths_are_written_in_their_shortest_form(content: int, written: str) -> None:
    assert ber.element(ber.STRING, bytes(content)) == bytes.fromhex(written) + bytes(content)


@pytest.mark.parametrize("length", ["03", "8103", "820003", "83000003", "8400000003"])
def test_lengths_are_read_in_any_definite_form(length: str) -> None:
    data = b"\x04" + bytes.fromhex(length) + b"abc"
    assert ber.elements(data) == [(4, b"abc")]
    assert ber.bounds(data, 0) == (4, len(data) - 3, len(data))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("04", "a tag of one octet, and a length"),
        ("1f0100", "a tag of one octet, and a length"),
        ("ff0100", "a tag of one octet, and a length"),
        ("0480616263000000", "a definite length, of at most 4 octets"),
        ("0485000000000161", "a definite length, of at most 4 octets"),
        ("04ff", "a definite length, of at most 4 octets"),
        ("0404616263", "an element that ends within its container"),
        ("0481", "an element that ends within its container"),
        ("04840000", "an element that ends within its container"),
        ("0484ffffffff", "an element that ends within its container"),
    ],
)
def test_elements_that_lie(data: str, expected: str) -> None:
    with pytest.raises(Unexpected) as raised:
        ber.elements(bytes.fromhex(data))
    assert raised.value.expected == expected
    assert raised.value.got == bytes.fromhex(data)[:2]


@pytest.mark.parametrize(("content", "value"), [("00", 0), ("7f", 127), ("0080", 128), ("7fffffff", 2**31 - 1)])
def test_numbers(content: str, value: int) -> None:
    assert ber.number(bytes.fromhex(content)) == value
    assert ber.integer(value)[2:] == bytes.fromhex(content)


@pytest.mark.parametrize("content", ["", "80", "ff", "80000000", "0000", "0001", "007f", "0000000001", "0080000000"])
def test_numbers_that_are_none(content: str) -> None:
    with pytest.raises(Unexpected):
        ber.number(bytes.fromhex(content))


def test_a_message_comes_in_any_pieces() -> None:
    data = bytes.fromhex("300c02010778070a010004000400")
    assert read(data) == (7, 0x78, bytes.fromhex("0a010004000400"))
    assert read(*(data[at : at + 1] for at in range(len(data)))) == read(data)
    assert read(data[:-1]) is None
    assert read(data + b"more") == read(data)


def test_a_message_over_the_limit_is_an_error_before_its_first_octet() -> None:
    assert isinstance(read(bytes.fromhex("3041")), TooLong)
    assert isinstance(read(bytes.fromhex("3084ffffffff")), TooLong)
    assert read(bytes.fromhex("3040")) is None


@pytest.mark.parametrize("data", ["3100", "3000", "3003020101", "300402010104", "3005040101ff00", "3080", "1603"])
def test_what_is_no_message(data: str) -> None:
    assert isinstance(read(bytes.fromhex(data)), Unexpected)
