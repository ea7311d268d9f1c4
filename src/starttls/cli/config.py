"""``starttls config``: an example file to begin with, a reference, and a check of what one has written."""

from pathlib import Path

import click

from starttls.check.settings import CheckSettings
from starttls.cli.voice import Exit
from starttls.config import render
from starttls.config.declare import Section
from starttls.config.load import load

__all__ = ["config"]

RECORDS: dict[str, type[Section]] = {"check": CheckSettings}
"""Whose configuration it is, by the name of the verb."""

_NAME = click.Choice(list(RECORDS))


@click.group(no_args_is_help=False)
def config() -> None:
    """Write an example configuration, or check one.

    \b
    Examples:
      starttls config example check > check.toml
      starttls config check check.toml
      starttls check --config check.toml
    """


@config.command()
@click.argument("name", metavar="NAME", type=_NAME)
def example(name: str) -> int:
    """Print a commented example file: every key with its default. NAME is 'check'.

    \b
    Example:
      starttls config example check > check.toml
    """
    click.echo(render.example(RECORDS[name]), nl=False)
    return Exit.VERIFIED


@config.command()
@click.argument("name", metavar="NAME", type=_NAME)
def reference(name: str) -> int:
    """Print the reference page of NAME, in Markdown.

    \b
    Example:
      starttls config reference check
    """
    click.echo(render.reference(RECORDS[name], f"Configuration of `starttls {name}`"), nl=False)
    return Exit.VERIFIED


@config.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--for", "name", type=_NAME, default="check", show_default=True, help="The verb that will read it.")
def check(file: Path, name: str) -> int:
    """Check a configuration file, and say what is wrong where.

    \b
    Example:
      starttls config check check.toml
    """
    load(file, RECORDS[name])
    click.echo(f"{file}: good for 'starttls {name}'")
    return Exit.VERIFIED
