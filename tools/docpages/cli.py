"""The page of the command line, from what click knows of the verbs."""

import inspect
import re
from collections.abc import Iterator

import click

from docpages.docstrings import fenced
from starttls.cli.main import starttls
from starttls.cli.voice import Exit

__all__ = ["page", "verbs"]

_EXIT = {
    Exit.VERIFIED: "everything was verified, or worth what `--level` asked for",
    Exit.FELL_SHORT: "something fell short; wins over 3",
    Exit.WRONG: "the command line, the configuration or this program is wrong",
    Exit.COULD_NOT_TELL: "nothing fell short, but something could not be told: unreachable, timed out",
    Exit.INTERRUPTED: "interrupted; what was done so far is printed",
    Exit.BROKEN_PIPE: "nobody reads the output any more",
}


def verbs(group: click.Group = starttls, path: str = "starttls") -> Iterator[tuple[str, click.Command]]:
    """Every verb with its full name: ``starttls config example``."""
    context = click.Context(group, info_name=path)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from verbs(command, f"{path} {name}")


def page() -> str:
    """``reference/cli.md``."""
    parts = ["# Command line", _description(starttls), "## Exit codes", _exit_codes()]
    for name, command in verbs():
        hashes = "#" * len(name.split())
        parts += [f"{hashes} {name}", fenced(f"{name} {_usage(command)}".rstrip()), _description(command)]
        if options := _options(command):
            parts.append(options)
    return "\n\n".join(parts) + "\n"


def _exit_codes() -> str:
    rows = (f"| {code.value} | {_EXIT[code]} |" for code in Exit)
    return "\n".join(("| code | meaning |", "|---|---|", *rows))


def _usage(command: click.Command) -> str:
    arguments = [one for one in command.params if isinstance(one, click.Argument)]
    words = [one.metavar or (one.name or "").upper() for one in arguments]
    shown = (word if one.required or one.nargs < 0 else f"[{word}]" for word, one in zip(words, arguments, strict=True))
    options = ["[OPTIONS]"] if any(isinstance(one, click.Option) for one in command.params) else []
    return " ".join([*options, *shown, *(["VERB ..."] if isinstance(command, click.Group) else [])])


def _description(command: click.Command) -> str:
    r"""The help of a verb; what stands behind ``\b`` keeps its lines."""
    parts: list[str] = []
    for paragraph in re.split(r"\n\s*\n", inspect.cleandoc(command.help or "")):
        if not paragraph.startswith("\b\n"):
            parts.append(paragraph)
            continue
        title, _, rest = paragraph.removeprefix("\b\n").partition("\n")
        parts += [title, fenced("\n".join(line.removeprefix("  ") for line in rest.split("\n")))]
    return "\n\n".join(parts)


def _options(command: click.Command) -> str:
    options = [one for one in command.params if isinstance(one, click.Option)]
    rows = (f"| {_spelling(one)} | {_cell(one)} |" for one in options)
    return "\n".join(("| option | meaning |", "|---|---|", *rows)) if options else ""


def _spelling(option: click.Option) -> str:
    names = ", ".join(option.opts) + (f" / {', '.join(option.secondary_opts)}" if option.secondary_opts else "")
    if option.is_flag:
        return f"`{names}`"
    if isinstance(option.type, click.Choice):
        return f"`{names}` {' or '.join(option.type.choices)}"
    return f"`{names} {option.metavar or option.type.name.upper().replace(' RANGE', '')}`"


def _cell(option: click.Option) -> str:
    text = option.help or ""
    return f"{text} [default: {option.default}]" if option.show_default else text
