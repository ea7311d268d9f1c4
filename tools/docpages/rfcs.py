"""The page of the RFCs, from ``docs/rfc/index.toml``."""

import tomllib
from collections.abc import Iterator

import msgspec

from docpages.docstrings import ROOT

__all__ = ["Document", "documents", "page"]

_HEAD = """\
# RFCs and other documents

What of each is here. *Yes*: all of it that concerns an upgrade to TLS. *Partial*: the note says what is missing.
*No*: not here yet, or on purpose. Code cites a rule at its line, as `# RFC 3207 §4.2: "..."`.
"""


class Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry: ``support`` is Yes, Partial or No; ``where`` the files that hold it, from the root."""

    id: str
    title: str
    support: str
    note: str
    where: tuple[str, ...] = ()


def documents() -> tuple[Document, ...]:
    """The entries in their order. Raises `msgspec.ValidationError` for one that is none."""
    text = (ROOT / "docs/rfc/index.toml").read_text()
    groups = msgspec.convert(tomllib.loads(text), dict[str, tuple[Document, ...]])
    return tuple(one for group in groups.values() for one in group)


def page() -> str:
    """``reference/rfcs.md``."""
    groups: dict[str, list[dict[str, object]]] = tomllib.loads((ROOT / "docs/rfc/index.toml").read_text())
    parts = [_HEAD.rstrip()]
    for name, entries in groups.items():
        parts += [f"## {name}", "\n".join(_rows(msgspec.convert(entries, tuple[Document, ...])))]
    return "\n\n".join(parts) + "\n"


def _rows(entries: tuple[Document, ...]) -> Iterator[str]:
    yield from ("| document | what it is | here | note |", "|---|---|---|---|")
    for one in entries:
        files = ", ".join(f"[{path.removeprefix('src/starttls/')}](../../{path})" for path in one.where)
        yield f"| {_link(one.id)} | {one.title} | {one.support} | {one.note}{f' ({files})' if files else ''} |"


def _link(name: str) -> str:
    kind, _, number = name.partition(" ")
    return f"[{name}](https://www.rfc-editor.org/rfc/rfc{number})" if kind == "RFC" else name
