"""Every fuzz target runs for a moment; `make fuzz` runs them for longer."""

import subprocess
import sys
from pathlib import Path

import pytest

from fuzz import answers, dnssec, policies
from fuzz.target import Target
from starttls.core.facts import Protocol
from starttls.core.transcript import Side
from starttls.protocols import ALL

HERE = Path(__file__).parent.parent.parent

WITHOUT_A_FUZZER = pytest.mark.skipif(
    sys.version_info >= (3, 13), reason="atheris, the fuzzer, has no release for Python 3.13 and later"
)


def fuzz(*words: str) -> None:
    command = [sys.executable, "-m", "fuzz", *words, "--seconds", "1"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=HERE, timeout=50)
    assert ended.returncode == 0, ended.stderr[-4000:]


@WITHOUT_A_FUZZER
@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("protocol", ALL, ids=lambda protocol: protocol.name)
def test_a_second_of_fuzzing_finds_nothing(protocol: Protocol, side: Side) -> None:
    """The invariant of fuzz/__main__.py holds for a second's worth of inputs grown from the transcripts."""
    fuzz(protocol.name, str(side))


@WITHOUT_A_FUZZER
@pytest.mark.parametrize(
    "target", [*policies.TARGETS, *answers.TARGETS, *dnssec.TARGETS], ids=lambda target: target.words[0]
)
def test_a_second_of_fuzzing_a_parser_finds_nothing(target: Target) -> None:
    """The invariant of its file in fuzz/ holds for a second's worth of inputs grown from its seeds."""
    fuzz(*target.words)
