"""How a record declares configuration: every field says once, beside its type and default, what it is for.

::

    class Timeouts(Section, frozen=True):
        \"\"\"How long to wait.\"\"\"

        connect: Annotated[float, Meta(gt=0, description="Seconds until a TCP connection must stand.")] = 10.0

From this one declaration come the loader's checks, the example file and the reference page. A field that is
itself a `Section` is a table of the TOML file.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

import msgspec
from msgspec import inspect

__all__ = ["Section", "Setting", "Table", "tables"]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What every configuration record is: frozen, and closed to keys that it does not declare."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One key: ``kind`` says in words what may stand there, ``example`` is what an example file shows."""

    name: str
    kind: str
    default: object
    text: str
    example: object


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the file: its dotted ``name`` ("" for the top), what it is about, and its keys."""

    name: str
    text: str
    settings: tuple[Setting, ...]

    def path(self, key: str) -> str:
        """The dotted path of a key of this table."""
        return f"{self.name}.{key}" if self.name else key


def tables(record: type[Section]) -> tuple[Table, ...]:
    """The tables of ``record``, the top one first.

    Raises `TypeError` for a declaration that a user could not understand: a field without description or
    default, or of a type that TOML cannot say.
    """
    info = inspect.type_info(record)
    if not isinstance(info, inspect.StructType):
        raise TypeError(f"{record.__name__} is no record")
    return tuple(_tables("", info))


def _tables(name: str, info: inspect.StructType) -> Iterator[Table]:
    settings: list[Setting] = []
    below: list[tuple[str, inspect.StructType]] = []
    for field in info.fields:
        if isinstance(field.type, inspect.StructType):
            below.append((f"{name}.{field.encode_name}" if name else field.encode_name, field.type))
        else:
            settings.append(_setting(info.cls.__name__, field))
    yield Table(name, _docstring(info.cls), tuple(settings))
    for path, inner in below:
        yield from _tables(path, inner)


def _docstring(record: type) -> str:
    text = " ".join((record.__doc__ or "").split())
    if not text:
        raise TypeError(f"{record.__name__} has no docstring")
    return text


def _setting(record: str, field: inspect.Field) -> Setting:
    place = f"{record}.{field.name}"
    found, schema = _unwrapped(field.type)
    text = schema.get("description")
    if not isinstance(text, str):
        raise TypeError(f"{place} has no description")
    default = field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
    if default is msgspec.NODEFAULT:
        raise TypeError(f"{place} has no default")
    examples = cast("list[object]", schema.get("examples", [default]))
    if examples[0] is None:
        raise TypeError(f"{place} has neither a default nor an example to show")
    return Setting(field.encode_name, _kind(found, place), default, text, examples[0])


def _unwrapped(found: inspect.Type) -> tuple[inspect.Type, Mapping[str, object]]:
    """The type that a TOML value has, without None, and what its annotation says."""
    schema: dict[str, object] = {}
    while True:
        match found:
            case inspect.Metadata():
                schema.update(_schema(found))
                found = found.type
            case inspect.UnionType(types=(inner, inspect.NoneType())):
                found = inner
            case _:
                return found, schema


def _schema(found: inspect.Metadata) -> dict[str, object]:
    return cast("dict[str, object]", found.extra_json_schema or {})  # pyright: ignore[reportUnknownMemberType]


def _kind(found: inspect.Type, place: str) -> str:
    match found:
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType() | inspect.FloatType():
            return _number(found)
        case inspect.StrType():
            return "a string"
        case inspect.LiteralType(values=values):
            return " or ".join(f'"{value}"' for value in values)
        case inspect.VarTupleType(item_type=inspect.StrType()):
            return "a list of strings"
        case _:
            raise TypeError(f"{place} is of a type that no configuration file can say")


def _number(found: inspect.IntType | inspect.FloatType) -> str:
    kind = "a whole number" if isinstance(found, inspect.IntType) else "a number"
    if found.gt is not None:
        kind += f" above {found.gt:g}"
    if found.ge is not None:
        kind += f" from {found.ge:g}"
    return kind if found.le is None else f"{kind} to {found.le:g}"
