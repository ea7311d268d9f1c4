"""One signed zone in memory: NSEC or NSEC3, any algorithm, and every way to spoil it."""

import base64
import functools
import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import dns.dnssec
import dns.dnssecalgs
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdatatype
import dns.rrset
import dns.zone
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519
from dns.dnssecalgs.base import GenericPrivateKey
from dns.name import Name
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.RRSIG import RRSIG
from dns.rrset import RRset

NOW = 1_790_000_000
DAY = 86400
TTL = 3600


@functools.cache
def private_key(algorithm: int, owner: str) -> GenericPrivateKey:
    """The same few keys in all tests, for they are slow to make; all but RSA's are the same in every run."""
    cls: Any = dns.dnssecalgs.get_algorithm_cls(algorithm)
    seed = hashlib.shake_256(f"{owner} {algorithm}".encode()).digest(57)
    match algorithm:
        case 13:
            key = cls(ec.derive_private_key(int.from_bytes(seed[:31]), ec.SECP256R1()))
        case 14:
            key = cls(ec.derive_private_key(int.from_bytes(seed[:47]), ec.SECP384R1()))
        case 15:
            key = cls(ed25519.Ed25519PrivateKey.from_private_bytes(seed[:32]))
        case 16:
            key = cls(ed448.Ed448PrivateKey.from_private_bytes(seed))
        case _:
            key = cls.generate(key_size=2048)
    assert isinstance(key, GenericPrivateKey)
    return key


@dataclass(frozen=True, eq=False)
class Key:
    """A key pair of a zone."""

    owner: str = ""
    """Who has it: keys of different owners are different."""
    algorithm: int = 13
    flags: int = 257
    protocol: int = 3

    @property
    def private(self) -> GenericPrivateKey:
        return private_key(self.algorithm, self.owner)

    @functools.cached_property
    def dnskey(self) -> DNSKEY:
        return self.private.public_key().to_dnskey(self.flags, self.protocol)

    def ds(self, zone: Name, digest: str = "SHA256") -> dns.rdata.Rdata:
        return dns.dnssec.make_ds(zone, self.dnskey, digest, policy=dns.dnssec.allow_all_policy)

    def sign(self, rrset: RRset, zone: Name, inception: int = NOW - DAY, expiration: int = NOW + 10 * DAY) -> RRSIG:
        """Sign a set as ``zone``."""
        return dns.dnssec.sign(
            rrset, self.private, zone, self.dnskey, inception, expiration, policy=dns.dnssec.allow_all_policy
        )


