"""From a TOML file to a frozen record, or to one error that says where and what."""

import difflib
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar, cast

import msgspec

from starttls.config.declare import Section, tables
from starttls.config.render import toml
from starttls.core.errors import BadConfig

__all__ = ["load", "loads"]

T = TypeVar("T", bound=Section)

_SYNTAX = re.compile(r"(?P<problem>.*) \(at (?:line (?P<line>\d+), column \d+|end of document)\)", re.DOTALL)
_PLACE = re.compile(r" - at `\$\.(?P<path>[^`\[]*)(?P<item>\[\d+\])?`$")
_HEADER = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]\s*(?:#.*)?")
_KEY = re.compile(r"\s*([\w.\"'-]+)\s*=")
_QUOTES = "\"'"


def load(path: Path, record: type[T]) -> T:
    """Read the file at ``path``. Raises `BadConfig`."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadConfig(str(path), f"cannot read it: {(error.strerror or str(error)).lower()}") from None
    except UnicodeDecodeError:
        raise BadConfig(str(path), "not UTF-8, which TOML has to be") from None
    return loads(text, record, str(path))


def loads(text: str, record: type[T], source: str) -> T:
    """Read ``text``, which errors say to come from ``source``. Raises `BadConfig`."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        match = _SYNTAX.fullmatch(str(error))
        problem = match["problem"] if match else str(error)
        line = int(match["line"]) if match and match["line"] else None
        raise BadConfig(source, f"no TOML: {problem[:1].lower()}{problem[1:]}", line) from None
    _refuse_unknown(document, record, text, source)
    try:
        return msgspec.convert(document, record)
    except msgspec.ValidationError as error:
        raise _invalid(str(error), document, record, text, source) from None


def _refuse_unknown(document: Mapping[str, object], record: type[Section], text: str, source: str) -> None:
    sections = tables(record)
    keys = {table.path(setting.name) for table in sections for setting in table.settings}
    names = {table.name for table in sections} - {""}
    for path in _paths(document, names):
        if path not in keys | names:
            nearest = _nearest(path, sorted(keys | names))
            hint = f"did you mean '{nearest[0]}'?" if nearest else f"known are: {', '.join(sorted(keys))}"
            raise BadConfig(source, f"unknown key '{path}'", line=_line(text, path), hint=hint)


def _nearest(path: str, known: Sequence[str]) -> Sequence[str]:
    """The right key in the wrong table, or the key that is spelt most like it."""
    leaf = path.rpartition(".")[2]
    elsewhere = [key for key in known if key.rpartition(".")[2] == leaf]
    return elsewhere or difflib.get_close_matches(path, known, n=1, cutoff=0.5)


def _paths(document: Mapping[str, object], names: Collection[str], prefix: str = "") -> Iterator[str]:
    """The dotted path of every key; tables are entered where the record has one of that name."""
    for key, value in document.items():
        path = f"{prefix}{key}"
        yield path
        if isinstance(value, dict) and path in names:
            yield from _paths(cast("dict[str, object]", value), names, f"{path}.")


def _invalid(error: str, document: Mapping[str, object], record: type[Section], text: str, source: str) -> BadConfig:
    """Say in the words of TOML what msgspec says in those of JSON Schema."""
    match = _PLACE.search(error)
    path = match["path"] if match else ""
    kinds = {table.path(setting.name): setting.kind for table in tables(record) for setting in table.settings}
    expected = kinds.get(path, "a table")
    problem = f"'{path}' must be {expected}, not {toml(_value(document, path))}"
    return BadConfig(source, problem, line=_line(text, path))


def _value(found: object, path: str) -> object:
    for key in path.split("."):
        found = cast("dict[str, object]", found).get(key) if isinstance(found, dict) else found
    return found


def _line(text: str, path: str) -> int | None:
    """The line of a key. tomllib does not say, so this looks for what people write: [tables] and ``key =``."""
    prefix = ""
    for number, row in enumerate(text.splitlines(), 1):
        if header := _HEADER.fullmatch(row):
            if header[1] == path:
                return number
            prefix = f"{header[1]}."
        elif (key := _KEY.match(row)) and f"{prefix}{key[1].strip(_QUOTES)}" == path:
            return number
    return None
