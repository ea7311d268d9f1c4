"""Whether a set of records is signed by its zone (RFC 4035 §5.3)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from dns.rdtypes.ANY.RRSIG import RRSIG

from starttls.policy.budget import Work
from starttls.policy.canonical import WILDCARD, Labels, labels_of, signed_data
from starttls.policy.keys import PublicKey
from starttls.policy.messages import SignedSet
from starttls.policy.unproven import Unproven, bogus
from starttls.policy.zones import Zone

__all__ = ["Verified", "not_in_time", "verify"]

_HALF = 1 << 31
_WHOLE = 1 << 32


@dataclass(frozen=True, slots=True)
class Verified:
    """A set that is signed. ``ttl`` is how long it may be kept."""

    ttl: int
    key: PublicKey
    wildcard: Labels | None = None
    """Where a wildcard made it: the name above the wildcard. It is not yet proven that there is no closer match."""


def verify(signed: SignedSet, zone: Zone, work: Work) -> Verified:
    """Find one good signature by a key of ``zone``, which must enclose the set. Raises `Unproven`."""
    first: Unproven | None = None
    for signature in _of_zone(signed, zone, work.limits.signatures_per_set):
        if not (problem := _unfit(signed, signature, work.now)):
            made = _made(signed, signature, zone, work)
            if isinstance(made, PublicKey):
                return _verified(signed, signature, made, work.now)
            problem = made
        first = first or bogus(problem)
    raise first or bogus(f"{signed} has no signature of {zone}")


def _of_zone(signed: SignedSet, zone: Zone, limit: int) -> Iterator[RRSIG]:
    for signature in signed.signatures:
        if labels_of(signature.signer) == zone.name:
            yield signature
            limit -= 1
            if not limit:
                return


def _unfit(signed: SignedSet, signature: RRSIG, now: int) -> str:
    """Why a signature cannot be good, whoever made it."""
    # RFC 4035 §5.3.1: the owner must not have fewer labels than the signature counts; a leading "*" is not counted.
    if signature.labels > _counted(signed.owner):
        return f"signature of {signed} counts more labels than the name has"
    if problem := not_in_time(signature, now):
        return f"signature of {signed} {problem}"
    return ""


def _counted(owner: Labels) -> int:
    return len(owner) - (owner[-1:] == (WILDCARD,))


def not_in_time(signature: RRSIG, now: int) -> str:
    """Why a signature does not hold at ``now``: ``"expired on 2026-01-02"``. Times are serial numbers (RFC 1982)."""
    # RFC 4034 §3.1.5: they are compared by serial number arithmetic, and so go on beyond 2106.
    if (signature.expiration - signature.inception) % _WHOLE >= _HALF:
        return "ends before it begins"
    if (signature.expiration - now) % _WHOLE >= _HALF:
        return f"expired on {_day(signature.expiration, now)}"
    if (now - signature.inception) % _WHOLE >= _HALF:
        return f"is not valid before {_day(signature.inception, now)}"
    return ""


def _day(serial: int, now: int) -> str:
    nearest = now + (serial - now + _HALF) % _WHOLE - _HALF
    return f"{datetime.fromtimestamp(max(nearest, 0), UTC):%Y-%m-%d}"


def _made(signed: SignedSet, signature: RRSIG, zone: Zone, work: Work) -> PublicKey | str:
    """The key that it was made with, or why it is wrong."""
    keys = zone.keys.get((signature.key_tag, signature.algorithm))
    if keys is None:
        return f"signature of {signed} is by a key {signature.key_tag} that {zone} does not have"
    data = signed_data(signed.owner, signed.rrset, signature)
    for key in keys:
        work.signature()
        if key.verifies(signature.signature, data):
            return key
        work.failure()
    return f"signature of {signed} is wrong (DNSKEY {keys[0]} of {zone})"


def _verified(signed: SignedSet, signature: RRSIG, key: PublicKey, now: int) -> Verified:
    # RFC 4035 §5.3.3: nothing is kept longer than its original TTL, or beyond the end of its signature.
    ttl = min(signed.ttl, signature.original_ttl, (signature.expiration - now) % _WHOLE)
    if signature.labels < _counted(signed.owner):
        return Verified(ttl, key, signed.owner[: signature.labels])
    return Verified(ttl, key)
