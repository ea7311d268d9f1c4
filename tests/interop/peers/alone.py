"""Runs a server that listens on every address of the machine in a network that has none but loopback."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.interop.clients.program import Home, Ran
from tests.interop.servers.daemon import START_SECONDS, STOP_SECONDS, plain_environment

__all__ = ["Alone", "alone"]

_LISTENS = "0A"


@dataclass(frozen=True, slots=True)
class Alone:
    """A server that is running now, on ``port`` of a loopback that only it and who is sent there can reach."""

    home: Home
    port: int
    process: subprocess.Popen[bytes]
    log: Path

    def connect(self, scheme: str, ca_file: Path, *, said: bytes) -> Ran:
        """``starttls connect``, sent there."""
        url = f"{scheme}://localhost"
        command = [sys.executable, "-m", "starttls", "connect", "--ca-file", str(ca_file)]
        command += ["--connect", f"127.0.0.1:{self.port}", "--linger", "0.5", url]
        return self.home.run("nsenter", f"--net=/proc/{self.process.pid}/ns/net", *command, said=said)

    def heard(self, words: str) -> bool:
        """Whether the server says so in its log, now or soon."""
        deadline = time.monotonic() + STOP_SECONDS
        while words not in self.log.read_text(errors="replace"):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True


@contextmanager
def alone(home: Home, port: int, *command: str) -> Iterator[Alone]:
    """Start a server and stop it at the end. ``command`` makes it listen on ``port``."""
    if os.geteuid() != 0:
        pytest.skip("a network of its own needs root")
    environment = plain_environment({"HOME": str(home.folder)})
    for program in (command[0], "ip", "nsenter"):
        if shutil.which(program, path=environment["PATH"]) is None:
            pytest.skip(f"{program} is not installed: run tools/interop-install")
    log = home.folder / "server.log"
    # Each program becomes the next, so the process that we know is the server.
    prefix = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [*prefix, *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=home.folder,
            env=environment,
        ) as process,
    ):
        try:
            _wait_until_listening(process, port, log)
            yield Alone(home, port, process, log)
        finally:
            process.kill()


def _wait_until_listening(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while port not in _listening(process.pid):
        if process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"no server: {log.read_text(errors='replace')}")
        time.sleep(0.02)


def _listening(pid: int) -> set[int]:
    """Ports on which something listens in the network of a process, once that is not ours any more."""
    if Path(f"/proc/{pid}/ns/net").readlink() == Path("/proc/self/ns/net").readlink():
        return set()
    rows = [
        row.split()
        for table in ("tcp", "tcp6")
        for row in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
    ]
    return {int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == _LISTENS}
