"""Denial of existence by NSEC3 (RFC 5155 §8): each record names the hash of a name that exists, and the next one."""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import dns.rdtypes.ANY.NSEC3

from starttls.policy.budget import Work
from starttls.policy.canonical import WILDCARD, Labels, wire_of
from starttls.policy.denial import Outcome, Proof, Types

__all__ = ["Nsec3", "absent", "deny", "read"]

_SHA1 = 1
_OPT_OUT = 1
_OCTETS = 20


@dataclass(frozen=True, slots=True)
class Nsec3:
    """One record whose signature is good."""

    hash: bytes
    next: bytes
    types: Types
    opt_out: bool
    parameters: tuple[int, bytes]
    """Iterations and salt."""

    def covers(self, digest: bytes) -> bool:
        """Is there no name with this hash?"""
        if self.hash < self.next:
            return self.hash < digest < self.next
        return self.hash < digest or digest < self.next


def read(owner: Labels, zone: Labels, rdata: dns.rdtypes.ANY.NSEC3.NSEC3) -> Nsec3 | None:
    """The record, if it can be used."""
    # RFC 5155 §8.1, §8.2: unknown hashes and unknown flags are ignored.
    if rdata.algorithm != _SHA1 or rdata.flags not in {0, _OPT_OUT} or len(rdata.next) != _OCTETS:
        return None
    if owner[:-1] != zone or len(owner) != len(zone) + 1:
        return None
    try:
        digest = base64.b32hexdecode(owner[-1].upper())
    except binascii.Error:
        return None
    if len(digest) != _OCTETS:
        return None
    parameters = (rdata.iterations, rdata.salt)
    return Nsec3(digest, rdata.next, Types(rdata.windows), rdata.flags == _OPT_OUT, parameters)


class _Hashed:
    """The records of one zone, asked by name."""

    __slots__ = ("_digests", "_iterations", "_records", "_salt", "_work")

    def __init__(self, records: Sequence[Nsec3], work: Work) -> None:
        self._records = records
        self._iterations, self._salt = records[0].parameters
        self._work = work
        self._digests: dict[Labels, bytes] = {}

    def _digest(self, name: Labels) -> bytes:
        if (known := self._digests.get(name)) is not None:
            return known
        self._work.hashed(self._iterations + 1)
        digest = wire_of(name)
        for _ in range(self._iterations + 1):  # RFC 5155 §5
            digest = hashlib.sha1(digest + self._salt, usedforsecurity=False).digest()
        self._digests[name] = digest
        return digest

    def matching(self, name: Labels) -> Nsec3 | None:
        """The record of the name itself."""
        digest = self._digest(name)
        return next((record for record in self._records if record.hash == digest), None)

    def covering(self, name: Labels) -> Nsec3 | None:
        """The record that leaves the name out."""
        digest = self._digest(name)
        return next((record for record in self._records if record.covers(digest)), None)

    def closest(self, name: Labels, zone: Labels) -> Labels | None:
        """The closest name above ``name`` that exists; None where none can be named (RFC 5155 §8.3)."""
        for count in range(len(name) - 1, len(zone) - 1, -1):
            if (record := self.matching(name[:count])) is not None:
                return None if record.types.says_nothing_below else name[:count]
        return None


def deny(records: Sequence[Nsec3], zone: Labels, name: Labels, rdtype: int, work: Work) -> Proof | None:
    """What the records of ``zone``, of the same parameters, prove of a name in it, if anything (RFC 5155 §8.4-8.7)."""
    if (excess := _excess(records, work)) is not None:
        return excess
    hashed = _Hashed(records, work)
    if (own := hashed.matching(name)) is not None:
        return own.types.prove(name, rdtype)
    closest = hashed.closest(name, zone)
    covering = None if closest is None else hashed.covering(name[: len(closest) + 1])
    if closest is None or covering is None:
        return None
    if covering.opt_out:
        return _opted_out()
    wildcard = (*closest, WILDCARD)
    if (made := hashed.matching(wildcard)) is not None:
        return made.types.prove(wildcard, rdtype)
    return Proof(Outcome.NAME) if hashed.covering(wildcard) is not None else None


def absent(records: Sequence[Nsec3], name: Labels, work: Work) -> Proof | None:
    """Prove that neither ``name`` nor anything below it exists (RFC 5155 §8.8)."""
    if (excess := _excess(records, work)) is not None:
        return excess
    covering = _Hashed(records, work).covering(name)
    if covering is None:
        return None
    return _opted_out() if covering.opt_out else Proof(Outcome.NAME)


def _opted_out() -> Proof:
    # RFC 5155 §9.2: what rests on an opt-out span is not authentic: there may be an unsigned delegation in it.
    return Proof(Outcome.UNKNOWN, detail="by opt-out (RFC 5155)")


def _excess(records: Sequence[Nsec3], work: Work) -> Proof | None:
    """A zone with too many iterations proves nothing."""
    iterations = records[0].parameters[0]
    # RFC 9276 §3.2: a validator may treat it as insecure; the records' own signatures have been checked.
    if iterations > work.limits.iterations:
        return Proof(Outcome.UNKNOWN, detail=f"by NSEC3 with {iterations} iterations (RFC 9276)")
    return None
