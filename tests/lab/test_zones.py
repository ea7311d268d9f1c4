"""What is made of zones, before anybody asks for it."""

import time
from typing import TypeAlias

import dns.dnssec
import dns.exception
import dns.name
import dns.node
import dns.rdataset
import pytest
from dns.rdatatype import RdataType

from starttls.core.errors import Misuse
from starttls.lab.zones import Served, Signing, Tree, Zone
from starttls.policy.anchors import Anchors
from starttls.policy.answer import Status

Keys: TypeAlias = dict[dns.name.Name, dns.node.Node | dns.rdataset.Rdataset]

NOW = 1_790_000_000.0
MAIL = "@ MX 10 mail\nmail A 127.0.0.1\n*.wild TXT anything\n"


def name(text: str) -> dns.name.Name:
    return dns.name.from_text(text)


def served(tree: Tree, zone: str) -> Served:
    return tree.zones[name(zone)]


def verify(zone: Served, now: float = NOW) -> None:
    """Verify all signatures of a zone by dnspython's own code."""
    keys: Keys = {zone.name: zone.sets[zone.name, RdataType.DNSKEY]}
    for key, signatures in zone.signatures.items():
        dns.dnssec.validate(zone.sets[key], signatures, keys, now=now)


def test_all_of_a_zone_is_signed_but_where_it_delegates() -> None:
    tree = Tree.grow(Zone("test"), Zone("a.test", MAIL), now=NOW)
    for zone in tree.zones.values():
        verify(zone)
    assert set(served(tree, "a.test").sets) == set(served(tree, "a.test").signatures)
    assert set(served(tree, "test").sets) - set(served(tree, "test").signatures) == {(name("a.test"), RdataType.NS)}
    assert served(tree, "test").sets[name("a.test"), RdataType.DS][0] == dns.dnssec.make_ds(
        "a.test.", served(tree, "a.test").sets[name("a.test"), RdataType.DNSKEY][0], "SHA256"
    )


def test_an_unsigned_zone_has_no_signatures_and_its_parent_no_ds() -> None:
    tree = Tree.grow(Zone("a.test", MAIL, signing="none"), now=NOW)
    zone = served(tree, "a.test")
    assert zone.signatures == {}
    assert {rdtype for _, rdtype in zone.sets} == {
        RdataType.SOA,
        RdataType.NS,
        RdataType.A,
        RdataType.MX,
        RdataType.TXT,
    }
    assert (zone.name, RdataType.DS) not in served(tree, ".").sets
    assert zone.proof(name("b.a.test")) == ()


@pytest.mark.parametrize("signing", [Signing.BROKEN, Signing.EXPIRED])
def test_what_is_signed_badly_does_not_verify(signing: Signing) -> None:
    zone = served(Tree.grow(Zone("a.test", MAIL, signing), now=NOW), "a.test")
    keys: Keys = {zone.name: zone.sets[zone.name, RdataType.DNSKEY]}
    for key, signatures in zone.signatures.items():
        with pytest.raises(dns.exception.ValidationFailure):
            dns.dnssec.validate(zone.sets[key], signatures, keys, now=NOW)


def test_expired_signatures_were_good_once() -> None:
    verify(served(Tree.grow(Zone("a.test", MAIL, "expired"), now=NOW), "a.test"), NOW - 2 * 86_400)


@pytest.mark.parametrize(
    ("above", "own", "status"),
    [
        ("good", "good", Status.SECURE),
        ("good", "none", Status.INSECURE),
        ("good", "broken", Status.BOGUS),
        ("good", "expired", Status.BOGUS),
        ("none", "good", Status.INSECURE),
        ("none", "broken", Status.INSECURE),
        ("broken", "good", Status.BOGUS),
        ("expired", "none", Status.BOGUS),
    ],
)
def test_a_zone_is_worth_no_more_than_the_one_above(above: str, own: str, status: Status) -> None:
    tree = Tree.grow(Zone("test", signing=above), Zone("a.test", signing=own), now=NOW)
    assert served(tree, "a.test").status is status


