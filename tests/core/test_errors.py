"""Errors carry evidence, are one line whatever the evidence is, and can be copied."""

import copy
import dataclasses
import importlib
import inspect
import pickle
import pkgutil
import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

import starttls
from starttls.core import errors
from starttls.core.errors import (
    CertificateRejected,
    ClosedEarly,
    HandshakeFailed,
    Misuse,
    NetworkError,
    NotOffered,
    PeerError,
    PlaintextAfterGoAhead,
    Refusal,
    Refused,
    StartTLSError,
    TimedOut,
    TLSError,
    Unexpected,
)
from starttls.core.transcript import Side, Transcript, Turn
from starttls.core.wait import Wait
from starttls.policy.answer import TLSA, ExtendedError, Question, Status
from starttls.policy.errors import BadReport, DaneNoMatch, PolicyError

WAIT = Wait("the greeting", "RFC 5321 §4.2, 220")
TRANSCRIPT = Transcript((Turn(Side.SERVER, b"554 no\r\n"),), {"protocol": "smtp"})

TEXT = st.text(max_size=60)
DATA = st.binary(max_size=300)
VALUES: dict[str, st.SearchStrategy[object]] = {
    "str": TEXT,
    "bytes": DATA,
    "int": st.integers(0, 1 << 40),
    "float": st.floats(0, 1e6),
    "bool": st.booleans(),
    "Refusal": st.sampled_from(Refusal),
    "str | None": st.none() | TEXT,
    "int | None": st.none() | st.integers(0, 100000),
    "Side | None": st.none() | st.sampled_from(Side),
    "tuple[str, ...]": st.lists(TEXT, max_size=4).map(tuple),
    "tuple[bytes, ...]": st.lists(DATA, max_size=2).map(tuple),
    "Question": st.builds(Question, TEXT, st.just("MX")),
    "Status": st.sampled_from(Status),
    "tuple[ExtendedError, ...]": st.lists(st.builds(ExtendedError, st.integers(0, 65535), TEXT), max_size=2).map(tuple),
    "tuple[TLSA, ...]": st.just((TLSA(3, 1, 1, bytes(32)),)),
    "tuple[tuple[str, StartTLSError], ...]": st.lists(
        st.tuples(TEXT, st.builds(NotOffered, TEXT)), min_size=1, max_size=2
    ).map(tuple),
}


def walk(kind: type[StartTLSError]) -> Iterator[type[StartTLSError]]:
    yield kind
    for inner in kind.__subclasses__():
        yield from walk(inner)


for _module in pkgutil.walk_packages(starttls.__path__, "starttls."):
    if not _module.name.endswith("__main__"):
        importlib.import_module(_module.name)  # an error may be declared anywhere

KINDS = sorted(set(walk(StartTLSError)), key=lambda kind: kind.__name__)
LEAVES = [kind for kind in KINDS if not kind.__subclasses__() and kind.__module__.startswith("starttls.")]
each_leaf = pytest.mark.parametrize("kind", LEAVES, ids=lambda kind: kind.__name__)


def fields_of(kind: type[StartTLSError]) -> dict[str, str]:
    """Names and types of what makes the error."""
    fields: dict[str, dataclasses.Field[object]] = getattr(kind, "__dataclass_fields__", {})
    return {name: _name(field.type) for name, field in fields.items()}


def _name(kind: object) -> str:
    """A type as it is written in the source."""
    if inspect.isclass(kind) and not getattr(kind, "__args__", ()):
        return kind.__name__
    return re.sub(r"starttls\.[a-z.]+\.", "", str(kind))


@st.composite
def instances(draw: st.DrawFn, kind: type[StartTLSError]) -> StartTLSError:
    return kind(**{name: draw(VALUES[of]) for name, of in fields_of(kind).items()})


# -- the tree ------------------------------------------------------------------------------------------------


def test_the_docstring_lists_the_tree_as_it_is() -> None:
    drawn = re.findall(r"^( *)([A-Z]\w+)(?:  |$)", inspect.getdoc(errors) or "", re.MULTILINE)
    branch: list[str] = []
    parents: dict[str, str] = {}
    for indent, name in drawn:
        depth = (len(indent) - len(drawn[0][0])) // 2
        del branch[depth:]
        parents[name] = branch[-1] if branch else ""
        branch.append(name)
    real = {kind.__name__: kind.__mro__[1].__name__ for kind in KINDS if kind.__module__ == errors.__name__}
    higher = {kind.__name__: kind.__mro__[1].__name__ for kind in (PolicyError, BadReport)}
    assert parents == {**real, **higher, "StartTLSError": ""}


def test_all_of_the_tree_is_public() -> None:
    assert {kind.__name__ for kind in KINDS if kind.__module__ == errors.__name__} | {"Refusal"} == set(errors.__all__)


