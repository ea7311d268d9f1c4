"""A record's example file and its reference page, both made from its declaration."""

import json
import textwrap
from collections.abc import Iterator
from datetime import date, time
from typing import cast

from starttls.config.declare import Section, Setting, Table, tables

__all__ = ["example", "reference", "toml"]

_WIDTH = 100


def toml(value: object) -> str:
    """``value`` as TOML writes it; what no configuration of ours can hold is shown as it is."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(value)  # a JSON string is a TOML basic string
        case list() | tuple():
            return f"[{', '.join(map(toml, cast('list[object]', value)))}]"
        case dict():
            return "a table"
        case date() | time():
            return value.isoformat()
        case _:
            return str(value)


def example(record: type[Section]) -> str:
    """The commented example file: every key with its default, or with an example where it has none."""
    return "\n\n".join("\n".join(_example_table(table)) for table in tables(record)) + "\n"


def _example_table(table: Table) -> Iterator[str]:
    yield from _comment(table.text)
    if table.name:
        yield f"[{table.name}]"
    for setting in table.settings:
        yield ""
        yield from _comment(f"{setting.text} {_sentence(setting.kind)}")
        yield f"# {setting.name} = {toml(setting.example)}"


def _comment(text: str) -> Iterator[str]:
    for line in textwrap.wrap(text, _WIDTH - 2, break_long_words=False, break_on_hyphens=False):
        yield f"# {line}"


def _sentence(kind: str) -> str:
    return f"{kind[:1].upper()}{kind[1:]}."


def reference(record: type[Section], title: str) -> str:
    """The reference page, in Markdown."""
    return "\n".join([f"# {title}", "", *_page(record)]) + "\n"


def _page(record: type[Section]) -> Iterator[str]:
    for table in tables(record):
        if table.name:
            yield from ("", f"## `[{table.name}]`", "")
        yield from textwrap.wrap(table.text, 120)
        if table.settings:
            yield from ("", "| key | value | default | meaning |", "|---|---|---|---|")
            yield from map(_row, table.settings)


def _row(setting: Setting) -> str:
    default = "none" if setting.default is None else f"`{toml(setting.default)}`"
    cells = (f"`{setting.name}`", setting.kind, default, setting.text)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
