"""Our own servers with a back end behind each, on an event loop in a thread: so that clients may block."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from starttls.asyncio.server import listen
from starttls.asyncio.stream import Stream
from starttls.core.errors import ClosedEarly, StartTLSError
from starttls.protocols import by_name
from starttls.tls.plan import Timeouts
from tests.interop.backends import BACKENDS
from tests.interop.backends.visit import Backend, Visit
from tests.interop.clients.papers import GOOD, Papers

__all__ = ["Door", "House"]

PATIENCE = 10.0
"""Seconds for anything between our own threads."""
_TIMEOUTS = Timeouts(wait=PATIENCE, handshake=PATIENCE)

T = TypeVar("T")


@dataclass(slots=True)
class Door:
    """One server of ours.

    ``visits`` are the connections that were upgraded, ``failures`` those that were not, or ended badly.
    """

    scheme: str
    papers: Papers
    kind: str
    backend: Backend
    visits: list[Visit] = field(default_factory=list)
    failures: list[StartTLSError] = field(default_factory=list)
    crashes: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def ca_file(self) -> Path:
        """What a client should trust."""
        return self.papers.ca_file

    def visit(self) -> Visit:
        """The one visit that there was, when it is over."""
        self._wait(lambda: bool(self.visits) and all(visit.ended for visit in self.visits))
        (only,) = self.visits
        return only

    def failure(self, number: int = 0) -> StartTLSError:
        """One of the failures; the first has the number 0."""
        self._wait(lambda: len(self.failures) > number)
        return self.failures[number]

    def heard(self) -> list[str]:
        """Everything that was said inside TLS on any connection, once there was one and all are over."""
        self._wait(lambda: bool(self.failures or self.visits) and all(visit.ended for visit in self.visits))
        return [command for visit in self.visits for command in visit.heard]

    async def welcome(self, stream: Stream) -> None:
        """Handle one connection."""
        visit = Visit(stream, self.papers.certificate(self.kind), self.papers.key(self.kind))
        self.visits.append(visit)
        try:
            # Many clients just go: without the last command of their protocol, or without close_notify.
            with suppress(ClosedEarly):
                await self.backend(stream, visit)
        finally:
            visit.ended = True

    def crash(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Note what should never happen in our thread."""
        self.crashes.append(f"{context.get('message')}: {context.get('exception')!r}")

    def _wait(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"not seen: visits {self.visits}, failures {self.failures}, {self.crashes}")
            time.sleep(0.005)


class House:
    """The thread, and the doors that are open."""

    def __init__(self, papers: Papers) -> None:
        self.papers = papers
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="our servers")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    @contextmanager
    def open(self, scheme: str, *, kind: str = GOOD) -> Iterator[Door]:
        """Serve ``scheme`` on a free port of 127.0.0.1, with a certificate of ``kind``."""
        door = Door(scheme, self.papers, kind, BACKENDS[by_name(scheme)[0].name])
        server = listen(
            f"{scheme}://127.0.0.1:0",
            door.welcome,
            certificate=self.papers.certificate(kind),
            key=self.papers.key(kind),
            timeouts=_TIMEOUTS,
            on_failure=door.failures.append,
        )
        self._loop.call_soon_threadsafe(self._loop.set_exception_handler, door.crash)
        self._run(server.start())
        try:
            door.port = server.addresses[0][1]
            yield door
        finally:
            self._run(server.close())
        assert door.crashes == []

    def _run(self, task: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(task, self._loop).result(PATIENCE)
