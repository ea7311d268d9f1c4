"""``starttls protocols``: what each protocol declares about itself."""

import difflib
import json
import sys
from collections.abc import Iterator

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from starttls.cli.voice import Exit, wants_colour
from starttls.core.facts import Protocol
from starttls.protocols import ALL, by_name
from starttls.tls.target import schemes

__all__ = ["protocols"]


@click.command()
@click.argument("name", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="For people, programs or a page.",
)
def protocols(name: str | None, form: str) -> int:
    """Show the facts of the known protocols.

    With NAME (or a scheme, such as imaps) it shows one protocol with a sample dialogue.

    \b
    Examples:
      starttls protocols
      starttls protocols xmpp
      starttls protocols --format json
    """
    chosen = ALL if name is None else (_named(name),)
    if form == "json":
        click.echo(json.dumps([_facts(protocol) for protocol in chosen], indent=2, ensure_ascii=False))
    elif form == "markdown":
        click.echo("\n".join(_markdown(chosen)))
    elif name is None:
        _print_table(chosen)
    else:
        _print_one(chosen[0])
    return Exit.VERIFIED


def _named(name: str) -> Protocol:
    try:
        return by_name(name.lower())[0]
    except KeyError:
        nearest = difflib.get_close_matches(name.lower(), schemes(), n=1, cutoff=0.5)
        known = f"did you mean '{nearest[0]}'?" if nearest else f"known are: {', '.join(schemes())}"
        raise click.UsageError(f"unknown protocol '{name}': {known}") from None


def _facts(protocol: Protocol) -> dict[str, str | tuple[str | int, ...] | None]:
    """Every declared fact, under its own name."""
    return {
        "name": protocol.name,
        "title": protocol.title,
        "aliases": protocol.aliases,
        "ports": protocol.ports.upgrade,
        "implicit": protocol.implicit,
        "implicit_ports": protocol.ports.implicit,
        "first": protocol.first,
        "verb": protocol.verb,
        "go_ahead": protocol.go_ahead,
        "after_tls": protocol.after_tls,
        "first_inside": protocol.first_inside,
        "alpn": protocol.alpn,
        "srv": protocol.srv,
        "tlsa": protocol.tlsa,
        "rfcs": protocol.rfcs,
    }


_COLUMNS = ("scheme", "port", "implicit TLS", "first", "verb", "go-ahead", "defined in")
_WIDE = 110
"""Columns of a terminal that has room for the documents."""


def _row(protocol: Protocol) -> tuple[str, ...]:
    implicit = " ".join(map(str, (protocol.implicit, *protocol.ports.implicit))) if protocol.implicit else "-"
    ports = " ".join(map(str, protocol.ports.upgrade))
    names = " ".join((protocol.name, *protocol.aliases))
    return (names, ports, implicit, protocol.first, protocol.verb, protocol.go_ahead or "-", protocol.rfcs[0])


def _markdown(chosen: tuple[Protocol, ...]) -> Iterator[str]:
    yield f"| {' | '.join(_COLUMNS)} |"
    yield "|" + "---|" * len(_COLUMNS)
    for protocol in chosen:
        cells = [cell.replace("|", "\\|").replace("<", "&lt;") for cell in _row(protocol)]
        yield f"| {' | '.join(cells)} |"


def _print_table(chosen: tuple[Protocol, ...]) -> None:
    console = Console(no_color=not wants_colour())
    console.width = console.width if console.is_terminal else 200
    columns = _COLUMNS if console.width >= _WIDE else _COLUMNS[:-1]
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, no_wrap=column not in {"scheme", "go-ahead", "defined in"})
    for protocol in chosen:
        table.add_row(*(Text(cell) for cell in _row(protocol)[: len(columns)]))
    with console.capture() as printed:
        console.print(table)
    click.echo("\n".join(row.rstrip() for row in printed.get().splitlines()))


def _print_one(protocol: Protocol) -> None:
    for name, value in _facts(protocol).items():
        shown = ", ".join(map(str, value)) if isinstance(value, tuple) else value
        label = name.replace("_", " ")
        click.echo(f"{label:<15} {shown or '-'}")
    click.echo()
    click.echo((sys.modules[protocol.client.__module__].__doc__ or "").strip())
