"""The attack matrix: every row of `attacks.toml` is proven for every protocol and role that it belongs to."""

import ast
import functools
import tomllib
from dataclasses import dataclass

import pytest

from starttls.core.transcript import Side
from starttls.protocols import ALL, by_name
from tests.transcripts.replay import HERE, VECTORS, read

ROOT = HERE.parent.parent
TABLE = tomllib.loads((HERE / "attacks.toml").read_text("utf-8"))
NAMES = {f"{path.parent.name}/{path.stem}": path for path in VECTORS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One attack; see the head of the table."""

    id: str
    title: str
    belongs: tuple[str, ...] = ()
    expect: tuple[str, ...] = ()
    vectors: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()

    @property
    def roles(self) -> set[tuple[str, str]]:
        """Protocol and side of all that it belongs to."""
        return {(protocol, side) for where in self.belongs for protocol, side in expanded(where)}


def expanded(where: str) -> list[tuple[str, str]]:
    """``"smtp client"``, ``"lines server"`` or ``"client"`` as protocols and sides."""
    group, _, side = where.rpartition(" ")
    everybody = [protocol.name for protocol in ALL if protocol.name not in TABLE["twins"]]
    names = TABLE["groups"].get(group, [group]) if group else everybody
    return [(by_name(name)[0].name, Side(side).value) for name in names]


def row_of(told: dict[str, str | list[str]]) -> Row:
    """A row as the table tells it; an unknown key is an error."""
    lists = {key: tuple(value) for key, value in told.items() if isinstance(value, list)}
    assert set(told) - set(lists) == {"id", "title"}
    return Row(id=str(told["id"]), title=str(told["title"]), **lists)


ROWS = [row_of(told) for told in TABLE["row"]]
each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)


@each_row
def test_every_vector_exists_and_ends_as_it_should(row: Row) -> None:
    for name in row.vectors:
        assert name in NAMES, f"there is no transcript {name}"
        assert read(NAMES[name]).headers["expect"] in row.expect, name
    assert len(set(row.vectors)) == len(row.vectors)


@each_row
def test_every_protocol_and_role_has_a_vector(row: Row) -> None:
    headers = [read(NAMES[name]).headers for name in row.vectors if name in NAMES]
    proven = {(told["protocol"], told["side"]) for told in headers}
    assert not row.roles - proven, f"{row.title}: no transcript proves it"
    unasked = {(protocol, side) for protocol, side in proven - row.roles if protocol not in TABLE["twins"]}
    assert not unasked, "the row does not belong to these, or should"


@each_row
def test_every_test_exists(row: Row) -> None:
    assert row.tests or row.belongs, "a row that nothing proves"
    for name in row.tests:
        path, _, function = name.partition("::")
        assert function in functions(path), f"there is no test {name}"


@functools.cache
def functions(path: str) -> frozenset[str]:
    """The tests in a file."""
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    found = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return frozenset(name for name in found if name.startswith("test_"))


def test_no_row_is_there_twice() -> None:
    assert len({row.id for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize(("twin", "of"), TABLE["twins"].items())
def test_twins_run_the_same_dialogue(twin: str, of: str) -> None:
    """Or what is proven for the one would not be proven for the other."""
    one, other = by_name(twin)[0], by_name(of)[0]
    for side in ("client", "server"):
        dialogues = [getattr(protocol, side) for protocol in (one, other)]
        assert len({getattr(dialogue, "func", dialogue) for dialogue in dialogues}) == 1
    assert one.redact == other.redact


def test_every_attack_in_a_transcript_is_in_the_table() -> None:
    """An injection that somebody wrote down belongs somewhere."""
    listed = {name for row in ROWS for name in row.vectors}
    attacks = {name for name, path in NAMES.items() if read(path).headers["expect"] == "PlaintextAfterGoAhead"}
    assert attacks - listed == set()
