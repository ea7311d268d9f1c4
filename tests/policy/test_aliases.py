"""CNAME and DNAME: where they lead, and where they do not."""

import dns.message
import dns.name
import dns.rrset
import pytest
from dns.rdatatype import RdataType

from starttls.policy.aliases import Trail, alias_of
from starttls.policy.answer import Address, Alias, Question, Status
from starttls.policy.messages import Reply
from starttls.policy.unproven import Unproven
from tests.policy.signed_world import World, look_up, renamed, tree
from tests.policy.signed_zone import NOW, Zone

TEXT = """
mail A 192.0.2.1
one CNAME two
two CNAME mail
round CNAME about
about CNAME round
self CNAME self
d DNAME deep
a.deep A 192.0.2.2
*.w CNAME mail
gone CNAME nothing
long DNAME {}
""".format(".".join(["x" * 60] * 3))


def labels(text: str) -> tuple[bytes, ...]:
    return tuple(reversed(text.encode().split(b".")))


def reply(*sets: dns.rrset.RRset) -> Reply:
    message = dns.message.Message()
    message.answer = list(sets)
    return Reply(message)


def cname(owner: str, target: str) -> dns.rrset.RRset:
    return dns.rrset.from_text(f"{owner}.", 60, "IN", "CNAME", f"{target}.")


def dname(owner: str, target: str) -> dns.rrset.RRset:
    return dns.rrset.from_text(f"{owner}.", 60, "IN", "DNAME", f"{target}.")


@pytest.mark.parametrize(
    ("sets", "name", "target"),
    [
        ([cname("a.example", "b.example")], "a.example", "b.example"),
        ([cname("a.example", "b.example")], "b.example", None),
        ([dname("example", "other")], "a.b.example", "a.b.other"),
        ([dname("example", "other")], "example", None),
        ([dname("example", "other"), cname("a.example", "a.other")], "a.example", "a.other"),
        ([dname("example", "other")], "a.example.org", None),
        ([], "a.example", None),
    ],
)
def test_where_a_name_leads(sets: list[dns.rrset.RRset], name: str, target: str | None) -> None:
    step = alias_of(reply(*sets), labels(name))
    assert (step and step.target) == (target and labels(target))


def test_a_cname_must_be_what_the_dname_makes() -> None:
    with pytest.raises(Unproven) as caught:
        alias_of(reply(dname("example", "other"), cname("a.example", "a.evil")), labels("a.example"))
    assert (caught.value.status, caught.value.reason) == (
        Status.BOGUS,
        "a.example CNAME is not what example DNAME makes",
    )


def test_each_step_is_told() -> None:
    answer = look_up(tree(TEXT), "one.example.org", "A")
    assert (answer.status, answer.records) == (Status.SECURE, (Address("192.0.2.1"),))
    assert answer.aliases == (
        Alias("one.example.org", "two.example.org", Status.SECURE),
        Alias("two.example.org", "mail.example.org", Status.SECURE),
    )


@pytest.mark.parametrize("name", ["round", "self"])
def test_a_ring_of_aliases_ends(name: str) -> None:
    answer = look_up(tree(TEXT), f"{name}.example.org", "A")
    assert (answer.status, answer.records) == (Status.INDETERMINATE, ())
    assert answer.reason == f"the aliases lead back to {name}.example.org"


def test_too_many_aliases() -> None:
    text = "\n".join(f"a{number} CNAME a{number + 1}" for number in range(20)) + "\na16 A 192.0.2.1"
    zones = tree(text.replace("a16 CNAME a17\n", ""))
    assert look_up(zones, "a0.example.org", "A").status is Status.SECURE
    answer = look_up(tree(text.replace("a16 A 192.0.2.1", "")), "a0.example.org", "A")
    assert (answer.status, answer.reason) == (Status.INDETERMINATE, "more than 16 aliases")
    assert len(answer.aliases) == 17


def test_a_dname_that_makes_too_long_a_name() -> None:
    name = ".".join(["y" * 40] * 2) + ".long.example.org"

    here = tree(TEXT)
    zone = here.zones[dns.name.from_text("example.org")]
    found = zone.with_signatures(zone.sets[dns.name.from_text("long.example.org"), RdataType.DNAME])
    with pytest.raises(Unproven) as caught:
        alias_of(reply(*found), labels(name))
    assert caught.value.reason == "long.example.org DNAME makes a name that is too long"


