"""From a trust anchor down to a zone: its DS and DNSKEY, or the proof that it is not signed (RFC 4035 §5.1, §5.2)."""

from collections.abc import Generator, Iterable
from dataclasses import replace
from typing import TypeAlias, TypeVar

import dns.message
import dns.rdata
import dns.rdatatype
from dns.dnssectypes import Algorithm, DSDigest
from dns.rdtypes.ANY.DS import DS

from starttls.policy.anchors import Anchors
from starttls.policy.answer import Link, Question, Status
from starttls.policy.budget import Limits, Work
from starttls.policy.canonical import Labels, text_of
from starttls.policy.denial import Outcome
from starttls.policy.keys import Keys, digest_of, keys_of, usable_ds
from starttls.policy.messages import Reply, SignedSet
from starttls.policy.proofs import gather
from starttls.policy.signatures import Verified, verify
from starttls.policy.unproven import Unproven, bogus, unknown
from starttls.policy.zones import LONGEST, Zone, Zones

__all__ = ["Asking", "Delegations", "ask"]

_T = TypeVar("_T")
Asking: TypeAlias = Generator[Question, dns.message.Message | None, _T]
"""A computation that asks questions, and is sent what the resolver says: None where that could not be had."""

_DS = dns.rdatatype.DS
_DNSKEY = dns.rdatatype.DNSKEY


def ask(name: Labels, rdtype: dns.rdatatype.RdataType, work: Work) -> Asking[Reply]:
    """Ask, and take nothing but an answer. Raises `Unproven`."""
    work.query()
    question = Question(text_of(name), dns.rdatatype.to_text(rdtype))
    message = yield question
    if message is None:
        raise unknown(f"no answer to {question}")
    reply = Reply(message)
    if reply.failure:
        raise unknown(f"{question}: {reply.failure}")
    return reply


class Delegations:
    """Finds the zone that a name belongs to, and its keys; remembers what was proven."""

    def __init__(self, anchors: Anchors, algorithms: frozenset[Algorithm], limits: Limits) -> None:
        self._anchors = anchors
        self._algorithms = algorithms
        self._limits = limits
        self._zones = Zones(limits.zones)

    def anchor(self, name: Labels) -> Labels:
        """The zone at ``name``, or above it, where trust begins. Raises `Unproven`."""
        anchor = self._anchors.above(name)
        if anchor is None:
            raise unknown(f"no trust anchor is above {text_of(name)}")
        return anchor

    def zone(self, target: Labels, work: Work) -> Asking[Zone]:
        """The zone that ``target`` belongs to, or the one above it that is not signed. Raises `Unproven`."""
        zone = self._zones.get(target, work.now)
        if zone is not None:
            return zone
        anchor = self.anchor(target)
        at = len(target) - 1
        while at >= len(anchor) and (zone := self._zones.get(target[:at], work.now)) is None:
            at -= 1
        if zone is None:
            zone = yield from self._anchored(anchor, work)
            at = len(anchor)
        while zone.secure and at < len(target):
            at += 1
            zone = yield from self._below(zone, target[:at], work)
        return zone

    def _anchored(self, name: Labels, work: Work) -> Asking[Zone]:
        """A zone whose keys the trust anchors give."""
        anchors = self._anchors.zones[name]
        if not usable_ds(anchors, self._algorithms):
            # Not insecure, as a zone with such DS records: whoever gives an anchor wants it to be proven.
            raise unknown(f"no trust anchor of {text_of(name)} is of a known algorithm")
        try:
            zone = yield from self._signed(name, anchors, None, work.now + LONGEST, work)
        except Unproven as no:
            raise _broken(no, name, ()) from None
        return self._remembered(name, zone, zone.expires, work)

    def _below(self, parent: Zone, name: Labels, work: Work) -> Asking[Zone]:
        """The zone that ``name`` belongs to, one label below a name that belongs to ``parent``."""
        try:
            reply = yield from ask(name, _DS, work)
            signed = reply.answer.get((name, _DS))
            if signed is None:
                zone, ttl = _undelegated(reply, parent, name, work)
                return self._remembered(name, zone, work.now + ttl, work)
            verified = _plain(signed, verify(signed, parent, work))
            zone = yield from self._signed(name, signed.rrset, parent, work.now + verified.ttl, work)
        except Unproven as no:
            raise _broken(no, name, parent.chain) from None
        zone = replace(zone, chain=(*parent.chain, *zone.chain))
        return self._remembered(name, zone, zone.expires, work)

    def _remembered(self, name: Labels, zone: Zone, expires: int, work: Work) -> Zone:
        self._zones.put(name, zone, expires, work.now)
        return zone

    def _signed(
        self, name: Labels, rdatas: Iterable[dns.rdata.Rdata], parent: Zone | None, until: int, work: Work
    ) -> Asking[Zone]:
        """The zone that these DS records are of, which hold until then: those of its parent, or the trust anchor's."""
        by = "the trust anchor" if parent is None else f"the DS of {parent}"
        usable = usable_ds(rdatas, self._algorithms)
        if not usable:
            # RFC 4035 §5.2: if no algorithm of all its DS records is known, the zone is as if it were not signed.
            why = f"{text_of(name)} is signed by algorithms alone that do not count: unknown, or of SHA-1"
            return _insecure(name, why, until, ())
        reply = yield from ask(name, _DNSKEY, work)
        signed = reply.answer.get((name, _DNSKEY))
        if signed is None or not signed.signatures:
            raise bogus(_keyless(name, parent))
        if len(signed.rrset) > self._limits.keys:
            raise unknown(f"{text_of(name)} has more than {self._limits.keys} keys")
        keys = keys_of(signed.rrset, self._algorithms, self._limits.keys_per_tag)
        trusted, digest = _trusted(name, keys, usable, by, work)
        # RFC 4035 §5.2: a key that a DS record names must have signed the set of keys.
        verified = _plain(signed, verify(signed, _zone(name, trusted, work.now, ()), work))
        link = Link(text_of(name), Status.SECURE, f"DNSKEY {verified.key} signs, by {by} ({digest})")
        return _zone(name, keys, min(until, work.now + verified.ttl), (link,))


