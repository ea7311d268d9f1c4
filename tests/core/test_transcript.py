"""The record of a conversation: bounded, without secrets, and readable in both directions."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from starttls.core.redact import Redact
from starttls.core.transcript import LIMIT, Record, Side, Transcript, Turn, one_line, printable

C, S = Side.CLIENT, Side.SERVER
DATA = st.one_of(
    st.binary(min_size=1, max_size=400),
    st.lists(
        st.sampled_from([b"\r\n", b"\n", b"\r", b" ", b"a", b"\\", b"\\x41", b"#", b"...", b"C:", b"\0", b"\xff"]),
        min_size=1,
    ).map(b"".join),
)
TURNS = st.lists(st.builds(Turn, st.sampled_from(Side), DATA), max_size=12).map(tuple)
HEADERS = st.dictionaries(
    st.from_regex(r"[a-z][a-z-]{0,10}", fullmatch=True),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30).map(str.strip),
    min_size=1,
    max_size=4,
)


def record(*turns: tuple[Side, bytes], redact: Redact | None = None) -> Transcript:
    kept = Record("smtp", Side.SERVER, redact=redact)
    for side, data in turns:
        kept.add(side, data)
    return kept.transcript()


# -- the text form -------------------------------------------------------------------------------------------


@given(TURNS, HEADERS)
@example((Turn(C, b"\x00" * 40), Turn(C, b"a\r\n"), Turn(S, b" "), Turn(C, b"\r\n\r\n")), {"a": ""})
def test_what_is_written_can_be_read(turns: tuple[Turn, ...], headers: dict[str, str]) -> None:
    text = Transcript(turns, headers).text
    again = Transcript.parse(text)
    assert again.turns == turns
    assert again.headers == headers
    assert again.text == text


@given(TURNS)
def test_the_text_is_plain_ascii_without_controls(turns: tuple[Turn, ...]) -> None:
    text = Transcript(turns, {"protocol": "smtp"}).text
    assert text.isascii()
    assert all(row.isprintable() and row == row.rstrip() for row in text.split("\n"))


def test_how_it_looks() -> None:
    turns = (
        Turn(S, b"220 mail.example.org\r\n250 x \r\n"),
        Turn(C, b"EHLO a\\b\r\n"),
        Turn(C, b"no end\t"),
        Turn(S, bytes(range(30))),
        Turn(C, b"\r\n"),
    )
    assert Transcript(turns, {"protocol": "smtp", "side": "client"}).text == (
        "protocol: smtp\n"
        "side: client\n"
        "\n"
        "S: 220 mail.example.org\n"
        "S: 250 x\\x20\n"
        "C: EHLO a\\\\b\n"
        "...\n"
        "C| no end\\t\n"
        "S# 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10 11 12 13 14 15 16 17\n"
        "S# 18 19 1a 1b 1c 1d\n"
        "C:\n"
    )


def test_comments_and_empty_rows_say_nothing() -> None:
    text = "# first\n\nprotocol: smtp\n# second\n\n# third\nC: a\n\n# between, still one segment\nC: b\n...\nC: c\n"
    assert Transcript.parse(text) == Transcript((Turn(C, b"a\r\nb\r\n"), Turn(C, b"c\r\n")), {"protocol": "smtp"})


def test_a_header_cannot_forge_a_row() -> None:
    text = Transcript((), {"host": "a\nC: MAIL FROM:<x>\r\x1b\u2028\u00e9"}).text
    assert text == "host: a\\x0aC: MAIL FROM:<x>\\x0d\\x1b\\xe2\\x80\\xa8\\xc3\\xa9\n\n".replace(
        "\\x0a", "\\n"
    ).replace("\\x0d", "\\r")
    assert Transcript.parse(text).turns == ()


@pytest.mark.parametrize(
    "row", ["X: a", "C a", "C:a", "C", "c: a", "C# 0g", "C# 000", "C: \u00e9", "C| \u2028", "=> a"]
)
def test_a_row_that_is_none_is_named(row: str) -> None:
    with pytest.raises(ValueError, match=r"^row 3 is "):
        Transcript.parse(f"protocol: smtp\n\n{row}\n")


def test_headers_end_where_the_conversation_begins() -> None:
    with pytest.raises(ValueError, match="row 4"):
        Transcript.parse("protocol: smtp\n\nC: a\nside: client\n")


# -- bounds --------------------------------------------------------------------------------------------------


def test_what_is_too_long_loses_its_middle() -> None:
    kept = record((S, b"a" * LIMIT), (C, b"b" * 10), (S, b"c" * 10))
    assert kept.left_out == 20
    assert sum(len(turn.data) for turn in kept.turns) == LIMIT
    assert kept.turns[0].data.startswith(b"aaa")
    assert kept.turns[-1].data == b"c" * 10
    assert kept.text.endswith("# 20 bytes left out of the middle\n")
    assert Transcript.parse(kept.text).turns == kept.turns


def test_what_fits_is_kept_whole() -> None:
    kept = record((S, b"a" * (LIMIT - 1)), (C, b"b"))
    assert kept.left_out == 0
    assert len(kept.turns) == 2
    assert "left out" not in kept.text


@given(st.lists(st.tuples(st.sampled_from(Side), st.integers(1, 9000)), max_size=12))
def test_the_first_three_quarters_and_the_last_quarter_are_kept(sizes: list[tuple[Side, int]]) -> None:
    turns = [(side, bytes([65 + number]) * size) for number, (side, size) in enumerate(sizes)]
    whole = b"".join(data for _, data in turns)
    kept = record(*turns)
    shown = b"".join(turn.data for turn in kept.turns)
    if len(whole) <= LIMIT:
        assert shown == whole
    else:
        assert shown == whole[: LIMIT * 3 // 4] + whole[-LIMIT // 4 :]
    assert kept.left_out == len(whole) - len(shown)


# -- segments of one side are one turn -----------------------------------------------------------------------


def test_what_one_side_says_before_the_other_answers_is_one_turn() -> None:
    assert record((S, b"2"), (S, b"20 x\r\n"), (C, b"EHLO"), (C, b" a\r\n"), (S, b"250 x\r\n")).turns == (
        Turn(S, b"220 x\r\n"),
        Turn(C, b"EHLO a\r\n"),
        Turn(S, b"250 x\r\n"),
    )
    assert record((C, b""), (S, b"")).turns == ()


# -- secrets -------------------------------------------------------------------------------------------------


# What stands behind PASS, to the end of its line, is a secret.
hide = Redact(lambda said: [match.span(1) for match in re.finditer(rb"(?m)^PASS ([^\r\n]+)", said)])


def test_a_clients_secret_is_not_kept_and_a_servers_words_are() -> None:
    kept = record((C, b"PASS secret\r\n"), (S, b"PASS secret\r\n"), redact=hide)
    assert kept.turns == (Turn(C, b"PASS [redacted]\r\n"), Turn(S, b"PASS secret\r\n"))


@pytest.mark.parametrize("cut", range(1, 15))
def test_a_secret_that_an_answer_cuts_in_two_is_not_kept(cut: int) -> None:
    said = b"NOOP\r\nPASS secret\r\n"
    kept = record((C, said[: cut + 5]), (S, b"250 OK\r\n"), (C, said[cut + 5 :]), redact=hide)
    assert not any(part in kept.text for part in ("secr", "ecre", "cret"))
    assert "S: 250 OK\n" in kept.text
    assert kept.text.replace("C| ", "").replace("C: ", "").count("NOOP") == 1


# What stands behind PASS, on lines of letters and digits, is a secret.
hide_answers = Redact(
    lambda said: [
        span.span()
        for login in re.finditer(rb"(?m)^PASS((?:\r\n[A-Za-z0-9]+(?=\r))*)", said)
        for span in re.compile(rb"[A-Za-z0-9]+").finditer(said, *login.span(1))
    ]
)


def test_a_secret_that_an_answer_cuts_from_its_command_is_not_kept() -> None:
    """Who does not wait for the challenge sends the secret in a segment of its own."""
    said = (b"PASS\r\n", b"dXNlcg\r\n", b"c2VjcmV0\r\n", b"NOOP now\r\n", b"dXNlcg\r\n")
    kept = record(*(turn for data in said for turn in ((C, data), (S, b"530 no\r\n"))), redact=hide_answers)
    shown = [turn.data for turn in kept.turns if turn.side is C]
    assert shown == [b"PASS\r\n", b"[redacted]\r\n", b"[redacted]\r\n", b"NOOP now\r\n", b"dXNlcg\r\n"]


def test_many_cuts_do_not_cost_much() -> None:
    """All that a client said is searched once, however many answers cut it."""
    searched: list[int] = []

    def find(said: bytes) -> list[tuple[int, int]]:
        searched.append(len(said))
        return []

    turns = [turn for _ in range(8000) for turn in ((C, b"PA"), (S, b"."))]
    kept = record(*turns, redact=Redact(find))
    assert (len(kept.turns), kept.left_out, searched) == (10923, 7616, [16000])


def test_evidence_shows_no_more_than_the_transcript() -> None:
    kept = Record("smtp", Side.SERVER, redact=hide)
    kept.add(C, b"NOOP\r\nPASS secret\r\n")
    assert kept.shown(b"NOOP") == b"NOOP"
    assert kept.shown(b"PASS secret") == b"PASS [redacted]"
    assert kept.shown(b"secret") == kept.shown(b"never said") == b"[redacted]"
    assert kept.behind(b"NOOP\r\nPASS secret") == b"NOOP\r\nPASS [redacted]"
    kept.add(C, b"PASS ")
    assert kept.behind(b"secret") == b"[redacted]"
    assert Record("smtp", Side.SERVER).shown(b"secret") == b"secret"


# -- what may be printed -------------------------------------------------------------------------------------


@given(st.binary(max_size=500), st.integers(0, 300))
def test_printable(data: bytes, limit: int) -> None:
    text = printable(data, limit)
    assert text.isascii()
    assert text.isprintable() or not text
    assert ("bytes more" in text) >= (len(data) > limit)


def test_printable_is_one_to_one() -> None:
    assert printable(b"a\tb\r\nc\\d\x00\xff") == r"a\tb\r\nc\\d\x00\xff"
    assert printable(b"abcdef", 4) == "abcd... (2 bytes more)"


@given(st.text())
def test_one_line(text: str) -> None:
    line = one_line(text)
    assert line.isprintable()
    assert not line.endswith((".", " "))
    assert one_line(line) == line


def test_one_line_keeps_what_can_be_read() -> None:
    assert one_line("B\u00fccher: keine \u20ac.") == "B\u00fccher: keine \u20ac"
    assert one_line("a\r\nb\x1b[2J\u202e\ud800") == r"a\r\nb\x1b[2J\u202e\ud800"


def test_sides() -> None:
    assert (C.peer, S.peer, C.mark, S.mark) == (S, C, "C", "S")
    assert str(C) == "client"
