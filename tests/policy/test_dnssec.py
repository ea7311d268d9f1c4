"""The validator as its users see it: what an answer is worth, over whole worlds of zones."""

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import pytest

from starttls.policy.answer import MX, TXT, Address, Alias, Answer, ExtendedError, Question, Status
from starttls.policy.dnssec import Validator
from tests.policy.signed_world import World, look_up, tree
from tests.policy.signed_zone import NOW, Key, Zone

RECORDS = """
@ MX 10 mail
mail A 192.0.2.1
mail TXT "here"
alias CNAME mail
out CNAME mail.example.net.
under DNAME deep
a.deep A 192.0.2.2
*.wild TXT "made"
between.ent TXT "there"
"""
MAIL = Address("192.0.2.1")

both = pytest.mark.parametrize("nsec3", [False, True], ids=["nsec", "nsec3"])


def world(**options: object) -> World:
    return tree(RECORDS, **options)


def unsigned() -> World:
    return tree(RECORDS, signed=False)


def seen(answer: Answer) -> tuple[Status, bool, int]:
    return answer.status, answer.exists, len(answer.records)


@both
@pytest.mark.parametrize(
    ("name", "rdtype", "exists", "count"),
    [
        ("mail.example.org", "A", True, 1),
        ("MAIL.Example.ORG.", "A", True, 1),
        ("example.org", "MX", True, 1),
        ("mail.example.org", "MX", True, 0),
        ("nothing.example.org", "MX", False, 0),
        ("x.nothing.example.org", "MX", False, 0),
        ("ent.example.org", "A", True, 0),
        ("x.wild.example.org", "TXT", True, 1),
        ("y.x.wild.example.org", "TXT", True, 1),
        ("x.wild.example.org", "A", True, 0),
        ("*.wild.example.org", "TXT", True, 1),
        ("wild.example.org", "TXT", True, 0),
        ("alias.example.org", "A", True, 1),
        ("alias.example.org", "MX", True, 0),
        ("a.under.example.org", "A", True, 1),
        ("b.under.example.org", "A", False, 0),
        ("mail.example.org", "DS", True, 0),
        (".", "DS", True, 0),
        ("org", "MX", True, 0),
    ],
)
def test_what_is_signed_is_secure(name: str, rdtype: str, exists: bool, count: int, nsec3: bool) -> None:
    answer = look_up(world(nsec3=nsec3), name, rdtype)
    assert (answer.status, answer.reason) == (Status.SECURE, "")
    assert (answer.exists, len(answer.records)) == (exists, count)


@both
@pytest.mark.parametrize(
    ("name", "rdtype", "exists", "count"),
    [
        ("mail.example.org", "A", True, 1),
        ("mail.example.org", "MX", True, 0),
        ("nothing.example.org", "MX", False, 0),
        ("x.wild.example.org", "TXT", True, 1),
        ("alias.example.org", "A", True, 1),
        ("a.under.example.org", "A", True, 1),
        ("a.b.c.mail.example.org", "A", False, 0),
    ],
)
def test_what_is_proven_not_to_be_signed_is_insecure(
    name: str, rdtype: str, exists: bool, count: int, nsec3: bool
) -> None:
    top = Zone("org", nsec3=nsec3)
    answer = look_up(World(Zone("."), top, Zone("example.org", RECORDS, signed=False)), name, rdtype)
    assert seen(answer) == (Status.INSECURE, exists, count)
    assert answer.reason == "org has no DS record for example.org"
    assert [link.status for link in answer.chain] == [Status.SECURE, Status.SECURE, Status.INSECURE]


@both
@pytest.mark.parametrize("name", ["mail.example.org", "nothing.example.org", "x.wild.example.org", "alias.example.org"])
def test_what_is_stripped_of_its_signatures_is_bogus(name: str, nsec3: bool) -> None:
    def strip(question: Question, message: dns.message.Message) -> dns.message.Message:
        if question.rdtype not in {"DS", "DNSKEY"}:
            message.answer = [rrset for rrset in message.answer if rrset.rdtype != dns.rdatatype.RRSIG]
            message.authority = [rrset for rrset in message.authority if rrset.rdtype == dns.rdatatype.SOA]
        return message

    answer = look_up(world(nsec3=nsec3), name, "A", tamper=strip)
    assert seen(answer) == (Status.BOGUS, True, 0)
    assert "example.org is signed" in answer.reason


def test_the_chain_leads_from_the_root_down() -> None:
    answer = look_up(world(), "mail.example.org", "A")
    assert [(link.zone, link.status) for link in answer.chain] == [
        (".", Status.SECURE),
        ("org", Status.SECURE),
        ("example.org", Status.SECURE),
    ]
    assert answer.chain[0].detail.endswith("(ECDSAP256SHA256) signs, by the trust anchor (SHA256)")
    assert answer.chain[2].detail.endswith("(ECDSAP256SHA256) signs, by the DS of org (SHA256)")


