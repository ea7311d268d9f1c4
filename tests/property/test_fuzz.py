"""Every fuzz target runs for a moment; `make fuzz` runs them for longer."""

import subprocess
import sys
from pathlib import Path

import pytest

from starttls.core.transcript import Side
from starttls.protocols import ALL

HERE = Path(__file__).parent.parent.parent


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="atheris, the fuzzer, has no release for Python 3.13 and later")
@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("protocol", ALL, ids=lambda protocol: protocol.name)
def test_a_second_of_fuzzing_finds_nothing(protocol: object, side: Side) -> None:
    """The invariant of fuzz/__main__.py holds for a second's worth of inputs grown from the transcripts."""
    command = [sys.executable, "-m", "fuzz", getattr(protocol, "name", ""), str(side), "--seconds", "1"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=HERE, timeout=50)
    assert ended.returncode == 0, ended.stderr[-4000:]
