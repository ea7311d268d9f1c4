"""Learns a domain's MTA-STS policy: asks for the record, fetches the policy when that is due, remembers both."""

import asyncio
from collections import OrderedDict
from threading import RLock
from weakref import WeakValueDictionary

from starttls.policy.errors import StsCertificate, StsFetchFailed, StsInvalid
from starttls.policy.renewal import Outcome, announcement, fetch_due, fetched, unfetched
from starttls.policy.sts import Learned, parse_policy
from starttls.resolve.resolver import PolicyFetcher, Resolver

__all__ = ["LearnedPolicies", "learn"]


async def learn(
    domain: str, resolver: Resolver, fetcher: PolicyFetcher, *, kept: Learned | None = None, now: float
) -> Learned:
    """What is known of the policy of ``domain`` at ``now`` (seconds since 1970). Never raises for what a peer does.

    ``domain`` is the next hop as it was asked for, A-labels in lower case; a policy is not inherited by the domains
    below (RFC 8461 §3.4). ``kept`` is what was learned before: give it, and keep what comes back, or a single
    failure takes the protection away.
    """
    answer = await resolver.query(f"_mta-sts.{domain}", "TXT")
    announced = announcement(domain, answer)
    if not fetch_due(kept, announced, now):
        return unfetched(domain, kept, announced, now)
    return fetched(domain, kept, announced, await _fetch(domain, fetcher), now)


async def _fetch(domain: str, fetcher: PolicyFetcher) -> Outcome:
    try:
        return parse_policy(domain, await fetcher.fetch(domain))
    except (StsFetchFailed, StsCertificate, StsInvalid) as error:
        return error


class LearnedPolicies:
    """What was learned, in memory, for the ``limit`` domains that were used last. Event loops and threads may share it.

    Domains with a policy and those without are counted apart: who makes us look at many domains that have none does
    not make us forget a policy, and with it the protection that it gives.
    """

    __slots__ = ("_busy", "_limit", "_lock", "_with", "_without")

    def __init__(self, limit: int = 1000) -> None:
        self._busy: WeakValueDictionary[tuple[asyncio.AbstractEventLoop, str], asyncio.Lock] = WeakValueDictionary()
        self._limit = limit
        self._lock = RLock()
        self._with: OrderedDict[str, Learned] = OrderedDict()
        self._without: OrderedDict[str, Learned] = OrderedDict()

    def __len__(self) -> int:
        return len(self._with) + len(self._without)

    def get(self, domain: str) -> Learned | None:
        """What was learned of ``domain``, also when it has expired: `learn` knows what to do with it."""
        with self._lock:
            for shelf in (self._with, self._without):
                if domain in shelf:
                    shelf.move_to_end(domain)
                    return shelf[domain]
        return None

    def put(self, learned: Learned) -> None:
        """Remember ``learned`` instead of what was known of its domain."""
        with self._lock:
            self.forget(learned.domain)
            shelf = self._without if learned.policy is None else self._with
            shelf[learned.domain] = learned
            if len(shelf) > self._limit:
                shelf.popitem(last=False)

    def forget(self, domain: str) -> None:
        """Forget ``domain``."""
        with self._lock:
            self._with.pop(domain, None)
            self._without.pop(domain, None)

    async def learn(self, domain: str, resolver: Resolver, fetcher: PolicyFetcher, *, now: float) -> Learned:
        """`learn` with what is remembered of ``domain``, and remember what comes of it.

        One at a time for a domain in one event loop: a lock of asyncio's cannot be waited for in another.
        """
        with self._lock:
            lock = self._busy.setdefault((asyncio.get_running_loop(), domain), asyncio.Lock())
        async with lock:
            kept = self.get(domain)
            learned = await learn(domain, resolver, fetcher, kept=kept, now=now)
            with self._lock:
                meanwhile = self.get(domain)
                if meanwhile is not None and meanwhile is not kept and learned.policy is None:
                    return meanwhile  # another thread found the policy: a failure of ours does not take it away
                self.put(learned)
            return learned