def test_warm_it_asks_nothing() -> None:
    here = world()
    validator = Validator(here.anchors)
    assert look_up(here, "mail.example.org", "A", validator=validator).records == (MAIL,)
    cold = [str(question) for question in here.asked]
    assert cold[1:] == [". DNSKEY", "org DS", "org DNSKEY", "example.org DS", "example.org DNSKEY"]
    here.asked.clear()
    for name, rdtype in (("mail.example.org", "TXT"), ("nothing.example.org", "A"), ("example.org", "MX")):
        assert look_up(here, name, rdtype, validator=validator).status is Status.SECURE
    assert len(here.asked) == 3


def test_when_the_keys_are_old_it_asks_again() -> None:
    here = world()
    validator = Validator(here.anchors)
    look_up(here, "mail.example.org", "A", validator=validator)
    here.asked.clear()
    later = look_up(here, "mail.example.org", "A", validator=validator, now=NOW + 3601)
    assert later.status is Status.SECURE
    assert len(here.asked) == 6


def test_an_answer_is_kept_no_longer_than_the_keys() -> None:
    here = world()
    validator = Validator(here.anchors)
    assert look_up(here, "mail.example.org", "A", validator=validator).ttl == 3600
    assert look_up(here, "mail.example.org", "A", validator=validator, now=NOW + 3000).ttl == 600


def test_a_denial_is_kept_as_long_as_the_zone_says() -> None:
    assert look_up(world(), "nothing.example.org", "A").ttl == 300


@pytest.mark.parametrize("algorithm", [8, 10, 13, 14, 15, 16])
@both
def test_algorithms(algorithm: int, nsec3: bool) -> None:
    here = world(keys=(Key("it", algorithm), Key("it too", algorithm, flags=256)), nsec3=nsec3)
    assert seen(look_up(here, "mail.example.org", "A")) == (Status.SECURE, True, 1)
    assert seen(look_up(here, "nothing.example.org", "A")) == (Status.SECURE, False, 0)


@pytest.mark.parametrize("algorithm", [5, 7])
def test_sha1_counts_only_where_it_is_allowed(algorithm: int) -> None:
    here = world(keys=(Key("it", algorithm),))
    answer = look_up(here, "mail.example.org", "A")
    assert seen(answer) == (Status.INSECURE, True, 1)
    assert answer.reason == "example.org is signed by algorithms alone that do not count: unknown, or of SHA-1"
    allowed = Validator(here.anchors, sha1=True)
    assert seen(look_up(here, "mail.example.org", "A", validator=allowed)) == (Status.SECURE, True, 1)


def test_the_target_of_an_alias_is_asked_for_where_it_is_missing() -> None:
    here = world()

    def cut(question: Question, message: dns.message.Message) -> dns.message.Message:
        message.answer = [rrset for rrset in message.answer if str(rrset.name).startswith(question.name)]
        return message

    answer = look_up(here, "alias.example.org", "A", tamper=cut)
    assert (answer.status, answer.records) == (Status.SECURE, (MAIL,))
    assert Question("mail.example.org", "A") in here.asked


def test_an_alias_leads_into_another_zone() -> None:
    there = (Zone("net"), Zone("example.net", "mail A 192.0.2.7", signed=False))
    here = World(Zone("."), Zone("org"), Zone("example.org", RECORDS), *there)
    answer = look_up(here, "out.example.org", "A")
    assert (answer.status, answer.records) == (Status.INSECURE, (Address("192.0.2.7"),))
    assert answer.aliases == (Alias("out.example.org", "mail.example.net", Status.SECURE),)
    assert answer.name == "mail.example.net"
    zones = [link.zone for link in answer.chain]
    assert zones == [".", "org", "example.org", "net", "example.net"]


def test_an_insecure_alias_weakens_what_it_leads_to() -> None:
    there = Zone("example.net", "mail A 192.0.2.7")
    here = World(Zone("."), Zone("org"), Zone("example.org", RECORDS, signed=False), Zone("net"), there)
    answer = look_up(here, "out.example.org", "A")
    assert (answer.status, answer.records) == (Status.INSECURE, (Address("192.0.2.7"),))
    assert answer.aliases[0].status is Status.INSECURE


def test_the_first_alias_alone() -> None:
    answer = look_up(world(), "out.example.org", "CNAME")
    assert (answer.status, answer.records) == (Status.SECURE, ())
    assert answer.aliases == (Alias("out.example.org", "mail.example.net", Status.SECURE),)
    made = look_up(world(), "a.under.example.org", "CNAME")
    assert made.aliases == (Alias("a.under.example.org", "a.deep.example.org", Status.SECURE),)
    none = look_up(world(), "mail.example.org", "CNAME")
    assert (none.status, none.exists, none.aliases) == (Status.SECURE, True, ())