@each_leaf
def test_every_error_has_a_docstring_and_words_of_its_own(kind: type[StartTLSError]) -> None:
    assert kind.__doc__
    assert kind.__doc__.strip().splitlines()[0].endswith(".")
    sample: dict[str, object] = {"str": "words", "bytes": b"bytes", "int": 7, "float": 2.5, "bool": True}
    sample |= {"Refusal": Refusal.TEMPORARY, "tuple[str, ...]": ("some",), "tuple[bytes, ...]": ()}
    sample |= {"Question": Question("example.org", "MX"), "Status": Status.BOGUS}
    sample |= {"tuple[tuple[str, StartTLSError], ...]": (("mx.example.org", TimedOut(1)),)}
    error = kind(**{name: sample.get(of) for name, of in fields_of(kind).items()})
    assert error.what != kind.__name__
    first = error.what.split()[0]
    assert first.islower() or first.isupper() or first.isdigit()  # "connection", "TLS", "37 bytes"
    assert not error.what.endswith(".")


# -- one line ------------------------------------------------------------------------------------------------


ANSWERED = (NotOffered, CertificateRejected, DaneNoMatch)
"""What was awaited came, and is what is wrong."""


@each_leaf
@given(data=st.data())
def test_one_line_whatever_the_evidence_is(kind: type[StartTLSError], data: st.DataObject) -> None:
    error = data.draw(instances(kind))
    for text in (error.what, str(error), str(error.at("smtp", Side.CLIENT, WAIT, TRANSCRIPT))):
        assert text.isprintable()
        assert "\n" not in text
    assert not error.what.endswith((".", " "))
    assert str(error).startswith(f"smtp: {error.what}")
    assert str(error).endswith((" while waiting for ", ", in ")[kind in ANSWERED] + str(WAIT))


def test_the_words() -> None:
    said = {
        NotOffered("STARTTLS", ("SIZE", "DSN")): "STARTTLS is not offered (offered: SIZE, DSN)",
        NotOffered("STLS"): "STLS is not offered (offered: nothing)",
        Refused("454 later", Refusal.TEMPORARY): "refused: 454 later (temporary)",
        Refused("no\r\n\x1b[2J\u202e"): r"refused: no\r\n\x1b[2J\u202e (permanent)",
        Unexpected(b"354 go\x07", "220"): r"unexpected '354 go\x07', expected 220",
        PlaintextAfterGoAhead(b"250 x\r\n"): r"7 bytes of plaintext behind the go-ahead, an injection: '250 x\r\n'",
        ClosedEarly(): "connection closed by the peer",
        ClosedEarly(reset=True): "connection reset by the peer",
        HandshakeFailed("no shared cipher", "handshake_failure", Side.SERVER): (
            "TLS handshake failed: no shared cipher, alert handshake_failure from the server"
        ),
        TimedOut(2.5, "connect"): "timed out after 2.5 s in connect",
        Misuse("you did it."): "you did it",
    }
    for error, words in said.items():
        assert error.what == words


def test_bytes_behind_a_request_and_bytes_behind_a_go_ahead() -> None:
    error = PlaintextAfterGoAhead(b"x").at("smtp", Side.SERVER, None, TRANSCRIPT)
    assert "behind the upgrade request" in error.what


def test_a_long_offer_is_cut() -> None:
    assert len(NotOffered("STARTTLS", ("X" * 50,) * 1000).what) < 300


def test_a_chain_is_not_part_of_the_repr() -> None:
    assert "leaf" not in repr(CertificateRejected("expired", 10, (b"leaf",)))


# -- where it happened ---------------------------------------------------------------------------------------


def test_what_is_known_of_the_place_stays() -> None:
    error = ClosedEarly().at("smtp", Side.CLIENT, WAIT, TRANSCRIPT)
    error.at("imap", Side.SERVER, Wait("x", "y"), Transcript())
    assert (error.protocol, error.side, error.waiting_for, error.transcript) == ("smtp", Side.CLIENT, WAIT, TRANSCRIPT)


def test_without_a_place_the_words_stand_alone() -> None:
    assert str(ClosedEarly()) == "connection closed by the peer"
    assert str(ClosedEarly().at("", Side.CLIENT, WAIT, TRANSCRIPT)).startswith("connection closed by the peer while")
    assert str(StartTLSError()) == "StartTLSError"


# -- copies --------------------------------------------------------------------------------------------------


@each_leaf
@given(data=st.data())
def test_errors_survive_copying_and_pickling(kind: type[StartTLSError], data: st.DataObject) -> None:
    error = data.draw(instances(kind)).at("smtp", Side.CLIENT, WAIT, TRANSCRIPT)
    error.add_note("seen on a Monday")
    copies = [copy.copy(error), copy.deepcopy(error)]
    copies += [pickle.loads(pickle.dumps(error, protocol)) for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1)]
    for again in copies:
        assert type(again) is kind
        assert str(again) == str(error)
        assert repr(vars(again)) == repr(vars(error))  # the errors in an error are told apart by identity


def test_errors_are_told_apart_by_identity() -> None:
    assert ClosedEarly() != ClosedEarly()
    assert len({ClosedEarly(), ClosedEarly()}) == 2


def test_what_to_catch() -> None:
    assert issubclass(NotOffered, PeerError)
    assert issubclass(HandshakeFailed, TLSError)
    assert issubclass(TimedOut, NetworkError)
    assert not issubclass(Misuse, PeerError | TLSError | NetworkError)
