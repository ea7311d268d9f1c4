"""Secrets are hidden in all that a client said, wherever an answer cuts it."""

import re
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from starttls.core.redact import HIDDEN, Redact


def of_letters(said: bytes) -> Iterator[tuple[int, int]]:
    """Every run of capitals is a secret."""
    return (match.span() for match in re.finditer(rb"[A-Z]+", said))


hide, star = Redact(of_letters), Redact(of_letters, counted=True)


def test_one_turn() -> None:
    assert hide(b"a SECRET b SECRET") == b"a [redacted] b [redacted]"
    assert star(b"a SECRET b SECRET") == b"a ****** b ******"
    assert hide(b"") == star(b"") == b""
    assert hide(b"nothing") == b"nothing"
    assert hide(b"S") == HIDDEN


def test_a_secret_in_many_turns_is_hidden_in_each() -> None:
    assert hide.turns([b"a SEC", b"", b"RE", b"T b"]) == [b"a [redacted]", b"", HIDDEN, b"[redacted] b"]
    assert star.turns([b"a SEC", b"", b"RE", b"T b"]) == [b"a ***", b"", b"**", b"* b"]
    assert hide.turns([]) == []


def test_a_secret_of_no_length_is_none() -> None:
    assert Redact(lambda said: [(len(said), len(said))])(b"x") == b"x"
    assert Redact(lambda _: [(1, 1), (1, 2)])(b"abc") == b"a[redacted]c"


@given(turns=st.lists(st.text("aAbB ", max_size=6).map(str.encode), max_size=8))
def test_no_cut_shows_more(turns: list[bytes]) -> None:
    whole = b"".join(turns)
    assert b"".join(star.turns(turns)) == star(whole) == re.sub(rb"[A-Z]", b"*", whole)
    shown = hide.turns(turns)
    assert len(shown) == len(turns)
    for turn, kept in zip(turns, shown, strict=True):
        assert kept == re.sub(rb"[A-Z]+", HIDDEN, turn)
