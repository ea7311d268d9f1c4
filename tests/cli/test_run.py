import asyncio
import io

import pytest

from starttls.asyncio.client import Client
from starttls.check.observe import Observation, State
from starttls.cli.run import Run, exit_code, report
from starttls.cli.voice import Exit
from starttls.core.errors import Misuse
from starttls.lab.world import World
from starttls.tls.level import Level
from starttls.tls.target import Target
from tests import hostile


class Heard:
    """A report that remembers."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.ended = 0

    def add(self, seen: Observation) -> None:
        self.seen.append(seen.target)

    def end(self) -> None:
        self.ended += 1


async def test_results_are_reported_in_the_order_of_the_targets(here: World) -> None:
    heard = Heard()
    run = Run([Target.parse(url) for url in here.honest], heard)
    await run.go(Client(ca_file=here.ca_file), 3)
    assert (tuple(heard.seen), heard.ended) == (here.honest, 1)
    assert [one.target for one in run.seen] == heard.seen


async def test_an_interruption_reports_what_is_known(here: World) -> None:
    heard = Heard()
    with hostile.serving(hostile.silent) as port:
        urls = (f"smtp://127.0.0.1:{port}", *here.honest)
        run = Run([Target.parse(url) for url in urls], heard)
        task = asyncio.create_task(run.go(Client(ca_file=here.ca_file), 10))
        await asyncio.sleep(0.5)
        assert heard.seen == []
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert (tuple(heard.seen), heard.ended) == (here.honest, 1)


async def test_misuse_reports_nothing(here: World) -> None:
    heard = Heard()
    with pytest.raises(Misuse):
        await Run([Target.parse(here.honest[0])], heard).go(Client(ca_file="/nowhere"), 1)
    assert (heard.seen, heard.ended) == ([], 0)


def observation(state: State, level: Level) -> Observation:
    return Observation(
        target="smtp://a",
        address=None,
        protocol="smtp",
        state=state,
        level=level,
        offered=None,
        tls=None,
        certificate=None,
        error=None,
        transcript=None,
        seconds=0.0,
    )


GOOD = observation(State.UPGRADED, Level.VERIFIED)
ENCRYPTED = observation(State.UPGRADED, Level.ENCRYPTED)
STRIPPED = observation(State.NOT_OFFERED, Level.NONE)
UNKNOWN = observation(State.UNREACHABLE, Level.NONE)


@pytest.mark.parametrize(
    ("observations", "level", "code"),
    [
        ([GOOD, GOOD], Level.VERIFIED, Exit.VERIFIED),
        ([GOOD, ENCRYPTED], Level.VERIFIED, Exit.FELL_SHORT),
        ([GOOD, ENCRYPTED], Level.ENCRYPTED, Exit.VERIFIED),
        ([GOOD, STRIPPED], Level.ENCRYPTED, Exit.FELL_SHORT),
        ([GOOD, UNKNOWN], Level.VERIFIED, Exit.COULD_NOT_TELL),
        ([UNKNOWN, STRIPPED], Level.VERIFIED, Exit.FELL_SHORT),
        ([UNKNOWN, UNKNOWN], Level.ENCRYPTED, Exit.COULD_NOT_TELL),
    ],
)
def test_the_exit_code(observations: list[Observation], level: Level, code: Exit) -> None:
    assert exit_code(observations, level) is code


@pytest.mark.parametrize(("form", "begins"), [("text", "verified  "), ("json", "{")])
def test_a_report_writes_to_stdout(monkeypatch: pytest.MonkeyPatch, form: str, begins: str) -> None:
    out = io.StringIO()
    monkeypatch.setattr("sys.stdout", out)
    made = report(form)
    made.add(GOOD)
    made.end()
    assert out.getvalue().startswith(begins)
