"""The page of the protocols: their facts, their dialogues, and a few of their transcripts."""

import ast
from collections.abc import Iterator
from pathlib import Path

from docpages.docstrings import ROOT, fenced, markdown, module
from starttls.core.facts import Protocol
from starttls.protocols import ALL

__all__ = ["page"]

_HEAD = """\
# Protocols

What each protocol declares about itself in [`protocols`](../../src/starttls/protocols/__init__.py); the same table is
printed by `starttls protocols`, and as data by `starttls protocols --format json`. A URL without a port takes the
first port of its protocol; schemes of implicit TLS mean TLS from the first byte (RFC 8314).
"""
_COLUMNS = ("scheme", "port", "implicit TLS", "speaks first", "request", "go-ahead", "ALPN", "defined in")
_SHOWN = ("upgrade", "injected", "not-offered", "refused", "greeting", "server-injected")
_EACH = 3
_SCREEN = 40
"""Rows of a transcript that still belong on a page."""


def page() -> str:
    """``reference/protocols.md``."""
    parts = [_HEAD, _table()]
    homes: list[str] = []
    for protocol in ALL:
        home = protocol.name.partition("-")[0].replace("submission", "smtp")
        parts += _section(protocol, "" if home in homes else home)
        homes.append(home)
    return "\n\n".join(part.rstrip() for part in parts) + "\n"


def _table() -> str:
    rows = (f"| {' | '.join(map(_cell, _row(protocol)))} |" for protocol in ALL)
    return "\n".join((f"| {' | '.join(_COLUMNS)} |", "|" + "---|" * len(_COLUMNS), *rows))


def _row(protocol: Protocol) -> tuple[str, ...]:
    implicit = " ".join(map(str, (protocol.implicit, *protocol.ports.implicit))) if protocol.implicit else "-"
    names, ports = (protocol.name, *protocol.aliases), map(str, protocol.ports.upgrade)
    said = (protocol.verb, protocol.go_ahead or "-", ", ".join(protocol.alpn) or "-")
    return (" ".join(names), " ".join(ports), implicit, protocol.first, *said, protocol.rfcs[0])


def _cell(text: str) -> str:
    return text.replace("<", "&lt;").replace("|", "\\|")


def _section(protocol: Protocol, home: str) -> Iterator[str]:
    yield f"## {protocol.title}"
    facts = {
        "after TLS": protocol.after_tls,
        "speaks first inside TLS": protocol.first_inside,
        "SRV records": ", ".join(f"`{one}`" for one in protocol.srv) or "none",
        "can go on in plaintext after a refusal": "yes" if protocol.survives_refusal else "no",
        "defined in": ", ".join(protocol.rfcs),
    }
    yield "\n".join(("| fact | |", "|---|---|", *(f"| {name} | {_cell(value)} |" for name, value in facts.items())))
    if home:  # a protocol that differs by its name alone has the dialogue of the one before it
        text = markdown(ast.get_docstring(module(f"protocols.{home}")))
        yield text.partition("\n")[2]
    yield from _transcripts(protocol)


def _transcripts(protocol: Protocol) -> Iterator[str]:
    folder = f"tests/transcripts/{protocol.name}"
    everything = sorted((ROOT / folder).glob("*.txt"))
    short = [path for path in everything if len(path.read_text().splitlines()) <= _SCREEN]
    shown: list[Path] = []
    for kind in _SHOWN:
        found = [path for path in short if path.stem.startswith(kind)]
        shown += sorted(found, key=lambda path: path.stem != "upgrade")[:1]
    yield f"{len(everything)} [transcripts](../../{folder}) are its conformance suite. Some of them:"
    for path in shown[:_EACH]:
        text = path.read_text("ascii")
        yield fenced(text, f'text title="{protocol.name}/{path.name}"')
