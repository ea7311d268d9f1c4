"""One line on stderr that says how far it is, on a terminal only."""

import sys

import click

__all__ = ["Progress"]

_ERASE = "\r\x1b[K"


class Progress:
    """Counts up to ``total``. Whoever prints calls `clear` before and `show` after."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._visible = total > 1 and sys.stderr.isatty()
        self.done = 0

    def show(self) -> None:
        """Write the line over itself."""
        if self._visible:
            click.echo(f"{_ERASE}starttls: {self.done} of {self._total} targets checked", nl=False, err=True)

    def clear(self) -> None:
        """Take the line away."""
        if self._visible:
            click.echo(_ERASE, nl=False, err=True)