def test_nsec_records_are_a_ring_of_all_owners() -> None:
    zone = served(Tree.grow(Zone("a.test", "b.c A 127.0.0.1\nZ A 127.0.0.1"), now=NOW), "a.test")
    assert [owner.to_text() for owner in zone.owners] == ["a.test.", "b.c.a.test.", "ns.a.test.", "Z.a.test."]
    following = [zone.sets[owner, RdataType.NSEC][0].next for owner in zone.owners]
    assert following == [*zone.owners[1:], zone.name]
    assert zone.sets[zone.name, RdataType.NSEC][0].to_text() == "b.c.a.test. NS SOA RRSIG NSEC DNSKEY"
    assert zone.names - set(zone.owners) == {name("c.a.test")}


def test_where_records_stand() -> None:
    zone = served(Tree.grow(Zone("a.test", MAIL), now=NOW), "a.test")
    assert zone.source(name("MAIL.a.test")) == name("mail.a.test")
    assert zone.source(name("x.y.wild.a.test")) == name("*.wild.a.test")
    assert zone.source(name("wild.a.test")) == name("wild.a.test")
    assert zone.source(name("x.mail.a.test")) is None
    assert zone.wildcard(name("x.mail.a.test")) == name("*.mail.a.test")


def test_ds_records_are_above() -> None:
    tree = Tree.grow(Zone("test"), Zone("a.test"), now=NOW)
    asked = {"a.test": "test", "test": ".", ".": ".", "x.a.test": "a.test"}
    assert {one: tree.zone_of(name(one), RdataType.DS).name for one in asked} == {k: name(v) for k, v in asked.items()}
    assert tree.zone_of(name("a.test"), RdataType.A).name == name("a.test")


def test_the_anchor_is_the_roots_key_in_two_forms() -> None:
    tree = Tree.grow(now=NOW)
    assert tree.anchor.startswith(". 300 IN DNSKEY 257 3 13 ")
    assert tree.bind_anchor.startswith('trust-anchors {\n  "." static-key 257 3 13 "')
    assert Anchors.parse(tree.anchor) == Anchors.parse(tree.bind_anchor)


def test_keys_are_made_anew() -> None:
    assert Tree.grow(now=NOW).anchor != Tree.grow(now=NOW).anchor


def test_an_unsigned_root_has_no_anchor() -> None:
    assert Tree.grow(Zone(".", signing="none"), now=NOW).anchor == ""


@pytest.mark.parametrize(
    ("zones", "said"),
    [
        ([Zone("a.test", "mail A 127.0.0")], "zone a.test: "),
        ([Zone("a.test", "mail CNAME b\nmail A 127.0.0.1")], "zone a.test: "),
        ([Zone("a.test", "$INCLUDE /dev/null")], "zone a.test: "),
        ([Zone("a.test", "b.test. A 127.0.0.1")], "zone a.test: b.test. is not in it"),
        ([Zone("a.test", "b NS c")], "zone a.test: NS records are not taken from a text"),
        ([Zone("a.test", "b DNAME c")], "zone a.test: DNAME records are not taken from a text"),
        ([Zone("a..test")], "zone 'a..test': "),
        ([Zone("a.test", signing="well")], "zone 'a.test': 'well' is not a valid Signing"),
        ([Zone("a.test"), Zone("A.test.")], "a zone is given twice"),
        ([Zone("test", "mail.a A 127.0.0.1"), Zone("a.test")], "mail.a.test. is in zone a.test., and not in test"),
    ],
)
def test_what_cannot_be_served(zones: list[Zone], said: str) -> None:
    with pytest.raises(Misuse) as caught:
        Tree.grow(*zones, now=NOW)
    assert str(caught.value).startswith(said)


def test_ten_zones_are_there_at_once() -> None:
    zones = [Zone(f"{word}.test", MAIL) for word in "abcdefgh"]
    Tree.grow(Zone("test"), now=NOW)
    begin = time.process_time()
    tree = Tree.grow(Zone("test"), *zones, now=NOW)
    assert time.process_time() - begin < 0.3
    assert len(tree.zones) == 10
