"""Denial of existence by NSEC (RFC 4035 §5.4): each record names a name that exists and the next one."""

from collections.abc import Sequence
from dataclasses import dataclass

from starttls.policy.canonical import WILDCARD, Labels, encloses, shared
from starttls.policy.denial import Outcome, Proof, Types

__all__ = ["Nsec", "absent", "deny"]


@dataclass(frozen=True, slots=True)
class Nsec:
    """One record whose signature is good, of which ``next`` is in the same zone."""

    owner: Labels
    next: Labels
    types: Types

    def covers(self, name: Labels) -> bool:
        """Is there nothing of this name? It may have names below it still."""
        last = self.next <= self.owner  # of the zone: it leads back to the apex
        if not self.owner < name or not (last or name < self.next):
            return False
        return not (encloses(self.owner, name) and self.types.says_nothing_below)

    def crosses(self, name: Labels) -> bool:
        """Given that it covers ``name``: are there names below it, so that it exists, without any records?"""
        return encloses(name, self.next)


def deny(records: Sequence[Nsec], name: Labels, rdtype: int) -> Proof | None:
    """What the records of the name's zone prove of it, if anything."""
    for record in records:
        if record.owner == name:
            return record.types.prove(name, rdtype)
    covering = _covering(records, name)
    if covering is None:
        return None
    if covering.crosses(name):
        return Proof(Outcome.TYPE)
    # The closest name above that exists: had there been a closer one, it would stand between owner and next.
    closest = name[: max(shared(name, covering.owner), shared(name, covering.next))]
    return _no_wildcard(records, (*closest, WILDCARD), rdtype)


def _no_wildcard(records: Sequence[Nsec], wildcard: Labels, rdtype: int) -> Proof | None:
    for record in records:
        if record.owner == wildcard:
            return record.types.prove(wildcard, rdtype)
    covering = _covering(records, wildcard)
    if covering is None:
        return None
    return Proof(Outcome.TYPE if covering.crosses(wildcard) else Outcome.NAME)


def absent(records: Sequence[Nsec], name: Labels) -> Proof | None:
    """Prove that neither ``name`` nor anything below it exists: so a wildcard beside it may answer for it."""
    covering = _covering(records, name)
    return Proof(Outcome.NAME) if covering is not None and not covering.crosses(name) else None


def _covering(records: Sequence[Nsec], name: Labels) -> Nsec | None:
    return next((record for record in records if record.covers(name)), None)
