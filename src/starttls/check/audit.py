"""The order of work: many targets at once, but not too many, and results in the order of the targets."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence

from starttls.asyncio.client import Client
from starttls.check.observe import Observation, observe
from starttls.core.errors import NetworkError
from starttls.policy.errors import PolicyError
from starttls.resolve.route import Route, nowhere
from starttls.tls.target import Target

__all__ = ["InOrder", "audit", "services_of"]


async def services_of(client: Client, domains: Sequence[str], *, concurrency: int) -> dict[str, tuple[Route, ...]]:
    """The ways to all that each domain offers, at most ``concurrency`` domains at once.

    One that takes too long, or that cannot be asked for, is a way that cannot be gone. Raises `Misuse`.
    """
    found: dict[str, tuple[Route, ...]] = {}
    queue = iter(dict.fromkeys(domains))

    async def work() -> None:
        for domain in queue:
            try:
                found[domain] = await client.router.everything(domain)
            except (NetworkError, PolicyError) as error:
                found[domain] = (nowhere("smtp", domain, error),)

    await _together(work, min(concurrency, len(domains)))
    return found


async def audit(
    client: Client, targets: Sequence[Target | Route], *, concurrency: int, seen: Callable[[int, Observation], None]
) -> None:
    """Observe every target, at most ``concurrency`` at once; ``seen`` gets each result with its target's number.

    Raises what `observe` raises: `Misuse`.
    """
    queue = iter(enumerate(targets))

    async def work() -> None:
        for number, target in queue:
            seen(number, await observe(client, target))

    await _together(work, min(concurrency, len(targets)))


async def _together(work: Callable[[], Coroutine[object, object, None]], count: int) -> None:
    """Do the work in ``count`` tasks; none of them outlives the first error, or us."""
    workers = [asyncio.create_task(work()) for _ in range(count)]
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
