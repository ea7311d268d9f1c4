import struct
from contextlib import suppress

import dns.flags
import dns.message
import dns.rcode
import pytest
from hypothesis import given
from hypothesis import strategies as st

from starttls.policy.answer import Answer, ExtendedError, Question
from starttls.policy.messages import extended_errors
from starttls.resolve.failures import NotTheAnswer, Unanswered
from starttls.resolve.reading import read
from starttls.resolve.wire import Query, code_of, is_referral
from tests.resolve.nameservers import answer

QUESTION = Question("example.org", "A")
QUERY = Query.make(QUESTION, checking=True)
PACKET = QUERY.packet(7)
GOOD = answer(
    PACKET,
    "example.org. 60 IN CNAME mx.example.net.",
    "mx.example.net. 60 IN A 192.0.2.1",
    ad=True,
    ede=3,
    authority="example.net. 300 IN SOA ns.example.net. root.example.net. 1 2 3 4 60",
)


UNREAD = "an answer that cannot be read"


def header(flags: int = 0x8180, *counts: int, identifier: int = 7) -> bytes:
    return struct.pack("!HHHHHH", identifier, flags, *(counts or (1, 0, 0, 0)))


def test_a_query_says_what_is_wanted() -> None:
    asked = dns.message.from_wire(PACKET)
    assert (asked.id, asked.flags) == (7, dns.flags.RD | dns.flags.AD)
    assert (asked.edns, asked.payload, asked.ednsflags) == (0, 1232, dns.flags.DO)
    unchecked = dns.message.from_wire(Query.make(QUESTION, checking=False).packet(65535))
    assert (unchecked.id, unchecked.flags) == (65535, dns.flags.RD | dns.flags.CD)


def test_what_cannot_be_asked() -> None:
    for name in ("a..b", "x" * 64, ".".join(["x" * 60] * 5)):
        with pytest.raises(Unanswered, match="cannot be asked"):
            Query.make(Question(name, "A"), checking=True)


def test_an_answer_is_read() -> None:
    message = QUERY.read(GOOD, 7)
    assert code_of(message) == "NOERROR"
    assert extended_errors(message) == (ExtendedError(3, "told\\nso"),)
    assert not is_referral(message)
    assert not QUERY.is_cut(GOOD, 7)


def test_the_case_of_a_name_does_not_matter_that_of_a_type_does() -> None:
    QUERY.read(header() + b"\x07eXample\x03ORG\0\0\1\0\1", 7)
    https = Query.make(Question("example.org", "HTTPS"), checking=True)  # type 65 is an "A" in ASCII, and 97 an "a"
    assert https.section[-4:] == b"\0A\0\1"
    with pytest.raises(NotTheAnswer, match="to another question"):
        https.read(header() + https.section[:-3] + b"a\0\1", 7)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", UNREAD),
        (GOOD[:11], UNREAD),
        (b"\0\x08" + GOOD[2:], "an answer with another identifier"),
        (PACKET, "a message that is no answer"),
        (header(0x9180) + QUERY.section, "a message that is no answer"),
        (answer(Query.make(Question("example.net", "A"), checking=True).packet(7)), "an answer to another question"),
        (answer(Query.make(Question("example.org", "MX"), checking=True).packet(7)), "an answer to another question"),
        (header(0x8180, 0, 0, 0, 0), "an answer to another question"),
        (header(0x8180, 2, 0, 0, 0) + QUERY.section * 2, "an answer to another question"),
        (header() + QUERY.section + b"more", UNREAD),
        (header(0x8180, 1, 1, 0, 0) + QUERY.section, UNREAD),
        (header(0x8180, 1, 1, 0, 0) + QUERY.section + b"\xc0\x1d" + bytes(10), UNREAD),
        (header(0x8180, 1, 1, 0, 0) + QUERY.section + b"\xc0\xff" + bytes(10), UNREAD),
        (
            header(0x8180, 1, 1, 0, 0) + QUERY.section + b"\xc0\x0c\0\1\0\1\0\0\0\0\0\3abc",
            "an answer that cannot be read",
        ),
    ],
)
def test_what_is_no_answer(data: bytes, why: str) -> None:
    with pytest.raises(NotTheAnswer) as caught:
        QUERY.read(data, 7)
    assert str(caught.value) == why


def test_an_answer_that_cannot_be_used() -> None:
    cut = header(0x8380) + QUERY.section
    assert QUERY.is_cut(cut, 7)
    with pytest.raises(Unanswered, match="an answer that is cut"):
        QUERY.read(cut, 7)
    with pytest.raises(Unanswered, match="an answer of 2001 records"):
        QUERY.read(header(0x8180, 1, 2000, 0, 1) + QUERY.section, 7)


def test_a_server_that_could_not_read_the_question_need_not_repeat_it() -> None:
    assert code_of(QUERY.read(header(0x8181, 0, 0, 0, 0), 7)) == "FORMERR"


@given(st.binary(max_size=600))
def test_any_bytes_behind_our_question_are_an_answer_or_none(data: bytes) -> None:
    check(header(0x8180, 1, 1, 1, 1) + QUERY.section + data)


@given(st.integers(12, len(GOOD) - 1), st.binary(min_size=1, max_size=4))
def test_any_change_of_an_answer_is_an_answer_or_none(at: int, data: bytes) -> None:
    check(GOOD[:at] + data + GOOD[at + len(data) :])


@given(st.integers(0, len(GOOD)))
def test_any_part_of_an_answer_is_an_answer_or_none(end: int) -> None:
    check(GOOD[:end])


def check(data: bytes) -> None:
    with suppress(Unanswered):
        assert isinstance(read(QUESTION, QUERY.read(data, 7)), Answer)