def test_a_forged_alias_is_not_followed() -> None:
    def forge(question: Question, message: dns.message.Message) -> dns.message.Message:
        if question.rdtype == "A":
            message.answer = [
                cname("mail.example.org", "evil.example.net"),
                dns.rrset.from_text("evil.example.net.", 60, "IN", "A", "203.0.113.1"),
            ]
        return message

    there = Zone("example.net", "evil A 203.0.113.1", signed=False)
    here = World(Zone("."), Zone("org"), Zone("example.org", TEXT), Zone("net"), there)
    answer = look_up(here, "mail.example.org", "A", tamper=forge)
    assert (answer.status, answer.records) == (Status.BOGUS, ())
    assert answer.aliases == (Alias("mail.example.org", "evil.example.net", Status.BOGUS),)
    assert answer.reason == "mail.example.org CNAME has no signature, and example.org is signed"


def test_an_alias_that_a_wildcard_makes() -> None:
    answer = look_up(tree(TEXT), "x.w.example.org", "A")
    assert (answer.status, answer.records) == (Status.SECURE, (Address("192.0.2.1"),))


def test_an_alias_to_nothing() -> None:
    answer = look_up(tree(TEXT), "gone.example.org", "A")
    assert (answer.status, answer.exists, answer.name) == (Status.SECURE, False, "nothing.example.org")


def test_a_denial_that_does_not_hold_is_asked_for_again() -> None:
    # A server that puts the SOA of the alias's own zone beside an alias that leads out of it, and denies nothing.
    there = Zone("example.net", "mail A 192.0.2.7")
    text = TEXT + "out CNAME mail.example.net."
    here = World(Zone("."), Zone("org"), Zone("example.org", text), Zone("net"), there)
    zone = here.zones[dns.name.from_text("example.org")]

    def cut(question: Question, message: dns.message.Message) -> dns.message.Message:
        if question == Question("out.example.org", "A"):
            message.answer = message.answer[:2]
            message.authority = zone.with_signatures(zone.sets[zone.name, RdataType.SOA])
        return message

    answer = look_up(here, "out.example.org", "A", tamper=cut)
    assert (answer.status, answer.records) == (Status.SECURE, (Address("192.0.2.7"),))


def test_the_trail_begins_at_the_question() -> None:
    trail = Trail(Question("Example.ORG", "MX"))
    assert (trail.name, trail.rdtype, trail.direct) == ((b"org", b"example"), RdataType.MX, True)


def test_an_alias_is_kept_no_longer_than_its_signature() -> None:
    here = tree(TEXT, expiration=NOW + 30)
    assert look_up(here, "one.example.org", "A").ttl == 30


def test_an_alias_into_an_unsigned_zone_is_asked_for_too() -> None:
    there = Zone("example.net", "mail A 192.0.2.7", signed=False)
    here = World(Zone("."), Zone("org"), Zone("example.org", "out CNAME mail.example.net."), Zone("net"), there)

    def cut(question: Question, message: dns.message.Message) -> dns.message.Message:
        if question == Question("out.example.org", "A"):
            message.answer = message.answer[:2]
        return message

    answer = look_up(here, "out.example.org", "A", tamper=cut)
    assert (answer.status, answer.records) == (Status.INSECURE, (Address("192.0.2.7"),))


def test_a_dname_that_a_wildcard_made_leads_nowhere() -> None:
    here = tree("*.w DNAME deep\na.deep A 192.0.2.1")
    zone = here.zones[dns.name.from_text("example.org")]
    made = dns.name.from_text("x.w.example.org")
    wildcard = zone.with_signatures(zone.sets[dns.name.from_text("*.w.example.org"), RdataType.DNAME])

    def put(question: Question, message: dns.message.Message) -> dns.message.Message:
        if question == Question("a.x.w.example.org", "A"):
            message.answer = [renamed(rrset, made) for rrset in wildcard]
            message.authority = zone.proof(made)
        return message

    answer = look_up(here, "a.x.w.example.org", "A", tamper=put)
    assert (answer.status, answer.reason) == (Status.BOGUS, "x.w.example.org DNAME is made by a wildcard")
