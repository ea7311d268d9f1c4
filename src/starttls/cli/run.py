"""One run of checks: what `check` and `demo` share."""

import asyncio
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Protocol

from rich.console import Console

from starttls.asyncio.client import Client
from starttls.check.audit import InOrder, audit
from starttls.check.observe import Observation, State
from starttls.check.report.json import JSONReport
from starttls.check.report.text import TextReport
from starttls.cli.progress import Progress
from starttls.cli.voice import Exit, wants_colour
from starttls.core.errors import Misuse
from starttls.resolve.route import Route
from starttls.tls.level import Level
from starttls.tls.target import Target

__all__ = ["Report", "Run", "exit_code", "report"]


class Report(Protocol):
    """Takes observations in order."""

    def add(self, seen: Observation) -> None:
        """Take one."""

    def end(self) -> None:
        """There are no more."""


def report(form: str, *, verbose: bool = False) -> Report:
    """The report to stdout in the form ``text`` or ``json``."""
    if form == "json":
        from importlib.metadata import version  # noqa: PLC0415 - slow, and for this form alone

        return JSONReport(sys.stdout, version("starttls"))
    colour = wants_colour() and sys.stdout.isatty()
    console = Console(no_color=not colour, highlight=False, markup=False, emoji=False, force_jupyter=False)
    return TextReport(console, now=datetime.now(UTC), verbose=verbose)


class Run:
    """Checks targets, and reports each in its turn as soon as it is known. ``seen`` is what was reported.

    Where a service was only guessed to be, and nobody is, there is nothing to report.
    """

    def __init__(self, targets: Sequence[Target | Route], report: Report) -> None:
        self.seen: list[Observation] = []
        self._in_order = InOrder()
        self._progress = Progress(len(targets))
        self._report = report
        self._targets = targets

    async def go(self, client: Client, concurrency: int) -> None:
        """Check all; where it is interrupted, what is known is reported before the interruption goes on."""
        self._progress.show()
        try:
            await audit(client, self._targets, concurrency=concurrency, seen=self._one)
        except Misuse:
            self._progress.clear()
            raise
        except asyncio.CancelledError:
            self._end()
            raise
        self._end()

    def _end(self) -> None:
        self._add(self._in_order.rest())
        self._progress.clear()
        self._report.end()

    def _one(self, number: int, seen: Observation) -> None:
        self._progress.done += 1
        self._add(self._in_order.add(number, seen))
        self._progress.show()

    def _add(self, observations: Iterable[Observation]) -> None:
        for seen in observations:
            if seen.absent:
                continue
            self._progress.clear()
            self.seen.append(seen)
            self._report.add(seen)


def exit_code(observations: Iterable[Observation], level: Level) -> Exit:
    """What the observations say, when each had to be worth ``level``."""
    short = [seen for seen in observations if not seen.satisfies(level)]
    if not short:
        return Exit.VERIFIED
    told = any(seen.state is not State.UNREACHABLE for seen in short)
    return Exit.FELL_SHORT if told else Exit.COULD_NOT_TELL
