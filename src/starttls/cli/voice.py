"""How the command line speaks to its user, on stderr: four voices, each one line, lower case, no full stop.

::

    starttls: interrupted: 3 of 10 targets checked
    starttls: warning: level 'encrypted': whoever is on the path can read and change everything
    starttls: error: unknown scheme 'smpt' in 'smpt://a': did you mean 'smtp'?
    starttls: hint: 'starttls check --help' shows what can be said

And how it speaks to its caller: with an `Exit` code.
"""

import os
from enum import IntEnum

import click

from starttls.core.errors import NetworkError, PeerError, StartTLSError, TLSError

__all__ = ["Exit", "error", "exit_for", "hint", "note", "sentence", "wants_colour", "warning"]


class Exit(IntEnum):
    """The exit codes, the same for every verb."""

    VERIFIED = 0
    """Everything was verified, or worth what ``--level`` asked for."""
    FELL_SHORT = 1
    """Something fell short. Wins over 3: what is known to be bad is bad, whatever else could not be told."""
    WRONG = 2
    """The command line, the configuration or this program is wrong."""
    COULD_NOT_TELL = 3
    """Nothing fell short, but of something it could not be told: unreachable, timed out."""
    INTERRUPTED = 130
    """Interrupted; what was done so far is printed."""
    BROKEN_PIPE = 141
    """Nobody reads the output any more."""


def exit_for(failure: StartTLSError) -> Exit:
    """What an error says to our caller, where it ends the whole run."""
    from starttls.policy.answer import Status  # noqa: PLC0415 - for a failure alone
    from starttls.policy.errors import NotAuthentic, PolicyError  # noqa: PLC0415 - the same

    match failure:
        case NetworkError() | NotAuthentic(status=Status.INDETERMINATE):
            return Exit.COULD_NOT_TELL
        case PeerError() | TLSError() | PolicyError():
            return Exit.FELL_SHORT
        case _:
            return Exit.WRONG


def note(text: str) -> None:
    """Say what is going on."""
    _say(text)


def warning(text: str) -> None:
    """Say what the user may not have meant."""
    _say(text, "warning", "yellow")


def error(text: str) -> None:
    """Say why it cannot be done."""
    _say(text, "error", "red")


def hint(text: str) -> None:
    """Say what may help."""
    _say(text, "hint", "cyan")


def sentence(text: str) -> str:
    """Another library's message in our form: one line, lower case at its start, no full stop."""
    line = " ".join(text.split()).removesuffix(".")
    word = line.partition(" ")[0]
    return line if word.isupper() and len(word) > 1 else line[:1].lower() + line[1:]


def wants_colour() -> bool:
    """Does the environment allow colours at all (https://no-color.org)?"""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _say(text: str, voice: str = "", colour: str = "") -> None:
    mark = click.style(f"{voice}:", fg=colour, bold=True) + " " if voice else ""
    click.echo(f"starttls: {mark}{text}", err=True, color=None if wants_colour() else False)
