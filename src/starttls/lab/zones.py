'''Signed zones that know each other, made from text: a small internet's names, with its own root.

::

    mail = """
    @     MX  10 mail
    mail  A   127.0.0.1
    """
    tree = Tree.grow(Zone("test"), Zone("dane.test", mail), Zone("plain.test", mail, signing="none"))

Every zone has a key of its own (ECDSA P-256, one for keys and records), and its parent a DS record of it. NSEC records
prove what is not there. A zone may also be left unsigned, or signed in a way that no validator accepts. Keys are made
anew each time, in memory, and forgotten once all is signed. `starttls.lab.nameserver` answers questions from a tree.
'''

import enum
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Self, TypeVar, cast

import dns.dnssec
import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rrset
import dns.tokenizer
import dns.transaction
import dns.zonefile
from cryptography.hazmat.primitives.asymmetric import ec
from dns.dnssecalgs.ecdsa import PrivateECDSAP256SHA256
from dns.name import Name
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.RRSIG import RRSIG
from dns.rrset import RRset

from starttls.core.errors import Misuse
from starttls.policy.answer import Status

__all__ = ["Served", "Signing", "Tree", "Zone"]

_T = TypeVar("_T")

TTL = 300
DAY = 86_400

_MADE_HERE = frozenset({
    RdataType.SOA, RdataType.NS, RdataType.DS, RdataType.DNSKEY, RdataType.RRSIG, RdataType.NSEC,
    RdataType.NSEC3, RdataType.NSEC3PARAM, RdataType.DNAME,
})  # fmt: skip
"""What no text may have: it is made here, or (DNAME) not served."""


class Signing(enum.StrEnum):
    """How a zone is signed."""

    GOOD = "good"
    NONE = "none"
    """Not at all, and its parent proves that."""
    BROKEN = "broken"
    """Every signature has a bit that is wrong."""
    EXPIRED = "expired"
    """Every signature was good until yesterday."""


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone as it is wanted.

    ``text`` has its records as lines of a zone file, names relative to the zone. SOA, NS, the name server's address
    and everything about signatures are added, and may not be in it.
    """

    name: str
    text: str = ""
    signing: Signing | str = Signing.GOOD


@dataclass(frozen=True, slots=True)
class Served:
    """A zone as it is served: its records, their signatures, and what a validator will say of it."""

    name: Name
    signing: Signing
    status: Status
    """Secure, insecure or bogus: its own, or that of a zone above it."""
    sets: Mapping[tuple[Name, RdataType], RRset]
    signatures: Mapping[tuple[Name, RdataType], RRset]
    owners: tuple[Name, ...]
    """The names with records, in canonical order (RFC 4034 §6.1)."""
    names: frozenset[Name]
    """The same and those between, which have no records (empty non-terminals)."""

    def signed(self, rrset: RRset) -> tuple[RRset, ...]:
        """A set, and its signatures where there are any."""
        signatures = self.signatures.get((rrset.name, rrset.rdtype))
        return (rrset, signatures) if signatures is not None else (rrset,)

    @property
    def soa(self) -> tuple[RRset, ...]:
        """What a denial begins with (RFC 2308 §3)."""
        return self.signed(self.sets[self.name, RdataType.SOA])

    def source(self, name: Name) -> Name | None:
        """Where the records of ``name`` stand: there, or at a wildcard; None where it does not exist."""
        if name in self.names:
            return name
        wildcard = self.wildcard(name)
        return wildcard if wildcard in self.names else None

    def wildcard(self, name: Name) -> Name:
        """The one that would stand for ``name``: below its closest ancestor that exists (RFC 4592 §3.3.1)."""
        closest = name
        while closest not in self.names:
            closest = closest.parent()
        return dns.name.Name((b"*", *closest.labels))

    def proof(self, *names: Name) -> tuple[RRset, ...]:
        """The NSEC records at these names, or those that leave them out; each once."""
        if self.signing is Signing.NONE:
            return ()
        owners = dict.fromkeys(self.owners[bisect_right(self.owners, name) - 1] for name in names)
        return tuple(each for owner in owners for each in self.signed(self.sets[owner, RdataType.NSEC]))


class Tree:
    """Zones that know each other."""

    def __init__(self, zones: Iterable[Served]) -> None:
        self.zones = {zone.name: zone for zone in zones}

    @classmethod
    def grow(cls, *zones: Zone, now: float | None = None) -> Self:
        """Make and sign zones, at ``now`` in seconds since 1970; a root is added where none is given.

        Raises `Misuse` for a text that cannot be read, and for zones or names that are in each other's way.
        """
        made = [_Making.of(zone) for zone in zones]
        if not any(one.name == dns.name.root for one in made):
            made.append(_Making.of(Zone(".")))
        makings = {one.name: one for one in made}
        if len(makings) < len(made):
            raise Misuse("a zone is given twice")
        seconds = int(time.time() if now is None else now)
        root, *below = sorted(makings)  # in canonical order a parent comes before its children
        for name in below:
            _closest(name.parent(), makings).delegate(makings[name])
        served = {root: makings[root].finish(Status.SECURE, seconds)}
        for name in below:
            served[name] = makings[name].finish(_closest(name.parent(), served).status, seconds)
        return cls(served.values())

    def zone_of(self, name: Name, rdtype: RdataType) -> Served:
        """The zone that has ``name``; DS records are in the zone above (RFC 4035 §3.1.4.1)."""
        if rdtype == RdataType.DS and name != dns.name.root:
            name = name.parent()
        return _closest(name, self.zones)

    @property
    def anchor(self) -> str:
        """The root's key as a line of a zone file: for ``--trust-anchor``, and unbound's ``trust-anchor-file``."""
        return "".join(f". {TTL} IN DNSKEY {key.to_text()}\n" for key in self._keys())

    @property
    def bind_anchor(self) -> str:
        """The same as BIND's programs want it: for ``delv -a FILE +root=.``."""
        lines = (key.to_text().split(" ", 3) for key in self._keys())
        keys = "".join(f'  "." static-key {a} {b} {c} "{data.replace(" ", "")}";\n' for a, b, c, data in lines)
        return f"trust-anchors {{\n{keys}}};\n"

    def _keys(self) -> list[DNSKEY]:
        rrset = self.zones[dns.name.root].sets.get((dns.name.root, RdataType.DNSKEY))
        return [] if rrset is None else list(cast(Iterable[DNSKEY], rrset))


