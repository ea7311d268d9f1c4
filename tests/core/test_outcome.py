"""The proof of an upgrade cannot be made by anybody else, copied, or taken for trusted."""

import copy
import pickle
import tokenize
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import starttls
from starttls.core import outcome
from starttls.core.errors import Misuse
from starttls.core.outcome import Finished, Note, Upgrade, said
from starttls.core.talk import Steps, Talk
from starttls.core.transcript import Record, Side
from starttls.core.wait import Wait

WAIT = Wait("a line", "RFC 0 §0")


def upgraded(*notes: bytes | str) -> Upgrade:
    def steps(talk: Talk) -> Steps[None]:
        talk.note("greeting", *notes)
        yield from talk.line(WAIT)
        talk.upgrade()

    talk = Talk("smtp", Side.CLIENT, headers=dict)
    talk.begin(steps(talk))
    talk.receive_data(b"220 go\r\n")
    assert isinstance(talk.outcome, Upgrade)
    return talk.outcome


@pytest.mark.parametrize("seal", [None, object(), "_TALK_ONLY", Upgrade])
def test_nobody_else_makes_one(seal: object) -> None:
    with pytest.raises(Misuse, match="only a finished Talk can prove an upgrade"):
        Upgrade(seal, "smtp", Side.CLIENT, [], Record("smtp", Side.CLIENT), b"")


def test_no_way_around_its_maker() -> None:
    with pytest.raises(Misuse, match="subclassed"):
        type("Forged", (Upgrade,), {})
    with pytest.raises(TypeError):
        Upgrade.__new__(Upgrade)  # type: ignore[call-arg]
    with pytest.raises(AttributeError):
        upgraded().side = Side.SERVER  # type: ignore[misc]


def test_it_is_used_once() -> None:
    proof = upgraded()
    proof.spend()
    with pytest.raises(Misuse, match="used already"):
        proof.spend()


def test_the_seal_is_named_by_talk_alone() -> None:
    """Who names it could forge a proof."""
    root = Path(starttls.__file__).parent
    users = set()
    for path in root.rglob("*.py"):
        with path.open("rb") as file:
            names = {token.string for token in tokenize.tokenize(file.readline)}
        if any("_TALK_ONLY" in name for name in names):
            users.add(path.relative_to(root).as_posix())
    assert users == {"core/outcome.py", "core/talk.py"}
    assert hasattr(outcome, "_TALK_ONLY")  # or this test would test nothing


def test_it_is_of_one_connection() -> None:
    proof = upgraded()
    for attempt in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(Misuse, match="cannot be copied"):
            attempt(proof)


def test_what_it_says() -> None:
    proof = upgraded(b"220 mail.example.org", "gr\u00fc\u00df")
    assert (proof.protocol, proof.side, proof.early) == ("smtp", Side.CLIENT, b"")
    assert proof.said == {"greeting": ("220 mail.example.org", r"gr\xc3\xbc\xc3\x9f")}
    assert repr(proof) == "<Upgrade smtp client>"
    assert proof.transcript.headers["expect"] == "Upgrade"
    assert "S: 220 go" in proof.transcript.text


def test_notes_of_one_name_are_gathered_in_order() -> None:
    notes = [Note("a", (b"1", b"2")), Note("b", (b"3",)), Note("a", (b"4",)), Note("c", ())]
    assert said(notes) == {"a": ("1", "2", "4"), "b": ("3",), "c": ()}


@given(st.binary(max_size=2000))
def test_what_was_said_is_escaped_and_bounded(value: bytes) -> None:
    (text,) = Note("greeting", (value,)).texts
    assert text.isascii()
    assert text.isprintable()
    assert len(text) <= 512 * 4 + 32


def test_finished_proves_nothing_and_shows_nothing() -> None:
    assert Finished(b"secret").leftover == b"secret"
    assert "secret" not in repr(Finished(b"secret"))
    assert not isinstance(Finished(), Upgrade)
