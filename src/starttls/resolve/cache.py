"""What is remembered of answers, and questions that are asked once for all who wait for them."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from starttls.policy.answer import Answer, Question

__all__ = ["DAY", "FAILURE", "Cache", "Flights"]

DAY = 86400
"""The longest time that an answer is kept, in seconds, whatever its TTL."""

FAILURE = 5
"""How long a failure is kept. RFC 9520 §3.2: "Resolvers MUST cache resolution failures for at least 1 second"."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Kept:
    answer: Answer
    since: float
    until: float


class Cache:
    """Answers until their TTL, at most ``size``; the one that was not asked for longest goes first.

    Threads may share it. A clock that was set back makes what was kept before of no use.
    """

    def __init__(self, size: int = 4096) -> None:
        self._size = size
        self._kept: dict[Question, _Kept] = {}
        self._lock = threading.Lock()

    def get(self, question: Question, now: float) -> Answer | None:
        """The answer, with what is left of its TTL."""
        with self._lock:
            kept = self._kept.pop(question, None)
            if kept is None or not kept.since <= now < kept.until:
                return None
            self._kept[question] = kept  # now the last to go
        left = int(kept.until - now)
        return replace(kept.answer, ttl=left) if kept.answer.status.usable else kept.answer

    def put(self, answer: Answer, now: float) -> None:
        """Keep an answer."""
        lives = min(answer.ttl, DAY) if answer.status.usable else FAILURE
        if lives <= 0 or self._size <= 0:
            return
        with self._lock:
            self._kept.pop(answer.question, None)
            while len(self._kept) >= self._size:
                del self._kept[next(iter(self._kept))]
            self._kept[answer.question] = _Kept(answer, now, now + lives)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()


class _Flight(Generic[_T]):
    def __init__(self, task: asyncio.Task[_T]) -> None:
        self.task = task
        self.waiting = 0


class Flights(Generic[_T]):
    """One task for all who ask the same at the same time, in one event loop. The last who leaves ends it."""

    def __init__(self) -> None:
        self._flights: dict[Hashable, _Flight[_T]] = {}

    async def join(self, key: Hashable, start: Callable[[], Coroutine[object, object, _T]]) -> _T:
        """What ``start`` gives, or gave to whoever was first."""
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = _Flight(asyncio.get_running_loop().create_task(start()))
        flight.waiting += 1
        try:
            # Whoever is cancelled goes alone.
            return await asyncio.shield(flight.task)
        finally:
            flight.waiting -= 1
            if self._flights.get(key) is flight and (flight.task.done() or not flight.waiting):
                del self._flights[key]
            if not flight.waiting:
                flight.task.cancel()