@dataclass(slots=True)
class _Making:
    """A zone on its way."""

    name: Name
    signing: Signing
    sets: dict[tuple[Name, RdataType], RRset]
    private: PrivateECDSAP256SHA256
    key: DNSKEY

    @classmethod
    def of(cls, zone: Zone) -> Self:
        try:
            name, signing = dns.name.from_text(zone.name), Signing(zone.signing)
        except (dns.exception.DNSException, ValueError) as problem:
            raise Misuse(f"zone {zone.name!a}: {problem}") from None
        private = PrivateECDSAP256SHA256(ec.generate_private_key(ec.SECP256R1()))
        key = private.public_key().to_dnskey(257, 3)
        made = cls(name, signing, {}, private, key)
        soa = f"@ SOA ns hostmaster 1 3600 600 86400 {TTL}\n@ NS ns\nns A 127.0.0.1\n"
        for rrset in (*_read(soa, name, zone.name), *_records(zone, name)):
            made.add(rrset)
        if signing is not Signing.NONE:
            made.add(dns.rrset.from_rdata(name, TTL, key))
        return made

    def add(self, rrset: RRset) -> None:
        known = self.sets.setdefault((rrset.name, rrset.rdtype), rrset)
        if known is not rrset:
            for rdata in cast(Iterable[dns.rdata.Rdata], rrset):
                known.add(rdata)

    def delegate(self, child: "_Making") -> None:
        """Name the child's server, and its key where it has one and ours can be proven."""
        if inside := [name for name, _ in self.sets if name.is_subdomain(child.name)]:
            raise Misuse(f"{inside[0]} is in zone {child.name}, and not in {self.name}")
        self.add(dns.rrset.from_text(child.name, TTL, "IN", "NS", f"ns.{child.name.to_text().lstrip('.')}"))
        if child.signing is not Signing.NONE and self.signing is not Signing.NONE:
            ds = dns.dnssec.make_ds(child.name, child.key, "SHA256")
            self.add(dns.rrset.from_rdata(child.name, TTL, ds))

    def finish(self, above: Status, now: int) -> Served:
        """Add the proofs, and sign."""
        own = {Signing.GOOD: Status.SECURE, Signing.NONE: Status.INSECURE}.get(self.signing, Status.BOGUS)
        owners = tuple(sorted({name for name, _ in self.sets}))
        names = frozenset(name.split(depth)[1] for name in owners for depth in range(len(self.name), len(name) + 1))
        signatures: dict[tuple[Name, RdataType], RRset] = {}
        if self.signing is not Signing.NONE:
            for rrset in list(_nsec(self.sets, owners)):
                self.add(rrset)
            for key, rrset in self.sets.items():
                # RFC 4035 §2.2: "The NS RRset that appears at the zone apex name MUST be signed, but the NS RRsets
                # that appear at delegation points [...] MUST NOT be signed."
                if key[1] != RdataType.NS or key[0] == self.name:
                    signatures[key] = dns.rrset.from_rdata(rrset.name, rrset.ttl, self._sign(rrset, now))
        # What is above counts where it is the weaker: below an unsigned zone nothing can be proven, nor disproven.
        status = own if above is Status.SECURE else above
        return Served(self.name, self.signing, status, self.sets, signatures, owners, names)

    def _sign(self, rrset: RRset, now: int) -> RRSIG:
        expiration = now - DAY if self.signing is Signing.EXPIRED else now + 14 * DAY
        # dnspython says that it returns nothing, for so it is where there is no cryptography
        sign = cast(Callable[..., RRSIG], dns.dnssec.sign)  # pyright: ignore[reportUnknownMemberType]
        made = sign(rrset, self.private, self.name, self.key, now - 7 * DAY, expiration)
        if self.signing is not Signing.BROKEN:
            return made
        spoilt = bytes((made.signature[0] ^ 1, *made.signature[1:]))
        return cast(RRSIG, made.replace(signature=spoilt))