def test_only_what_was_asked_for_comes_back() -> None:
    def stuff(question: Question, message: dns.message.Message) -> dns.message.Message:
        message.answer.append(dns.rrset.from_text("evil.example.org.", 60, "IN", "A", "203.0.113.1"))
        message.additional.append(dns.rrset.from_text("mail.example.org.", 60, "IN", "A", "203.0.113.1"))
        return message

    answer = look_up(world(), "mail.example.org", "A", tamper=stuff)
    assert (answer.status, answer.records, answer.ttl) == (Status.SECURE, (MAIL,), 3600)


def test_the_ad_bit_proves_nothing() -> None:
    def boast(question: Question, message: dns.message.Message) -> dns.message.Message:
        message.flags |= dns.flags.AD
        message.answer = [rrset for rrset in message.answer if rrset.rdtype != dns.rdatatype.RRSIG]
        return message

    assert look_up(world(), "mail.example.org", "A", tamper=boast).status is Status.BOGUS
    assert look_up(unsigned(), "mail.example.org", "A", tamper=boast).status is Status.BOGUS  # the root's keys, too


def test_the_code_is_what_the_proof_says() -> None:
    def lie(question: Question, message: dns.message.Message) -> dns.message.Message:
        nxdomain = message.rcode() == dns.rcode.NXDOMAIN
        message.set_rcode(dns.rcode.NOERROR if nxdomain else dns.rcode.NXDOMAIN)
        return message

    here = world()
    assert seen(look_up(here, "nothing.example.org", "A", tamper=lie)) == (Status.SECURE, False, 0)
    assert seen(look_up(here, "mail.example.org", "MX", tamper=lie)) == (Status.SECURE, True, 0)
    assert seen(look_up(here, "mail.example.org", "A", tamper=lie)) == (Status.SECURE, True, 1)


@pytest.mark.parametrize("withheld", ["org DS", "org DNSKEY", "example.org DS", "example.org DNSKEY", ". DNSKEY"])
def test_what_cannot_be_had_leaves_it_open(withheld: str) -> None:
    answer = look_up(
        world(),
        "mail.example.org",
        "A",
        tamper=lambda question, message: None if str(question) == withheld else message,
    )
    assert seen(answer) == (Status.INDETERMINATE, True, 0)
    assert answer.reason == f"no answer to {withheld}"
    assert answer.chain[-1].status is Status.INDETERMINATE


def test_a_resolver_that_fails_leaves_it_open() -> None:
    def fail(question: Question, message: dns.message.Message) -> dns.message.Message:
        message.answer = []
        message.use_edns(options=[dns.edns.EDEOption(dns.edns.EDECode.DNSKEY_MISSING, "no SEP\nmatching the DS.")])
        message.set_rcode(dns.rcode.SERVFAIL)
        return message

    answer = look_up(world(), "mail.example.org", "A", tamper=fail)
    assert seen(answer) == (Status.INDETERMINATE, True, 0)
    assert answer.extended == (ExtendedError(9, r"no SEP\nmatching the DS"),)
    assert answer.reason == r"mail.example.org A: the resolver answers SERVFAIL, 9 no SEP\nmatching the DS"


def test_an_answer_cut_short_is_none() -> None:
    def cut(question: Question, message: dns.message.Message) -> dns.message.Message:
        message.flags |= dns.flags.TC
        return message

    answer = look_up(world(), "mail.example.org", "A", tamper=cut)
    assert (answer.status, answer.reason) == (
        Status.INDETERMINATE,
        "mail.example.org A: the answer is cut short",
    )


def test_without_an_anchor_above_nothing_can_be_told() -> None:
    island = World(Zone("example.org", RECORDS))
    assert look_up(island, "mail.example.org", "A").status is Status.SECURE
    answer = look_up(World(Zone("."), Zone("net")), "net", "MX", validator=Validator(island.anchors))
    assert (answer.status, answer.reason) == (Status.INDETERMINATE, "no trust anchor is above net")


def test_the_root_of_another_world_is_not_ours() -> None:
    answer = look_up(world(), "mail.example.org", "A", validator=Validator())
    assert (answer.status, answer.reason) == (Status.BOGUS, "no DNSKEY of . is named by the trust anchor")


def test_records_of_every_kind_come_through() -> None:
    assert look_up(world(), "example.org", "MX").records == (MX(10, "mail.example.org"),)
    assert look_up(world(), "x.wild.example.org", "TXT").records == (TXT((b"made",)),)
