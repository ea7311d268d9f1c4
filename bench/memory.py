"""What an idle upgraded connection holds in memory, as client and as server.

Each connection has said EHLO inside TLS, has been answered, and waits in a read. Memory is the growth of the process
(PSS, so without the kernel's socket buffers) over ``count`` connections, after some that warm it up; the peer is in
another process. The server gives a ticket, as ours does by default.
"""

import resource

from bench.child import MEASURED, PEER, Child
from bench.connections import TITLES, start_client, start_server
from bench.credentials import Credentials, credentials
from bench.report import Table

__all__ = ["run"]

WAYS = ("streams", "asyncio", "uvloop")
WARM_UP = 50


def run(*, short: bool) -> tuple[Table]:
    """One row for each way."""
    count = 50 if short else 2000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, count + WARM_UP + 64)), hard))
    table = Table(
        "memory",
        f"Memory of {count} idle upgraded connections, KiB each (aim: 20 for a server)",
        ("way", "client", "server"),
    )
    with credentials() as files:
        for way in WAYS:
            table.add(TITLES[way], round(of_client(way, files, count), 1), round(of_server(way, files, count), 1))
    return (table,)


def of_client(way: str, files: Credentials, count: int) -> float:
    """KiB a connection in a client."""
    with (
        start_server("uvloop", files, PEER, tickets=1) as peer,
        start_client(way, peer.greeting, files, MEASURED) as client,
    ):
        return growth(client, client, "hold", count)


def of_server(way: str, files: Credentials, count: int) -> float:
    """KiB a connection in a server. The one of asyncio's streams has implicit TLS: the same once it is up."""
    with (
        start_server(way, files, MEASURED, tickets=1) as server,
        start_client("uvloop", server.greeting, files, PEER) as client,
    ):
        return growth(server, client, "hold" if way != "streams" else "hold-bare", count)


def growth(subject: Child, worker: Child, mode: str, count: int) -> float:
    """KiB by which ``subject`` grows for each connection that ``worker`` makes."""
    worker.ask(f"{mode} {WARM_UP}")
    before = subject.pss
    worker.ask(f"{mode} {count}")
    return (subject.pss - before) / count
