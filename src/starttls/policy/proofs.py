"""The denials in a message's authority section, gathered for one zone, and what they prove together."""

from dataclasses import dataclass

import dns.rdatatype
import dns.rdtypes.ANY.NSEC
import dns.rdtypes.ANY.NSEC3

from starttls.policy import nsec, nsec3
from starttls.policy.answer import Status
from starttls.policy.budget import Work
from starttls.policy.canonical import Labels, encloses, labels_of, text_of
from starttls.policy.denial import Proof, Types
from starttls.policy.messages import Reply, SignedSet
from starttls.policy.rrsets import rdatas
from starttls.policy.signatures import verify
from starttls.policy.unproven import Unproven, bogus
from starttls.policy.zones import Zone

__all__ = ["DENIALS", "Evidence", "gather"]

DENIALS = frozenset({int(dns.rdatatype.NSEC), int(dns.rdatatype.NSEC3)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The NSEC and NSEC3 records of ``zone`` whose signatures are good."""

    zone: Zone
    nsec: tuple[nsec.Nsec, ...]
    nsec3: tuple[nsec3.Nsec3, ...]
    ttl: int
    failure: str
    """Why the first of the others was not good."""

    def deny(self, name: Labels, rdtype: int, work: Work) -> Proof:
        """What is proven of a name and type that were not answered. Raises `Unproven`."""
        proof = nsec.deny(self.nsec, name, rdtype) if self.nsec else None
        if proof is None and self.nsec3:
            proof = nsec3.deny(self.nsec3, self.zone.name, name, rdtype, work)
        if proof is None:
            what = f"{text_of(name)} {dns.rdatatype.to_text(dns.rdatatype.RdataType.make(rdtype))}"
            raise bogus(self.failure or f"{self.zone} does not prove that there is no {what}")
        return proof

    def absent(self, name: Labels, work: Work) -> Proof:
        """Prove that there is nothing at a name or below it. Raises `Unproven`."""
        proof = nsec.absent(self.nsec, name) if self.nsec else None
        if proof is None and self.nsec3:
            proof = nsec3.absent(self.nsec3, name, work)
        if proof is None:
            raise bogus(self.failure or f"{self.zone} does not prove that a wildcard may answer for {text_of(name)}")
        return proof


def gather(reply: Reply, zone: Zone, work: Work) -> Evidence:
    """The denials that ``zone`` has signed."""
    names: list[nsec.Nsec] = []
    hashes: list[nsec3.Nsec3] = []
    ttls: list[int] = []
    failure = ""
    for signed in reply.authority.values():
        if signed.rdtype not in DENIALS or not _claims(signed, zone):
            continue
        try:
            verified = verify(signed, zone, work)
        except Unproven as no:
            if no.status is not Status.BOGUS:
                raise
            failure = failure or no.reason
            continue
        if verified.wildcard is None:  # one that a wildcard made is of another name
            ttls.append(verified.ttl)
            _read(signed, zone, names, hashes)
    same = tuple(record for record in hashes if record.parameters == hashes[0].parameters)  # RFC 5155 §8.2
    return Evidence(zone=zone, nsec=tuple(names), nsec3=same, ttl=min(ttls, default=0), failure=failure)


def _claims(signed: SignedSet, zone: Zone) -> bool:
    """Is it of this zone, by its own words?"""
    return encloses(zone.name, signed.owner) and any(labels_of(one.signer) == zone.name for one in signed.signatures)


def _read(signed: SignedSet, zone: Zone, names: list[nsec.Nsec], hashes: list[nsec3.Nsec3]) -> None:
    for rdata in rdatas(signed.rrset):
        if isinstance(rdata, dns.rdtypes.ANY.NSEC.NSEC):
            after = labels_of(rdata.next)
            if encloses(zone.name, after):
                names.append(nsec.Nsec(signed.owner, after, Types(rdata.windows)))
        elif isinstance(rdata, dns.rdtypes.ANY.NSEC3.NSEC3):
            record = nsec3.read(signed.owner, zone.name, rdata)
            if record is not None:
                hashes.append(record)
