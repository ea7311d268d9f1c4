"""All real servers of one test session, each started when it is first needed."""

import os
import shutil
import socket
import tempfile
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.interop.servers.authority import Authority
from tests.interop.servers.daemon import Daemon
from tests.interop.servers.service import Offer, Place, Server, Service

REPOSITORY = Path(__file__).resolve().parents[3]
# Two cores start the whole set fastest with a few at a time.
AT_ONCE = 4


class NotInstalled(Exception):
    """This machine lacks a package, or the right to run servers."""


def unpacked_packages() -> Path:
    """Where `tools/interop-install` unpacked the servers that exclude each other."""
    return Path(os.environ.get("STARTTLS_INTEROP_DIR", REPOSITORY / ".cache" / "interop"))


def what_is_missing(server: Server) -> str:
    """Why this server cannot run here; empty when it can."""
    if os.geteuid() != 0:
        return "real servers need root"
    absent = [program for program in server.programs if not Path(program).exists()]
    absent += [name for name in server.unpacked if not (unpacked_packages() / name / ".complete").exists()]
    if absent:
        return f"{server.name} is not installed ({', '.join(absent)}): run tools/interop-install"
    return ""


class World:
    """Starts servers on addresses of its own and stops them at the end.

    Worlds of other sessions (or of other workers of pytest-xdist) may run beside this one: each claims one
    second octet of 127/8.
    """

    def __init__(self, servers: Iterable[Server]) -> None:
        self._servers = {server.name: server for server in servers}
        # Below /tmp and open to all: the daemons drop to users of their own, who cannot enter root's folders.
        self._folder = Path(tempfile.mkdtemp(prefix="starttls-interop-"))
        self._folder.chmod(0o755)
        self._authority = Authority(self._folder)
        self._claim, self._block = claim_block()
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="interop")
        self._running: dict[str, Future[Daemon]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        started = [future for future in self._running.values() if not future.cancel()]
        list(self._pool.map(_stop, started))
        self._pool.shutdown()
        self._claim.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def ca_file(self) -> Path:
        """The root of trust of all servers here."""
        return self._authority.ca_file

    def begin(self, name: str) -> None:
        """Start a server in the background, unless it was begun or cannot run here."""
        if name not in self._running and not what_is_missing(self._servers[name]):
            self._running[name] = self._pool.submit(self._start, self._servers[name])

    def service(self, offer: Offer) -> Service:
        """The running service behind an offer.

        Raises:
            NotInstalled: the server cannot run on this machine.
            DidNotStart: it can, and did not.
        """
        server = self._servers[offer.server]
        if reason := what_is_missing(server):
            raise NotInstalled(reason)
        self.begin(server.name)
        self._running[server.name].result()
        return Service(offer=offer, host=self._address(server), ca_file=self.ca_file)

    def logs(self, name: str) -> str:
        """What a running server has written so far."""
        return self._running[name].result().logs()

    def _address(self, server: Server) -> str:
        return f"127.{self._block}.{server.octet}.1"

    def _start(self, server: Server) -> Daemon:
        folder = self._folder / server.name
        folder.mkdir()
        folder.chmod(0o755)
        address = self._address(server)
        place = Place(
            folder=folder,
            address=address,
            unpacked=folder / "unpacked",
            certify=partial(self._authority.issue, server.name, address),
        )
        for package in server.unpacked:
            # A copy, as the users that daemons drop to may not be able to enter the repository.
            shutil.copytree(unpacked_packages() / package, place.unpacked, symlinks=True, dirs_exist_ok=True)
        daemon = Daemon(server.name, server.prepare(place), folder)
        try:
            return daemon.wait_until_answering((address, offer.port, offer.greets) for offer in server.offers)
        except BaseException:
            daemon.stop()
            raise


def claim_block() -> tuple[socket.socket, int]:
    """Take a second octet of 127/8 for as long as the socket stays open."""
    for block in sorted(set(range(10, 250)) - _blocks_in_use()):
        claim = socket.socket()
        try:
            claim.bind((f"127.{block}.255.254", 40999))
        except OSError:
            claim.close()
        else:
            return claim, block
    raise OSError("no free block in 127/8")


def _blocks_in_use() -> set[int]:
    """Second octets of 127/8 on which something listens: a session that was killed may leave its servers."""
    used = set[int]()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, _, state, *_ = line.split()
        address = bytes.fromhex(local.partition(":")[0])[::-1]
        if address[0] == 127 and state == "0A":  # LISTEN
            used.add(address[1])
    return used


def _stop(started: Future[Daemon]) -> None:
    if started.exception() is None:
        started.result().stop()
