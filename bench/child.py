"""Child processes that are measured from outside: each is pinned to a core and answers a line for a line."""

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["MEASURED", "PEER", "Child"]

_CORES = sorted(os.sched_getaffinity(0))
MEASURED, PEER = _CORES[0], _CORES[-1]
"""The cores of what is measured and of its peer; the same one where there is only one."""


class Child:
    """A process on ``core``. It answers `ask`, and its CPU time and memory are read from outside."""

    def __init__(self, command: Sequence[str | Path], core: int) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SSL_CERT_")}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, env=environment
        )
        os.sched_setaffinity(self._process.pid, {core})
        self.greeting = self.hear()
        """The first line that it said."""

    def hear(self) -> str:
        """The next line that it says."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        if not line:
            msg = f"{self._process.args!r} ended with code {self._process.wait()}"
            raise RuntimeError(msg)
        return line

    def ask(self, line: str) -> str:
        """Give it a job and wait for the answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self.hear()

    @property
    def cpu(self) -> float:
        """CPU seconds that it has used, user and system, in all its threads (see clock_getcpuclockid(3))."""
        return time.clock_gettime((~self._process.pid << 3) | 2)

    @property
    def pss(self) -> int:
        """Its memory in KiB: what is its own, and its share of what it shares."""
        text = Path(f"/proc/{self._process.pid}/smaps_rollup").read_text("ascii")
        return next(int(row.split()[1]) for row in text.splitlines() if row.startswith("Pss:"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Its input ends, and so does it."""
        with self._process:
            if error is not None:
                self._process.kill()
