"""The order of work: many targets at once, but not too many, and results in the order of the targets."""

import asyncio
from collections.abc import Callable, Sequence

from starttls.asyncio.client import Client
from starttls.check.observe import Observation, observe
from starttls.tls.target import Target

__all__ = ["InOrder", "audit"]


async def audit(
    client: Client, targets: Sequence[Target], *, concurrency: int, seen: Callable[[int, Observation], None]
) -> None:
    """Observe every target, at most ``concurrency`` at once; ``seen`` gets each result with its target's number.

    Raises what `observe` raises: `Misuse`.
    """
    queue = iter(enumerate(targets))

    async def work() -> None:
        for number, target in queue:
            seen(number, await observe(client, target))

    workers = [asyncio.create_task(work()) for _ in range(min(concurrency, len(targets)))]
    try:
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)


class InOrder:
    """Holds results back until those before them are there."""

    def __init__(self) -> None:
        self._held: dict[int, Observation] = {}
        self._next = 0

    def add(self, number: int, seen: Observation) -> tuple[Observation, ...]:
        """Take one result; returns those whose turn has come."""
        self._held[number] = seen
        ready: list[Observation] = []
        while self._next in self._held:
            ready.append(self._held.pop(self._next))
            self._next += 1
        return tuple(ready)

    def rest(self) -> tuple[Observation, ...]:
        """Those that wait for an earlier one, which will not come any more."""
        held = tuple(self._held[number] for number in sorted(self._held))
        self._held.clear()
        return held