@dataclass
class Zone:
    """One zone. ``text`` has its records, with names relative to it; SOA and NS are added."""

    at: str
    text: str = ""
    keys: tuple[Key, ...] = ()
    signed: bool = True
    nsec3: bool = False
    opt_out: bool = False
    iterations: int = 0
    salt: bytes = b""
    digests: tuple[str, ...] = ("SHA256",)
    """Those of the DS records above; none makes an island."""
    inception: int = NOW - DAY
    expiration: int = NOW + 10 * DAY
    spoil: dict[tuple[str, str], Callable[[RRset], RRset]] = field(default_factory=dict)
    """Changes the signatures of one name and type."""

    def __post_init__(self) -> None:
        self.name = dns.name.from_text(self.at)
        self.keys = self.keys or (Key(self.at),)
        soa = f"@ {TTL} SOA ns hostmaster 1 2 3 4 300\n@ {TTL} NS ns\n"
        text = f"$TTL {TTL}\n{soa}{self.text}\n"
        zone = dns.zone.from_text(text, self.name, relativize=False, check_origin=False)
        self.sets = {
            (name, rdataset.rdtype): dns.rrset.from_rdata(name, rdataset.ttl, *rdataset)
            for name in zone.nodes
            for rdataset in zone.nodes[name]
        }
        if self.signed:
            for key in self.keys:
                self.add(self.name, key.dnskey)
        self._signatures: dict[tuple[Name, RdataType], RRset] = {}

    def add(self, name: Name, *rdatas: dns.rdata.Rdata) -> None:
        rrset = self.sets.setdefault(
            (name, rdatas[0].rdtype), dns.rrset.RRset(name, rdatas[0].rdclass, rdatas[0].rdtype)
        )
        for rdata in rdatas:
            rrset.add(rdata, TTL)

    # --- what is there ---

    def cut_above(self, name: Name) -> Name | None:
        """The delegation at ``name`` or above it, in this zone."""
        for depth in range(len(self.name) + 1, len(name) + 1):
            ancestor = name.split(depth)[1]
            if (ancestor, RdataType.NS) in self.sets:
                return ancestor
        return None

    @functools.cached_property
    def owners(self) -> set[Name]:
        """The names with records that are this zone's own."""
        return {name for name, _ in self.sets if self.cut_above(name) in {None, name}}

    @functools.cached_property
    def names(self) -> set[Name]:
        """The same and those between, which have no records (empty non-terminals)."""
        return {name.split(depth)[1] for name in self.owners for depth in range(len(self.name), len(name) + 1)}

    def types(self, name: Name) -> set[RdataType]:
        found = {rdtype for owner, rdtype in self.sets if owner == name}
        return found & {RdataType.NS, RdataType.DS} if self.cut_above(name) else found

    def closest(self, name: Name) -> Name:
        while name not in self.names:
            name = name.parent()
        return name

    # --- signatures ---

    def signatures(self, rrset: RRset) -> list[RRset]:
        """Its signatures, as a set of their own, where there are any."""
        if not self.signed or (rrset.rdtype == RdataType.NS and rrset.name != self.name):
            return []
        key = (rrset.name, rrset.rdtype)
        if key not in self._signatures:
            made = [k.sign(rrset, self.name, self.inception, self.expiration) for k in self.signing(rrset.rdtype)]
            found = dns.rrset.from_rdata(rrset.name, rrset.ttl, *made)
            spoil = self.spoil.get((rrset.name.to_text(omit_final_dot=True), rrset.rdtype.name), unspoilt)
            self._signatures[key] = spoil(found)
        return [self._signatures[key]]

    def signing(self, rdtype: RdataType) -> Iterable[Key]:
        """Key-signing keys sign the keys, and the others all else; one of a kind does both."""
        wanted = 257 if rdtype == RdataType.DNSKEY else 256
        chosen = [key for key in self.keys if key.flags == wanted]
        return chosen or [key for key in self.keys if key.flags in {256, 257}] or self.keys

    def with_signatures(self, rrset: RRset) -> list[RRset]:
        return [rrset, *self.signatures(rrset)]

    # --- denial ---

    def denial(self, name: Name, rdtype: RdataType) -> list[RRset]:
        """The authority section of an answer that there is no such thing."""
        soa = self.with_signatures(self.sets[self.name, RdataType.SOA])
        return [*soa, *self.proof(name, rdtype)]

    def proof(self, name: Name, rdtype: RdataType = RdataType.NONE) -> list[RRset]:
        if not self.signed:
            return []
        found: dict[Name, RRset] = {}
        records = self._nsec3_proof(name) if self.nsec3 else self._nsec_proof(name)
        for rrset in records:
            found.setdefault(rrset.name, rrset)
        return [each for rrset in found.values() for each in self.with_signatures(rrset)]

    def _nsec_proof(self, name: Name) -> Iterator[RRset]:
        yield self.nsec(name)
        if name not in self.names:
            yield self.nsec(dns.name.from_text("*", self.closest(name)))

    def nsec(self, name: Name) -> RRset:
        """The record at ``name``, or the one that leaves it out."""
        order = sorted(self.owners)
        owner = max(each for each in order if each <= name)
        after = order[(order.index(owner) + 1) % len(order)]
        types = " ".join(each.name for each in sorted({*self.types(owner), RdataType.NSEC, RdataType.RRSIG}))
        return dns.rrset.from_text(owner, 300, "IN", "NSEC", f"{after} {types}")

    def _nsec3_proof(self, name: Name) -> Iterator[RRset]:
        if self.hash(name) in self.hashes:
            yield self.nsec3_of(name)
            return
        closest = name.parent()
        while self.hash(closest) not in self.hashes:
            closest = closest.parent()
        yield self.nsec3_of(closest)
        yield self.nsec3_of(name.split(len(closest) + 1)[1])
        yield self.nsec3_of(dns.name.from_text("*", closest))

    @functools.cached_property
    def hashes(self) -> dict[bytes, Name]:
        unsigned = {n for n in self.owners if self.opt_out and self.types(n) == {RdataType.NS}}
        return {self.hash(name): name for name in self.names - unsigned}

    def hash(self, name: Name) -> bytes:
        digest = name.canonicalize().to_wire() or b""
        for _ in range(self.iterations + 1):
            digest = hashlib.sha1(digest + self.salt).digest()
        return digest

    def nsec3_of(self, name: Name) -> RRset:
        """The record of ``name``'s hash, or the one that leaves it out."""
        order, wanted = sorted(self.hashes), self.hash(name)
        at = max((each for each in order if each <= wanted), default=order[-1])
        after = order[(order.index(at) + 1) % len(order)]
        types = self.types(self.hashes[at])
        if types - {RdataType.NS}:
            types |= {RdataType.RRSIG}
        listed = " ".join(each.name for each in sorted(types))
        parameters = f"1 {int(self.opt_out)} {self.iterations} {self.salt.hex() or '-'}"
        owner = dns.name.from_text(base32(at), self.name)
        return dns.rrset.from_text(owner, 300, "IN", "NSEC3", f"{parameters} {base32(after)} {listed}")


def unspoilt(rrset: RRset) -> RRset:
    return rrset


def base32(digest: bytes) -> str:
    return base64.b32hexencode(digest).decode().lower()
