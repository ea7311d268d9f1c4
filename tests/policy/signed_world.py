"""Signed zones in memory that know each other, and a resolver to ask.

``World(Zone("."), Zone("org"), Zone("example.org", "mail A 192.0.2.1"))`` delegates each zone from the one above it,
and answers as a recursive resolver does, with CD and DO. `look_up` runs a validator on it.
"""

from collections.abc import Callable

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdatatype
import dns.rrset
from dns.name import Name
from dns.rdatatype import RdataType
from dns.rrset import RRset

from starttls.policy.anchors import Anchors
from starttls.policy.answer import Answer, Question
from starttls.policy.dnssec import Validator
from tests.policy.signed_zone import NOW, Zone

Tamper = Callable[[Question, dns.message.Message], dns.message.Message | None]


def renamed(rrset: RRset, name: Name) -> RRset:
    return dns.rrset.from_rdata(name, rrset.ttl, *rrset)


class World:
    """Zones that know each other, and the resolver that everybody asks."""

    def __init__(self, *zones: Zone) -> None:
        self.zones = {zone.name: zone for zone in zones}
        self.asked: list[Question] = []
        for zone in zones:
            if zone.name != dns.name.root:
                self._delegate(zone)

    def _delegate(self, zone: Zone) -> None:
        above = self.zone_of(zone.name.parent())
        if above is None:
            return
        above.add(zone.name, dns.rdata.from_text("IN", "NS", f"ns.{zone.name}"))
        if zone.signed and zone.digests:
            keys = [key for key in zone.keys if key.flags & 1] or zone.keys
            above.add(zone.name, *(key.ds(zone.name, digest) for key in keys for digest in zone.digests))

    def zone_of(self, name: Name) -> Zone | None:
        """The zone that ``name`` is in."""
        ancestors = (name.split(depth)[1] for depth in range(len(name), 0, -1))
        return next((self.zones[each] for each in ancestors if each in self.zones), None)

    @property
    def anchors(self) -> Anchors:
        """The keys of the topmost zone."""
        top = min(self.zones.values(), key=lambda zone: len(zone.name))
        keys = "\n".join(f"{top.name} IN DNSKEY {key.dnskey.to_text()}" for key in top.keys if key.flags == 257)
        return Anchors.parse(keys)

    def answer(self, question: Question) -> dns.message.Message:
        """What the resolver says, read from its bytes."""
        self.asked.append(question)
        name, rdtype = dns.name.from_text(question.name), dns.rdatatype.from_text(question.rdtype)
        query = dns.message.make_query(name, rdtype, want_dnssec=True, id=0)
        response = dns.message.make_response(query, recursion_available=True)
        for _ in range(20):
            target = self._step(response, name, rdtype)
            if target is None:
                break
            name = target
        return dns.message.from_wire(response.to_wire(max_size=65535))

    def _step(self, response: dns.message.Message, name: Name, rdtype: RdataType) -> Name | None:
        """Add what there is at ``name``; an alias's target comes back."""
        at_parent = rdtype == RdataType.DS and name != dns.name.root
        zone = self.zone_of(name.parent() if at_parent else name)
        if zone is None:
            response.set_rcode(dns.rcode.REFUSED)
            return None
        for depth in range(len(zone.name), len(name)):
            if (dname := zone.sets.get((name.split(depth)[1], RdataType.DNAME))) is not None:
                response.answer += zone.with_signatures(dname)
                target = name.relativize(dname.name).concatenate(dname[0].target)
                response.answer.append(dns.rrset.from_text(name, dname.ttl, "IN", "CNAME", target.to_text()))
                return None if rdtype == RdataType.CNAME else target
        if name in zone.names:
            return self._found(response, zone, name, name, rdtype)
        wildcard = dns.name.from_text("*", zone.closest(name))
        if wildcard in zone.names:
            return self._found(response, zone, name, wildcard, rdtype)
        response.set_rcode(dns.rcode.NXDOMAIN)
        response.authority += zone.denial(name, rdtype)
        return None

    @staticmethod
    def _found(response: dns.message.Message, zone: Zone, name: Name, source: Name, rdtype: RdataType) -> Name | None:
        """The records at ``source``, as those of ``name``."""
        alias = zone.sets.get((source, RdataType.CNAME)) if rdtype != RdataType.CNAME else None
        rrset = zone.sets.get((source, rdtype), alias)
        if rrset is None:
            response.authority += zone.denial(name, rdtype)
            return None
        response.answer += [renamed(each, name) for each in zone.with_signatures(rrset)]
        if source != name:
            response.authority += zone.proof(name)
        return rrset[0].target if rrset is alias else None


def look_up(
    world: World,
    name: str,
    rdtype: str,
    *,
    tamper: Tamper = lambda question, message: message,
    validator: Validator | None = None,
    now: float = NOW,
) -> Answer:
    """Ask and validate; ``tamper`` changes what the resolver says, or withholds it."""
    validator = validator or Validator(world.anchors)
    question = Question(name, rdtype)
    response = tamper(question, world.answer(question))
    assert response is not None
    validation = validator.validate(question, response, now)
    try:
        asked = next(validation)
        while True:
            asked = validation.send(tamper(asked, world.answer(asked)))
    except StopIteration as done:
        answer = done.value
        assert isinstance(answer, Answer)
        return answer


def tree(text: str = "", **options: object) -> World:
    """The root, org, and example.org with these records; ``options`` are those of example.org."""
    return World(Zone("."), Zone("org"), Zone("example.org", text, **options))  # type: ignore[arg-type]
