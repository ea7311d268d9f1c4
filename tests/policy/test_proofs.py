"""Denials in whole messages: those that hold, and those that were taken from elsewhere."""

import dns.message
import dns.name
import dns.rcode
import dns.rrset
import pytest
from dns.name import Name
from dns.rdatatype import RdataType
from dns.rrset import RRset

from starttls.policy.answer import Answer, Question, Status
from tests.policy.signed_world import look_up, renamed, tree
from tests.policy.signed_zone import NOW, Key, Zone

TEXT = """
a A 192.0.2.1
alias CNAME a
d DNAME deep
ent.m TXT x
sub NS ns.sub
sub DS 1 13 2 abababababababababababababababababababababababababababababababab
free NS ns.free
*.w TXT x
z A 192.0.2.2
"""

both = pytest.mark.parametrize("nsec3", [False, True], ids=["nsec", "nsec3"])


def name_of(text: str) -> Name:
    return dns.name.from_text(text)


def asked(name: str, rdtype: str, zone: Zone, authority: list[RRset], code: int = dns.rcode.NXDOMAIN) -> Answer:
    """What comes of it if the resolver denies a name with these records."""
    here = tree(TEXT, nsec3=zone.nsec3, opt_out=zone.opt_out)

    def deny(question: Question, message: dns.message.Message) -> dns.message.Message:
        if question == Question(name, rdtype):
            message.answer, message.authority = [], list({(r.name, r.rdtype, r.covers): r for r in authority}.values())
            message.set_rcode(dns.rcode.Rcode(code))
        return message

    return look_up(here, name, rdtype, tamper=deny)


def zone_of(*, nsec3: bool, opt_out: bool = False) -> Zone:
    return tree(TEXT, nsec3=nsec3, opt_out=opt_out).zones[name_of("example.org")]


@both
@pytest.mark.parametrize(
    ("name", "rdtype", "from_names"),
    [
        ("a.example.org", "A", ["a.example.org"]),  # it has this type
        ("a.example.org", "A", ["z.example.org"]),  # another name's
        ("a.example.org", "A", ["b.example.org", "0.example.org"]),  # spans that do not cover it
        ("alias.example.org", "MX", ["alias.example.org"]),  # an alias has every type: RFC 6840 §4.3
        ("x.sub.example.org", "A", ["sub.example.org"]),  # below a cut: RFC 6840 §4.1
        ("x.sub.example.org", "A", ["x.sub.example.org", "sub.example.org"]),
        ("sub.example.org", "A", ["sub.example.org"]),  # at a cut, the lower zone's matter
        ("sub.example.org", "DS", ["sub.example.org"]),  # it has one
        ("sub.example.org", "DS", ["suc.example.org", "example.org"]),
        ("x.d.example.org", "A", ["d.example.org", "x.d.example.org"]),  # below a DNAME
        ("q.example.org", "A", []),
        ("x.w.example.org", "TXT", ["x.w.example.org"]),  # the wildcard has this type
        ("ent.m.example.org", "TXT", ["m.example.org"]),
    ],
)
def test_a_denial_from_elsewhere_denies_nothing(name: str, rdtype: str, from_names: list[str], nsec3: bool) -> None:
    zone = zone_of(nsec3=nsec3)
    soa = zone.with_signatures(zone.sets[zone.name, RdataType.SOA])
    authority = [*soa, *(rrset for each in from_names for rrset in zone.proof(name_of(each)))]
    for code in (dns.rcode.NXDOMAIN, dns.rcode.NOERROR):
        answer = asked(name, rdtype, zone, authority, code)
        assert (answer.status, answer.records) == (Status.BOGUS, ())


@both
@pytest.mark.parametrize(
    ("name", "rdtype", "exists"),
    [
        ("q.example.org", "A", False),
        ("a.example.org", "MX", True),
        ("a.a.example.org", "MX", False),
        ("alias.example.org", "CNAME", None),
        ("m.example.org", "A", True),
        ("x.w.example.org", "A", True),
        ("free.example.org", "DS", True),
        ("a.example.org", "DS", True),
        ("0.example.org", "A", False),
        ("zz.example.org", "A", False),
        ("example.org", "TXT", True),
        ("d.example.org", "A", True),
    ],
)
def test_a_denial_of_its_own_holds(name: str, rdtype: str, exists: bool | None, nsec3: bool) -> None:
    zone = zone_of(nsec3=nsec3)
    answer = asked(name, rdtype, zone, zone.denial(name_of(name), RdataType[rdtype]))
    if exists is None:
        assert answer.status is Status.BOGUS  # the type is there
    else:
        assert (answer.status, answer.exists) == (Status.SECURE, exists)


