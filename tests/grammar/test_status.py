"""Status lines and literals, read without a protocol around them."""

import pytest

from starttls.core.errors import Refusal, TooLong, Unexpected
from starttls.core.outcome import Upgrade
from starttls.core.talk import Steps, Talk
from starttls.core.transcript import Side
from starttls.core.wait import Wait
from starttls.grammar import status

LINE = Wait("a line", "a test", 100)
LITERAL = Wait("a literal", "a test", 50)


@pytest.mark.parametrize(
    ("line", "word", "code", "text"),
    [
        (b"", b"", b"", b""),
        (b"OK", b"OK", b"", b""),
        (b"ok [ALERT] hi", b"OK", b"ALERT", b"[ALERT] hi"),
        (b"NO [unavailable] hi", b"NO", b"UNAVAILABLE", b"[unavailable] hi"),
        (b"OK [CAPABILITY IMAP4rev1 STARTTLS] hi", b"OK", b"CAPABILITY", b"[CAPABILITY IMAP4rev1 STARTTLS] hi"),
        (b"OK [ALERT hi", b"OK", b"", b"[ALERT hi"),
        (b"OK [] hi", b"OK", b"", b"[] hi"),
        (b"OK hi [ALERT]", b"OK", b"", b"hi [ALERT]"),
        (b"OK  [ALERT]", b"OK", b"", b" [ALERT]"),
        (b'NO (TRYLATER) "hi"', b"NO", b"TRYLATER", b'(TRYLATER) "hi"'),
        (b'OK (TAG "x]") "hi"', b"OK", b"TAG", b'(TAG "x]") "hi"'),
        (b"-ERR [SYS/TEMP] hi", b"-ERR", b"SYS/TEMP", b"[SYS/TEMP] hi"),
        (b"OK[ALERT]", b"OK[ALERT]", b"", b""),
        (b"\xff \xfe", b"\xff", b"", b"\xfe"),
    ],
)
def test_a_status_line(line: bytes, word: bytes, code: bytes, text: bytes) -> None:
    assert status.parse(line) == (word, code, text)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (b"NO", Refusal.PERMANENT),
        (b"NO [ALERT] UNAVAILABLE", Refusal.PERMANENT),
        (b"NO [UNAVAILABLE]", Refusal.TEMPORARY),
        (b"NO [INUSE] x", Refusal.TEMPORARY),
        (b"NO [LIMIT] x", Refusal.THROTTLED),
        (b"NO [PRIVACYREQUIRED] x", Refusal.PERMANENT),
        (b"-ERR [IN-USE] x", Refusal.TEMPORARY),
        (b"-ERR [LOGIN-DELAY] x", Refusal.THROTTLED),
        (b"-ERR [SYS/TEMP] x", Refusal.TEMPORARY),
        (b"-ERR [SYS/PERM] x", Refusal.PERMANENT),
        (b"-ERR [AUTH] x", Refusal.PERMANENT),
        (b"NO (TRYLATER)", Refusal.TEMPORARY),
        (b"NO (ENCRYPT-NEEDED)", Refusal.PERMANENT),
    ],
)
def test_how_long_a_refusal_lasts(line: bytes, kind: Refusal) -> None:
    assert status.refused(status.parse(line)).kind is kind


def test_a_refusal_without_a_code_lasts_as_long_as_the_caller_says() -> None:
    assert status.refused(status.parse(b"BYE"), Refusal.TEMPORARY).kind is Refusal.TEMPORARY
    assert status.refused(status.parse(b"BYE (REFERRAL x)"), Refusal.TEMPORARY).kind is Refusal.PERMANENT
    assert status.refused(status.parse(b"BYE [LIMIT]"), Refusal.TEMPORARY).kind is Refusal.THROTTLED


def test_a_refusal_shows_the_line_escaped() -> None:
    assert status.refused(status.parse(b"no \x1b[2J")).reply == "NO \\x1b[2J"


@pytest.mark.parametrize(
    ("line", "size"),
    [
        (b"{0}", 0),
        (b"* FETCH {28}", 28),
        (b"* FETCH ~{28}", 28),
        (b"a LOGIN {28+}", 28),
        (b"x {007}", 7),
        (b"x {1}{2}", 2),
        (b"", None),
        (b"}", None),
        (b"28}", None),
        (b"28+}", None),
        (b"{}", None),
        (b"{+}", None),
        (b"{28", None),
        (b"{28} ", None),
        (b"{-1}", None),
        (b"{1 }", None),
        (b"{1++}", None),
        (b"{\xb2}", None),
        (b"{0x1}", None),
        (b"{a{1}b}", None),
    ],
)
def test_an_announced_literal(line: bytes, size: int | None) -> None:
    assert status.announced(line) == size


def test_a_size_of_many_digits_is_too_long_and_costs_nothing() -> None:
    assert (status.announced(b"{" + b"9" * 10 + b"}") or 0) == 9_999_999_999
    assert (status.announced(b"{" + b"9" * 8000 + b"}") or 0) > LITERAL.limit


def reading(*segments: bytes, pushed: bool = False) -> tuple[Talk, list[bytes]]:
    """Read one line with its literals, and then upgrade."""
    got: list[bytes] = []

    def steps() -> Steps[None]:
        line = yield from talk.line(LINE)
        got.append((yield from status.continued(talk, line, LINE, LITERAL, pushed=pushed)))
        talk.upgrade()

    talk = Talk("test", Side.SERVER)
    talk.begin(steps())
    for segment in segments:
        talk.receive_data(segment)
    return talk, got


@pytest.mark.parametrize(
    "data",
    [
        b"no literal\r\n",
        b"* {3}\r\nabc\r\n",
        b"* {3+}\r\nabc and {2}\r\n\r\n and {0}\r\n\r\n",
        b"* {12}\r\nA1 OK {99}\r\n\r\n",
        b"* {2}\r\n\0\n\r\n",
    ],
)
def test_literals_are_counted(data: bytes) -> None:
    assert reading(data)[1] == [data.removesuffix(b"\r\n")]
    assert reading(*(bytes((byte,)) for byte in data))[1] == [data.removesuffix(b"\r\n")]


def test_only_a_pushed_literal_is_read_where_only_those_come() -> None:
    talk, got = reading(b"a {3}\r\n", pushed=True)
    assert isinstance(talk.outcome, Upgrade)
    assert got == [b"a {3}"]
    assert reading(b"a {3+}\r\nabc {4}\r\n", pushed=True)[1] == [b"a {3+}\r\nabc {4}"]


def test_a_literal_is_bounded_before_it_is_read() -> None:
    talk, _ = reading(b"* {51}\r\n")
    assert isinstance(talk.outcome, TooLong)
    assert talk.outcome.limit == LITERAL.limit
    assert reading(b"* {50}\r\n")[0].outcome is None


def test_a_line_behind_a_literal_is_a_line() -> None:
    assert isinstance(reading(b"* {1}\r\na\n")[0].outcome, Unexpected)
    assert isinstance(reading(b"* {1}\r\na" + b"x" * 101)[0].outcome, TooLong)


def test_the_wait_says_what_is_missing() -> None:
    assert reading(b"* {3}\r\nab")[0].waiting_for is LITERAL
    assert reading(b"* {3}\r\nabc")[0].waiting_for is LINE
