"""The two TLS libraries that a Python program can choose from, stdlib ``ssl`` and pyOpenSSL, and `TLSSession`.

    python -m bench.tls_library [--short]

Full handshakes over memory BIOs, no socket, a chain of two ECDSA P-256 certificates that the client verifies. One
side is measured at a time and the other is always stdlib ``ssl``, so each number is the cost of one role in one
library; "defaults" is each library with itself and its own groups. The rounds of all cases are interleaved and a
case's figure is the median of its rounds. Memory is measured in a fresh process, whose peer lives in another one.
"""

import gc
import multiprocessing
import resource
import socket
import ssl
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from OpenSSL import SSL

from bench.report import Table, median
from bench.tls_endpoints import CHUNK, Endpoint, maker, write_certificates

LIBRARIES = ("ssl", "session", "pyopenssl")
ROLES = ("client", "server")
VERSIONS = ("TLSv1.3", "TLSv1.2")


def handshake_cpu(subject: Callable[[], Endpoint], peer: Callable[[], Endpoint], *, first: bool, count: int) -> float:
    """CPU milliseconds per handshake of the subject alone, from its creation to the last byte it handles."""
    spent = 0
    clock = time.thread_time_ns
    for _ in range(count):
        start = clock()
        one = subject()
        flight = one.step(b"") if first else b""
        spent += clock() - start
        other = peer()
        if not first:
            flight = other.step(b"")
        mine = not first
        while flight:
            if mine:
                start = clock()
                flight = one.step(flight)
                spent += clock() - start
            else:
                flight = other.step(flight)
            mine = not mine
        if not (one.done and other.done):
            raise RuntimeError("the handshake did not finish")
    return spent / count / 1e6


def anonymous_kib() -> int:
    """Resident memory that is no file's, in KiB. Unlike "private" it does not change when a forked peer ends."""
    text = Path("/proc/self/smaps_rollup").read_text(encoding="ascii")
    return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Anonymous:"))


def converse(side: Endpoint, wire: socket.socket, *, client: bool, scratch: bytearray) -> None:
    """Run one side on a blocking socket: the handshake, then a byte from the server and a byte from the client.

    The byte each way matters: OpenSSL keeps a write buffer of 16 KiB from a ticket's arrival to the next write.
    """

    def receive() -> bytes:
        return side.step(bytes(memoryview(scratch)[: wire.recv_into(scratch)]))

    if client:
        wire.sendall(side.step(b""))
    while not side.done:
        wire.sendall(receive())
    if not client:
        wire.sendall(side.say())
    while not side.heard:
        receive()
    if client:
        wire.sendall(side.say())


def serve_peer(wires: list[socket.socket], files: Path, role: str, version: str) -> None:
    """Be the other side of every connection, one after the other."""
    make = maker(files, "ssl", role, version, p256=False)
    scratch = bytearray(CHUNK)
    for wire in wires:
        converse(make(), wire, client=role == "client", scratch=scratch)


def idle_memory(files: Path, library: str, role: str, version: str, count: int) -> float:
    """KiB per idle connection of one role, in this process; the peer is a forked process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4 * count + 64)), hard))
    pairs = [socket.socketpair() for _ in range(count + 20)]
    other = "server" if role == "client" else "client"
    peer = multiprocessing.get_context("fork").Process(
        target=serve_peer, args=([theirs for _, theirs in pairs], files, other, version)
    )
    peer.start()
    make = maker(files, library, role, version, p256=False)
    kept: list[Endpoint] = []
    scratch = bytearray(CHUNK)
    before = 0
    for number, (wire, _) in enumerate(pairs):
        if number == 20:  # the first ones warm the allocator and the lazy parts of the library
            gc.collect()
            before = anonymous_kib()
        side = make()
        converse(side, wire, client=role == "client", scratch=scratch)
        kept.append(side)
    gc.collect()
    grown = anonymous_kib() - before
    peer.join()
    return grown / count


def measure_memory(files: Path, library: str, role: str, version: str, count: int) -> float:
    """KiB per idle connection, seen by a fresh process."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as fresh:
        return fresh.submit(idle_memory, files, library, role, version, count).result()


def handshakes(files: Path, rounds: int, count: int) -> dict[tuple[str, str, str], float]:
    """CPU milliseconds of each case: library, role, and the version or "defaults"."""
    cases: dict[tuple[str, str, str], tuple[Callable[[], Endpoint], Callable[[], Endpoint]]] = {}
    for version, role, library in product((*VERSIONS, "defaults"), ROLES, LIBRARIES):
        real, p256 = ("TLSv1.3", False) if version == "defaults" else (version, True)
        other = "server" if role == "client" else "client"
        subject = maker(files, library, role, real, p256=p256)
        cases[library, role, version] = subject, maker(files, "ssl" if p256 else library, other, real, p256=p256)
    for (_, role, _), (subject, peer) in cases.items():
        handshake_cpu(subject, peer, first=role == "client", count=20)
    seen: dict[tuple[str, str, str], list[float]] = {case: [] for case in cases}
    for _ in range(rounds):
        for case, (subject, peer) in cases.items():
            seen[case].append(handshake_cpu(subject, peer, first=case[1] == "client", count=count))
    return {case: median(figures) for case, figures in seen.items()}


def run(*, short: bool) -> Table:
    """CPU for a handshake and memory for an idle connection, of each role in each library; ratios are to ``ssl``."""
    rounds, count, idle = (1, 20, 50) if short else (7, 300, 2000)
    other = SSL.SSLeay_version(SSL.SSLEAY_VERSION).decode()
    table = Table(
        "tls_library",
        f"TLS libraries: ssl ({ssl.OPENSSL_VERSION}), TLSSession on it, pyOpenSSL ({other})",
        ("version", "role", "library", "handshake CPU ms", "of ssl", "idle KiB", "of ssl (idle)"),
    )
    with TemporaryDirectory() as folder:
        files = Path(folder)
        write_certificates(files)
        spent = handshakes(files, rounds, count)
        for version, role in product((*VERSIONS, "defaults"), ROLES):
            bare = 0.0
            for library in LIBRARIES:
                cpu = spent[library, role, version]
                row = (version, role, library, cpu, cpu / spent["ssl", role, version])
                if version == "defaults":
                    table.add(*row, "", "")
                    continue
                kib = measure_memory(files, library, role, version, idle)
                bare = bare or kib
                table.add(*row, kib, kib / bare)
    return table


if __name__ == "__main__":
    print(run(short="--short" in sys.argv[1:]).text)
