"""Start a daemon as a child, wait until it answers, and stop it by process id."""

import os
import pwd
import signal
import socket
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Self

from tests.interop.servers.service import Launch

START_SECONDS = 40.0
STOP_SECONDS = 5.0
LOG_BYTES = 6000

# The machine's own certificate settings must not decide what a server or a client under test trusts.
_TRUST = ("SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "OPENSSL_CONF")


class DidNotStart(Exception):
    """A daemon ended, or did not answer in time; the text holds the ends of its logs."""


def plain_environment(extra: dict[str, str] | None = None) -> dict[str, str]:
    """The environment for a program under test: nothing about trust, and English messages."""
    kept = {name: value for name, value in os.environ.items() if name not in _TRUST}
    path = "/usr/local/sbin:/usr/sbin:/sbin:" + kept["PATH"]
    return {**kept, "LC_ALL": "C.UTF-8", "PATH": path, **(extra or {})}


class Daemon:
    """A child in a session of its own, with its output in a file."""

    def __init__(self, name: str, launch: Launch, folder: Path) -> None:
        self.name = name
        self._launch = launch
        self._output = folder / "output.log"
        self._family: dict[int, str] = {}
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                [str(word) for word in launch.command],
                cwd=folder,
                env=plain_environment(launch.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=0o022,
                user=launch.user,
                group=None if launch.user is None else pwd.getpwnam(launch.user).pw_gid,
                extra_groups=None if launch.user is None else [],
            )

    def wait_until_answering(self, ports: Iterable[tuple[str, int, bool]]) -> Self:
        """Wait for each (address, port, greets): a connection, and where the server greets, a first byte."""
        deadline = time.monotonic() + START_SECONDS
        for address, port, greets in ports:
            while not _answers(address, port, greets=greets):
                if self._process.poll() is not None:
                    raise DidNotStart(self._report(f"ended with status {self._process.returncode}"))
                if time.monotonic() > deadline:
                    raise DidNotStart(self._report(f"no answer on {address}:{port} in {START_SECONDS:g} s"))
                time.sleep(0.05)
        self._remember_family()
        return self

    def stop(self) -> None:
        """Ask the daemon and its children to end, then end what is left of them."""
        self._remember_family()
        # Some daemons move to a session of their own below the script that starts them: Postfix does.
        for pid in self._alive():
            with suppress(ProcessLookupError):
                # One signal for each group, by way of its leader, whose id is the group's.
                if os.getpgid(pid) == pid:
                    os.killpg(pid, self._launch.stop)
        deadline = time.monotonic() + STOP_SECONDS
        while self._alive() and time.monotonic() < deadline:
            time.sleep(0.02)
        for pid in self._alive():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()

    def logs(self) -> str:
        """The ends of the daemon's output and of its log files."""
        found = [path for path in (self._output, *self._launch.logs) if path.exists()]
        return "\n".join(f"--- {path.name}\n{_end_of(path)}" for path in found)

    def _remember_family(self) -> None:
        """Note the daemon and all below it; once it has ended, its children are no longer below it."""
        for pid in (self._process.pid, *_descendants(self._process.pid)):
            if (started := _started(pid)) is not None:
                self._family[pid] = started

    def _alive(self) -> list[int]:
        self._process.poll()  # reaps it, or it stays in /proc
        # The start time tells a child of ours from a stranger that was given its number later.
        return [pid for pid, started in self._family.items() if _started(pid) == started]

    def _report(self, what: str) -> str:
        command = " ".join(str(word) for word in self._launch.command)
        return f"{self.name} {what}\n{command}\n{self.logs()}"


def run_once(*command: str | Path, user: str | None = None, environment: dict[str, str] | None = None) -> str:
    """Run a set-up program (m4, initdb) to its end and return what it said; its status must be 0."""
    done = subprocess.run(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        cwd="/",
        umask=0o022,
        env=plain_environment(environment),
        check=False,
        user=user,
        group=None if user is None else pwd.getpwnam(user).pw_gid,
        extra_groups=None if user is None else [],
    )
    if done.returncode != 0:
        raise DidNotStart(f"{command[0]} ended with status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def _answers(address: str, port: int, *, greets: bool) -> bool:
    try:
        with socket.create_connection((address, port), timeout=5.0) as connection:
            return not greets or bool(connection.recv(1))
    except OSError:
        return False


def _fields(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat behind the command name, from the state on."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return text.rpartition(")")[2].split()


def _started(pid: int) -> str | None:
    """When a process started; None when it has ended, also if nobody has reaped it yet."""
    found = _fields(pid)
    return None if found is None or found[0] == "Z" else found[19]


def _descendants(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (found := _fields(int(entry.name))) is not None:
            children.setdefault(int(found[1]), []).append(int(entry.name))
    family: list[int] = []
    waiting = [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        family += below
        waiting += below
    return family


def _end_of(path: Path) -> str:
    with path.open("rb") as log:
        log.seek(max(0, path.stat().st_size - LOG_BYTES))
        return log.read().decode(errors="replace")
