from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

import pytest

from starttls.cli.main import run
from starttls.lab.world import World
from tests import hostile


@dataclass(frozen=True)
class Done:
    """What one command line came to."""

    code: int
    out: str
    err: str


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """Run a command line in this process."""

    def invoke(*arguments: str) -> Done:
        code = run(arguments)
        printed = capsys.readouterr()
        return Done(code, printed.out, printed.err)

    return invoke


@pytest.fixture(scope="session")
def here() -> Generator[World]:
    """The embedded world."""
    with hostile.running_world() as world:
        yield world


@pytest.fixture
def honest(here: World) -> Sequence[str]:
    """Arguments that check the world's honest servers."""
    return ("--ca-file", str(here.ca_file), *here.honest)