def _records(zone: Zone, origin: Name) -> Iterator[RRset]:
    """The records of a zone's text."""
    for rrset in _read(zone.text, origin, zone.name):
        if rrset.rdtype in _MADE_HERE:
            raise Misuse(f"zone {zone.name}: {rrset.rdtype.name} records are not taken from a text")
        if not rrset.name.is_subdomain(origin):
            raise Misuse(f"zone {zone.name}: {rrset.name} is not in it")
        yield rrset


def _read(text: str, origin: Name, named: str) -> list[RRset]:
    try:
        manager = dns.zonefile.RRSetsReaderManager(origin, relativize=False)
        begin = cast(Callable[[bool], AbstractContextManager[dns.transaction.Transaction]], manager.writer)
        with begin(True) as transaction:  # noqa: FBT003 - the only argument
            tokens, internet = dns.tokenizer.Tokenizer(text, named), dns.rdataclass.IN
            reader = dns.zonefile.Reader(tokens, internet, transaction, allow_directives=False, default_ttl=TTL)
            reader.zone_origin = (
                dns.name.root
            )  # what is in no zone of ours shall be seen, and not be left out in silence
            reader.read()
    except (dns.exception.DNSException, ValueError) as problem:
        raise Misuse(f"zone {named}: {problem}") from None
    else:
        return manager.rrsets


def _nsec(sets: Mapping[tuple[Name, RdataType], RRset], owners: tuple[Name, ...]) -> Iterator[RRset]:
    """Which names there are, with which types, in a ring (RFC 4034 §4)."""
    types: dict[Name, set[RdataType]] = {owner: {RdataType.NSEC, RdataType.RRSIG} for owner in owners}
    for owner, rdtype in sets:
        types[owner].add(rdtype)
    for owner, after in zip(owners, (*owners[1:], owners[0]), strict=True):
        listed = " ".join(rdtype.name for rdtype in sorted(types[owner]))
        yield dns.rrset.from_text(owner, TTL, "IN", "NSEC", f"{after} {listed}")


def _closest(name: Name, zones: Mapping[Name, _T]) -> _T:
    """The zone at ``name`` or the closest above it; there always is a root."""
    return next(zones[each] for depth in range(len(name), 0, -1) if (each := name.split(depth)[1]) in zones)