def _keyless(name: Labels, parent: Zone | None) -> str:
    if parent is not None:
        return f"{text_of(name)} has a DS record and no signed DNSKEY"
    # A zone with a trust anchor is signed, and the way to it does not matter: mostly it is the server that was asked.
    return f"the DNS server does not pass DNSSEC on: it gives no signed keys of {text_of(name) if name else 'the root'}"


def _plain(signed: SignedSet, verified: Verified) -> Verified:
    if verified.wildcard is not None:
        raise bogus(f"{signed} is made by a wildcard")
    return verified


def _trusted(name: Labels, keys: Keys, usable: tuple[DS, ...], by: str, work: Work) -> tuple[Keys, str]:
    """The keys that the DS records, or the anchors, name, and by what digest."""
    trusted: Keys = {}
    digest = ""
    for ds in usable:
        for key in keys.get((ds.key_tag, ds.algorithm), ()):
            work.hashed(1)
            if digest_of(name, key.wire, ds.digest_type) == ds.digest:
                kept = trusted.get((key.tag, key.algorithm), ())
                trusted[key.tag, key.algorithm] = kept if key in kept else (*kept, key)
                digest = digest or DSDigest(ds.digest_type).name
    if not trusted:
        raise bogus(f"no DNSKEY of {text_of(name)} is named by {by}")
    return trusted, digest


def _undelegated(reply: Reply, parent: Zone, name: Labels, work: Work) -> tuple[Zone, int]:
    """The zone of a name for which there is no DS record, and how long that may be remembered."""
    alias = reply.answer.get((name, dns.rdatatype.CNAME))
    if alias is not None:  # an alias stands alone: it is no delegation
        return parent, _plain(alias, verify(alias, parent, work)).ttl
    evidence = gather(reply, parent, work)
    proof = evidence.deny(name, _DS, work)
    if not proof.delegation and proof.outcome is not Outcome.UNKNOWN:
        return parent, evidence.ttl
    how = f", {proof.detail}" if proof.detail else ""
    reason = f"{parent} has no DS record for {text_of(name)}{how}"
    return _insecure(name, reason, work.now + evidence.ttl, parent.chain), evidence.ttl


def _zone(name: Labels, keys: Keys, expires: int, chain: tuple[Link, ...]) -> Zone:
    return Zone(name=name, status=Status.SECURE, keys=keys, expires=expires, chain=chain)


def _insecure(name: Labels, reason: str, expires: int, chain: tuple[Link, ...]) -> Zone:
    link = Link(text_of(name), Status.INSECURE, reason)
    return Zone(name=name, status=Status.INSECURE, expires=expires, chain=(*chain, link), reason=reason)


def _broken(no: Unproven, name: Labels, chain: tuple[Link, ...]) -> Unproven:
    return Unproven(no.status, no.reason, (*chain, Link(text_of(name), no.status, no.reason)))