@both
def test_each_part_of_a_denial_is_needed(nsec3: bool) -> None:
    zone = zone_of(nsec3=nsec3)
    parts = zone.proof(name_of("q.example.org"))
    owners = {rrset.name for rrset in parts}
    assert len(owners) in {2, 3}
    assert asked("q.example.org", "A", zone, parts).status is Status.SECURE
    for owner in owners:
        rest = [rrset for rrset in parts if rrset.name != owner]
        assert asked("q.example.org", "A", zone, rest).status is Status.BOGUS


@both
def test_a_denial_without_a_soa_holds_and_is_kept_as_long_as_it_says(nsec3: bool) -> None:
    zone = zone_of(nsec3=nsec3)
    answer = asked("q.example.org", "A", zone, zone.proof(name_of("q.example.org")))
    assert (answer.status, answer.ttl) == (Status.SECURE, 300)


def test_a_denial_that_a_wildcard_made_is_of_another_name() -> None:
    # The record of "*.w" with its own signature, as if it were that of a name that the wildcard makes.
    zone = zone_of(nsec3=False)
    records = zone.proof(name_of("*.w.example.org"))
    moved = [renamed(rrset, name_of("x.w.example.org")) for rrset in records]
    assert asked("x.w.example.org", "A", zone, moved).status is Status.BOGUS


@both
def test_a_bad_signature_is_told_first(nsec3: bool) -> None:
    zone = zone_of(nsec3=nsec3)
    zone.expiration = NOW - 1
    zone.inception = NOW - 1000
    answer = asked("q.example.org", "A", zone, zone.proof(name_of("q.example.org")))
    assert answer.status is Status.BOGUS
    assert answer.reason.endswith("expired on 2026-09-21")


@both
def test_another_zones_denial_is_none(nsec3: bool) -> None:
    thief = Zone("example.org", "", nsec3=nsec3, keys=(Key("thief"),))
    answer = asked("a.example.org", "A", zone_of(nsec3=nsec3), thief.denial(name_of("a.example.org"), RdataType.A))
    assert answer.status is Status.BOGUS
    assert "by a key" in answer.reason


def test_opt_out_leaves_open_what_is_unsigned_alone() -> None:
    zone = zone_of(nsec3=True, opt_out=True)
    gone = asked("q.example.org", "A", zone, zone.proof(name_of("q.example.org")))
    assert (gone.status, gone.exists) == (Status.INSECURE, False)
    assert gone.reason == "example.org denies q.example.org by opt-out (RFC 5155)"
    for name in ("a.example.org", "sub.example.org", "x.sub.example.org"):
        others = [rrset for each in "bcdefghijk" for rrset in zone.proof(name_of(f"{each}.example.org"))]
        assert asked(name, "A", zone, others).status is Status.BOGUS


def test_records_of_two_sets_of_parameters_do_not_add_up() -> None:
    # From when the zone had nothing but its apex, one record covers every other hash.
    old = Zone("example.org", nsec3=True, salt=b"\x01")
    zone = zone_of(nsec3=True)
    apex = zone.proof(name_of("example.org"))
    assert asked("a.example.org", "A", zone, [*apex, *old.proof(name_of("q.example.org"))]).status is Status.BOGUS
    parts = zone.proof(name_of("q.example.org"))
    mixed = [*parts[:2], *old.proof(name_of("q.example.org"))]
    assert asked("q.example.org", "A", zone, mixed).status is Status.BOGUS


def test_a_record_that_leads_out_of_its_zone_is_left_out() -> None:
    zone = zone_of(nsec3=False)
    astray = dns.rrset.from_text("d.example.org.", 300, "IN", "NSEC", "a.example.net. A")
    authority = [each for rrset in (astray, zone.nsec(zone.name)) for each in zone.with_signatures(rrset)]
    assert asked("q.example.org", "A", zone, authority).status is Status.BOGUS
