"""What was proven of zones: their keys, or that they have none; and the memory of it."""

from dataclasses import dataclass, field
from threading import Lock

from starttls.policy.answer import Link, Status
from starttls.policy.canonical import Labels, text_of
from starttls.policy.keys import Keys, PublicKey

__all__ = ["LONGEST", "Zone", "Zones"]

LONGEST = 86400
"""Seconds that a zone is remembered at most, whatever its TTLs say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A zone that is proven to be signed (SECURE, with keys), or proven not to be (INSECURE), until ``expires``."""

    name: Labels
    status: Status
    expires: int
    """Seconds since 1970."""
    chain: tuple[Link, ...]
    """From the trust anchor down to this zone."""
    keys: Keys = field(default_factory=dict[tuple[int, int], tuple[PublicKey, ...]], repr=False)
    reason: str = ""
    """Why it is insecure."""

    @property
    def secure(self) -> bool:
        """Is it signed?"""
        return self.status is Status.SECURE

    def __str__(self) -> str:
        return text_of(self.name)


class Zones:
    """To which zone a name belongs: remembered by TTL, what was learned first forgotten first. Threads may share it.

    A clock that was set back makes what was learned before of no use: it would be trusted until it is that late again.
    """

    __slots__ = ("_known", "_limit", "_lock")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = Lock()
        self._known: dict[Labels, tuple[Zone, range]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def get(self, name: Labels, now: int) -> Zone | None:
        """The zone that ``name`` itself belongs to: its own where there is a cut at ``name``."""
        found = self._known.get(name)
        return found[0] if found is not None and now in found[1] else None

    def put(self, name: Labels, zone: Zone, expires: int, now: int) -> None:
        """Remember it until ``expires``, or until what is known of the zone itself expires."""
        until = min(expires, zone.expires, now + LONGEST)
        with self._lock:
            self._known.pop(name, None)
            self._known[name] = zone, range(now, until + 1)
            if len(self._known) > self._limit:
                del self._known[next(iter(self._known))]
