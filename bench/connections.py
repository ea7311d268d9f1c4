"""What an upgraded connection costs, as client and as server: SMTP over loopback, CPU time of one process.

"bare" is TLS from the first byte and nothing but the handshake (ours: with the same code, without a conversation);
"upgraded" is the greeting, EHLO, STARTTLS and the same handshake; "with QUIT" adds QUIT and its answer inside TLS.
Everybody has the same certificates (ECDSA P-256, a chain of two, verified with the name), TLS 1.3, no tickets and
nothing resumed. What is measured has a core for itself and its peer another; the rounds of all ways take turns. Where
a loop runs, 16 connections are under way at a time; the blocking clients make one after the other.
"""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import client, server
from bench.child import MEASURED, PEER, Child
from bench.credentials import NAME, Credentials, credentials
from bench.report import Table, median
from starttls.tls.contexts import SUITES

__all__ = ["run", "start_client", "start_server"]

MODES = ("bare", "upgrade", "quit")
TITLES = {
    "c": "C on OpenSSL, blocking",
    "stdlib": "stdlib: ssl sockets, smtplib",
    "sync": "starttls.sync",
    "streams": "asyncio streams, start_tls",
    "asyncio": "starttls on asyncio",
    "uvloop": "starttls on uvloop",
}
Figures = dict[tuple[str, str], list[float]]


def run(*, short: bool) -> tuple[Table, ...]:
    """Both tables."""
    rounds, count = (1, 8) if short else (25, 60)
    with credentials() as files:
        return clients(files, rounds, count), servers(files, rounds, count)


def start_server(way: str, files: Credentials, core: int, *, tickets: int) -> Child:
    """A server in a process of its own."""
    return Child((sys.executable, "-m", "bench.server", way, files.chain, files.key, str(tickets)), core)


def start_client(way: str, ports: str, files: Credentials, core: int) -> Child:
    """A client in a process of its own."""
    return Child((sys.executable, "-m", "bench.client", way, *ports.split(), files.root), core)


def clients(files: Credentials, rounds: int, count: int) -> Table:
    """CPU of each client, and what that is beside the bare handshake and beside C."""
    with ExitStack() as stack:
        peer = stack.enter_context(start_server("uvloop", files, PEER, tickets=0))
        subjects = {way: stack.enter_context(start_client(way, peer.greeting, files, MEASURED)) for way in client.WAYS}
        binary = stack.enter_context(c_client())
        if binary is not None:
            told: tuple[str | Path, ...] = (*peer.greeting.split(), files.root, NAME, SUITES)
            subjects = {"c": stack.enter_context(Child((binary, *told), MEASURED)), **subjects}
        seen: Figures = {(way, mode): [] for way in subjects for mode in MODES}
        for turn in range(rounds + 1):
            for way, mode in seen:
                spent = cost(subjects[way], subjects[way], mode, count if turn else 2)
                if turn:  # the first round is for warming up
                    seen[way, mode].append(spent)
        library = subjects["c"].greeting if "c" in subjects else "cannot be compiled: no gcc, or no libssl.so.3"
    table = Table(
        "client",
        f"Connections as a client, CPU ms each; C on {library} (aims: of bare 0.8, of C 1.0)",
        ("client", "bare", "upgraded", "with QUIT", "rate of bare", "of its own bare", "rate of C"),
    )
    for way, title in TITLES.items():
        if way in subjects:
            table.add(title, *milliseconds(seen, way), *of_bare(seen, way), of_c(seen, way))
        elif way == "c":
            table.add(title, *("-",) * 6)
    return table


def servers(files: Credentials, rounds: int, count: int) -> Table:
    """CPU of each server, and what that is beside the bare handshake."""
    with ExitStack() as stack:
        subjects = {way: stack.enter_context(start_server(way, files, MEASURED, tickets=0)) for way in server.WAYS}
        loads = {
            way: stack.enter_context(start_client("uvloop", subject.greeting, files, PEER))
            for way, subject in subjects.items()
        }
        upgrades = {way for way, subject in subjects.items() if not subject.greeting.startswith("0 ")}
        seen: Figures = {(way, mode): [] for way in subjects for mode in MODES if mode == "bare" or way in upgrades}
        for turn in range(rounds + 1):
            for way, mode in seen:
                spent = cost(subjects[way], loads[way], mode, count if turn else 2)
                if turn:
                    seen[way, mode].append(spent)
    table = Table(
        "server",
        "Connections as a server, CPU ms each (aim: of bare 0.8)",
        ("server", "bare", "upgraded", "with QUIT", "rate of bare", "of its own bare"),
    )
    for way in subjects:
        table.add(TITLES[way], *milliseconds(seen, way), *of_bare(seen, way))
    return table


def cost(subject: Child, worker: Child, mode: str, count: int) -> float:
    """CPU milliseconds of ``subject`` for each of ``count`` connections that ``worker`` makes."""
    before = subject.cpu
    worker.ask(f"{mode} {count}")
    return (subject.cpu - before) * 1000 / count


def milliseconds(seen: Mapping[tuple[str, str], list[float]], way: str) -> Iterator[float | str]:
    """A row's figures, one for each mode."""
    for mode in MODES:
        yield round(median(seen[way, mode]), 4) if (way, mode) in seen else "-"


def of_bare(seen: Figures, way: str) -> tuple[float | str, float | str]:
    """The rate of upgraded connections beside that of bare handshakes: on blocking sockets, and in the same way."""
    upgraded = seen.get((way, "upgrade"))
    return ratio(seen["stdlib", "bare"], upgraded), ratio(seen[way, "bare"], upgraded)


def of_c(seen: Figures, way: str) -> float | str:
    """The rate of whole visits, QUIT and all, beside that of the C client in the same round."""
    return ratio(seen.get(("c", "quit")), seen[way, "quit"])


def ratio(over: list[float] | None, under: list[float] | None) -> float | str:
    """The median of what was seen in the same round."""
    if over is None or under is None:
        return "-"
    return round(median(a / b for a, b in zip(over, under, strict=True)), 3)


@contextmanager
def c_client() -> Iterator[Path | None]:
    """Compile the C client; None where that cannot be done."""
    with TemporaryDirectory(prefix="bench-") as name:
        binary = Path(name, "c_client")
        source = Path(__file__).with_name("c_client.c")
        command = ("gcc", "-O2", "-o", binary, source, "-l:libssl.so.3", "-l:libcrypto.so.3")
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            yield None
        else:
            yield binary
