"""Whether one set of records in a message is authentic, or one denial (RFC 4035 §5)."""

from collections.abc import Iterable
from dataclasses import dataclass

import dns.rcode
import dns.rdatatype

from starttls.policy.answer import Link, Status
from starttls.policy.budget import Work
from starttls.policy.canonical import Labels, encloses, labels_of, text_of
from starttls.policy.delegations import Asking, Delegations
from starttls.policy.denial import Outcome
from starttls.policy.messages import Reply, SignedSet
from starttls.policy.proofs import DENIALS, Evidence, gather
from starttls.policy.signatures import Verified, verify
from starttls.policy.unproven import Unproven, bogus
from starttls.policy.zones import Zone

__all__ = ["Judged", "denied", "present"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """SECURE or INSECURE: what is neither is raised, as `Unproven`."""

    status: Status
    ttl: int
    chain: tuple[Link, ...]
    exists: bool = True
    reason: str = ""


def present(signed: SignedSet, reply: Reply, delegations: Delegations, work: Work) -> Asking[Judged]:
    """Judge a set of records that a message has."""
    within = _within(signed.owner, signed.rdtype)
    first: Unproven | None = None
    for signer in _signers([signed], within, delegations, work):
        try:
            zone = yield from delegations.zone(signer, work)
            if not zone.secure:
                return _insecure(zone, signed.ttl, work)
            if zone.name != signer:
                raise _no_zone(zone, signer, str(signed))
            return _present(signed, reply, zone, work)
        except Unproven as no:
            first = first or no
    if first is not None:
        raise first
    zone = yield from delegations.zone(within, work)
    if zone.secure:
        raise _at(zone, bogus(f"{signed} has no signature, and {zone} is signed"))
    return _insecure(zone, signed.ttl, work)


def denied(reply: Reply, name: Labels, rdtype: int, delegations: Delegations, work: Work) -> Asking[Judged]:
    """Judge a message that has no such records, nor an alias."""
    within = _within(name, rdtype)
    sets = [signed for signed in reply.authority.values() if signed.rdtype in DENIALS]
    wanted = reply.negative_ttl
    exists = reply.rcode != dns.rcode.NXDOMAIN
    first: Unproven | None = None
    for signer in _signers(sets, within, delegations, work):
        try:
            zone = yield from delegations.zone(signer, work)
            if not zone.secure:
                return _insecure(zone, wanted or 0, work, exists=exists)
            if zone.name != signer:
                raise _no_zone(zone, signer, f"the denial of {_what(name, rdtype)}")
            return _denied(reply, name, rdtype, zone, work)
        except Unproven as no:
            first = first or no
    if first is not None:
        raise first
    zone = yield from delegations.zone(within, work)
    if zone.secure:
        raise _at(zone, bogus(f"no signed proof that there is no {_what(name, rdtype)}, and {zone} is signed"))
    return _insecure(zone, wanted or 0, work, exists=exists)


def _within(name: Labels, rdtype: int) -> Labels:
    """A name of the zone that answers for this name and type."""
    # RFC 4035 §2.4, §5.2: at a cut, DS is the parent's; the child's own signature of it is worth nothing.
    return name[:-1] if rdtype == dns.rdatatype.DS else name


def _signers(sets: Iterable[SignedSet], within: Labels, delegations: Delegations, work: Work) -> list[Labels]:
    """The zones that claim to have signed the sets and may have done so, the lowest first.

    RFC 4035 §5.3.1: the signer must be the zone that has the set. Whether it is a zone, the way down to it shows.
    Whether there is another between it and the set is not asked: who signs for a zone can give those below other keys.
    """
    anchor = delegations.anchor(within)
    claims = {labels_of(signature.signer) for signed in sets for signature in signed.signatures}
    possible = [claim for claim in claims if encloses(claim, within) and encloses(anchor, claim)]
    return sorted(possible, key=len, reverse=True)[: work.limits.signers]


def _no_zone(zone: Zone, signer: Labels, what: str) -> Unproven:
    return _at(zone, bogus(f"{what} is signed by {text_of(signer)}, which is no zone"))


def _what(name: Labels, rdtype: int) -> str:
    return f"{text_of(name)} {dns.rdatatype.to_text(dns.rdatatype.RdataType.make(rdtype))}"


def _present(signed: SignedSet, reply: Reply, zone: Zone, work: Work) -> Judged:
    try:
        verified = verify(signed, zone, work)
        if verified.wildcard is None:
            return Judged(status=Status.SECURE, ttl=_least(zone, verified.ttl, work), chain=zone.chain)
        return _expanded(signed, verified, gather(reply, zone, work), work)
    except Unproven as no:
        raise _at(zone, no) from None


def _expanded(signed: SignedSet, verified: Verified, evidence: Evidence, work: Work) -> Judged:
    """What a wildcard made is authentic if there is no closer match (RFC 4035 §5.3.4)."""
    zone = evidence.zone
    if signed.rdtype == dns.rdatatype.DNAME:
        raise bogus(f"{signed} is made by a wildcard")  # RFC 6672 §3.3: that has no meaning
    proof = evidence.absent(signed.owner[: len(verified.wildcard or ()) + 1], work)
    ttl = _least(zone, min(verified.ttl, evidence.ttl), work)
    if proof.outcome is Outcome.UNKNOWN:
        return Judged(status=Status.INSECURE, ttl=ttl, chain=zone.chain, reason=f"made by a wildcard {proof.detail}")
    return Judged(status=Status.SECURE, ttl=ttl, chain=zone.chain)


def _denied(reply: Reply, name: Labels, rdtype: int, zone: Zone, work: Work) -> Judged:
    evidence = gather(reply, zone, work)
    try:
        proof = evidence.deny(name, rdtype, work)
    except Unproven as no:
        raise _at(zone, no) from None
    wanted = reply.negative_ttl
    ttl = _least(zone, evidence.ttl if wanted is None else min(evidence.ttl, wanted), work)
    if proof.outcome is Outcome.UNKNOWN:
        exists = reply.rcode != dns.rcode.NXDOMAIN
        reason = f"{zone} denies {text_of(name)} {proof.detail}"
        return Judged(status=Status.INSECURE, ttl=ttl, chain=zone.chain, exists=exists, reason=reason)
    return Judged(status=Status.SECURE, ttl=ttl, chain=zone.chain, exists=proof.outcome is not Outcome.NAME)


def _insecure(zone: Zone, ttl: int, work: Work, *, exists: bool = True) -> Judged:
    ttl = _least(zone, ttl, work)
    return Judged(status=Status.INSECURE, ttl=ttl, chain=zone.chain, exists=exists, reason=zone.reason)


def _least(zone: Zone, ttl: int, work: Work) -> int:
    return max(0, min(ttl, zone.expires - work.now))


def _at(zone: Zone, no: Unproven) -> Unproven:
    return Unproven(no.status, no.reason, (*zone.chain, Link(str(zone), no.status, no.reason)))
