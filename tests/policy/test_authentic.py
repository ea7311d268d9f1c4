"""Who may have signed what, and what a wildcard may answer for."""

import dns.message
import dns.name
import dns.rdatatype
import dns.rrset
import pytest
from dns.rdatatype import RdataType
from dns.rrset import RRset

from starttls.policy.anchors import Anchors
from starttls.policy.answer import Address, Question, Status
from starttls.policy.dnssec import Validator
from tests.policy.signed_world import Tamper, World, look_up, renamed, tree
from tests.policy.signed_zone import Key, Zone

NAME = dns.name.from_text("mail.example.org")
ZONE = dns.name.from_text("example.org")
EVIL = dns.rrset.from_text(NAME, 3600, "IN", "A", "203.0.113.1")

both = pytest.mark.parametrize("nsec3", [False, True], ids=["nsec", "nsec3"])


def answering(name: str, *answer: RRset, authority: tuple[RRset, ...] = ()) -> Tamper:
    """The resolver says this to the question for the address of ``name``, and else the truth."""

    def tamper(question: Question, message: dns.message.Message) -> dns.message.Message:
        if question == Question(name, "A"):
            message.answer, message.authority = list(answer), list(authority)
            message.set_rcode(dns.rcode.NOERROR)
        return message

    return tamper


def signature(key: Key, rrset: RRset, zone: str) -> RRset:
    return dns.rrset.from_rdata(rrset.name, rrset.ttl, key.sign(rrset, dns.name.from_text(zone)))


# --- signers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("owner", "signer", "reason"),
    [
        ("thief", "example.org", "signature of mail.example.org A is by a key"),
        ("thief", "org", "signature of mail.example.org A is by a key"),
        ("thief", ".", "signature of mail.example.org A is by a key"),
        ("thief", "example.net", "mail.example.org A has no signature, and example.org is signed"),
        ("thief", "x.mail.example.org", "mail.example.org A has no signature, and example.org is signed"),
        ("thief", "mail.example.org", "mail.example.org A is signed by mail.example.org, which is no zone"),
        ("example.net", "example.net", "mail.example.org A has no signature, and example.org is signed"),
        ("example.net", "example.org", "signature of mail.example.org A is by a key"),
    ],
)
def test_nobody_else_signs(owner: str, signer: str, reason: str) -> None:
    net = (Zone("net"), Zone("example.net"))
    here = World(Zone("."), Zone("org"), Zone("example.org", "mail A 192.0.2.1"), *net)
    tamper = answering("mail.example.org", EVIL, signature(Key(owner), EVIL, signer))
    answer = look_up(here, "mail.example.org", "A", tamper=tamper)
    assert (answer.status, answer.records) == (Status.BOGUS, ())
    assert answer.reason.startswith(reason)


@both
def test_an_unsigned_sibling_lends_nobody_its_state(nsec3: bool) -> None:
    # The forger says that an unsigned zone has signed it. It encloses the name by no means.
    sibling = Zone("free.example.org", "a A 192.0.2.5", signed=False)
    here = World(Zone("."), Zone("org"), Zone("example.org", "mail A 192.0.2.1", nsec3=nsec3), sibling)
    assert look_up(here, "a.free.example.org", "A").status is Status.INSECURE
    for signer in ("free.example.org", "mail.example.org"):
        tamper = answering("mail.example.org", EVIL, signature(Key("thief"), EVIL, signer))
        assert look_up(here, "mail.example.org", "A", tamper=tamper).status is Status.BOGUS


def test_one_good_signature_is_enough() -> None:
    here = tree("mail A 192.0.2.1")
    zone = here.zones[ZONE]
    data = zone.sets[NAME, RdataType.A]
    good = zone.signatures(data)[0]
    bad = [signature(Key("thief"), data, name)[0] for name in ("example.org", "mail.example.org", "org", "net")]
    mixed = dns.rrset.from_rdata(NAME, 3600, *bad, *good)
    answer = look_up(here, "mail.example.org", "A", tamper=answering("mail.example.org", data, mixed))
    assert (answer.status, answer.records) == (Status.SECURE, (Address("192.0.2.1"),))


def test_too_many_claims_are_not_all_followed() -> None:
    name = dns.name.from_text("a.b.c.d.example.org")
    here = tree("a.b.c.d A 192.0.2.1")
    data = here.zones[ZONE].sets[name, RdataType.A]
    claims = ["a.b.c.d.example.org", "b.c.d.example.org", "c.d.example.org", "d.example.org"]
    bad = dns.rrset.from_rdata(name, 3600, *(signature(Key("thief"), data, claim)[0] for claim in claims))
    answer = look_up(here, "a.b.c.d.example.org", "A", tamper=answering("a.b.c.d.example.org", data, bad))
    assert (answer.status, answer.reason) == (
        Status.BOGUS,
        "a.b.c.d.example.org A is signed by a.b.c.d.example.org, which is no zone",
    )
    assert Question("a.b.c.d.example.org", "DS") in here.asked


def test_the_upper_zone_does_not_sign_denials_for_the_lower_one() -> None:
    # At the cut, org's NSEC says that example.org has NS and DS: of its MX, and of names below, it says nothing.
    org = Zone("org")
    here = World(Zone("."), org, Zone("example.org", "mail A 192.0.2.1\n@ A 192.0.2.2"))
    for name in ("example.org", "mail.example.org"):
        tamper = answering(name, authority=tuple(org.denial(dns.name.from_text(name), RdataType.A)))
        answer = look_up(here, name, "A", tamper=tamper)
        assert (answer.status, answer.reason) == (Status.BOGUS, f"org does not prove that there is no {name} A")


def test_the_lower_zone_does_not_sign_its_own_ds() -> None:
    here = tree()
    zone = here.zones[ZONE]
    forged = dns.rrset.from_rdata(ZONE, 3600, Key("thief").ds(ZONE))

    def swap(question: Question, message: dns.message.Message) -> dns.message.Message:
        if message.answer[0].rdtype == RdataType.DS and len(here.asked) == 1:
            message.answer = [forged, dns.rrset.from_rdata(ZONE, 3600, zone.keys[0].sign(forged, ZONE))]
        return message

    assert look_up(here, "example.org", "DS").status is Status.SECURE
    here.asked.clear()
    answer = look_up(here, "example.org", "DS", tamper=swap)
    assert (answer.status, answer.reason) == (Status.BOGUS, "example.org DS has no signature, and org is signed")


def test_what_is_above_the_anchor_signs_nothing_below_it() -> None:
    # The zone has an anchor of its own, and org above it is unsigned: that is no excuse.
    island = Zone("example.org", "mail A 192.0.2.1", digests=())
    here = World(Zone("."), Zone("org", signed=False), island)
    anchors = Anchors({**here.anchors.zones, **World(island).anchors.zones})
    for signer in ("org", "."):
        tamper = answering("mail.example.org", EVIL, signature(Key("thief"), EVIL, signer))
        answer = look_up(here, "mail.example.org", "A", tamper=tamper, validator=Validator(anchors))
        assert (answer.status, answer.records) == (Status.BOGUS, ())


# --- wildcards --------------------------------------------------------------------------------------

WILD = "*.w A 192.0.2.3\nreal.w A 192.0.2.4\n*.sub.w A 192.0.2.5\nent.deep.w TXT x"


def made(zone: Zone, source: str, name: str) -> tuple[RRset, ...]:
    """The records of a wildcard, as if they were those of ``name``."""
    found = zone.with_signatures(zone.sets[dns.name.from_text(source), RdataType.A])
    return tuple(renamed(rrset, dns.name.from_text(name)) for rrset in found)


@both
@pytest.mark.parametrize(
    ("source", "name", "proof_of"),
    [
        ("*.w.example.org", "real.w.example.org", "real.w.example.org"),  # it exists
        ("*.w.example.org", "real.w.example.org", "other.w.example.org"),
        ("*.w.example.org", "x.real.w.example.org", "x.real.w.example.org"),  # a name above it exists
        ("*.w.example.org", "x.deep.w.example.org", "x.deep.w.example.org"),  # an empty non-terminal above it
        ("*.w.example.org", "x.sub.w.example.org", "y.sub.w.example.org"),  # a closer wildcard
        ("*.w.example.org", "x.w.example.org", ""),  # no proof at all
    ],
)
def test_a_wildcard_does_not_answer_for_what_is_there(source: str, name: str, proof_of: str, nsec3: bool) -> None:
    here = tree(WILD, nsec3=nsec3)
    zone = here.zones[ZONE]
    proof = tuple(zone.proof(dns.name.from_text(proof_of))) if proof_of else ()
    answer = look_up(here, name, "A", tamper=answering(name, *made(zone, source, name), authority=proof))
    assert (answer.status, answer.records) == (Status.BOGUS, ())
    assert answer.reason == f"example.org does not prove that a wildcard may answer for {_next(name)}"


def _next(name: str) -> str:
    return ".".join(name.split(".")[-4:])


@both
def test_a_wildcard_answers_for_what_is_not_there(nsec3: bool) -> None:
    here = tree(WILD, nsec3=nsec3)
    for name in ("x.w.example.org", "y.x.w.example.org", "x.sub.w.example.org", "y.x.sub.w.example.org"):
        answer = look_up(here, name, "A")
        assert (answer.status, answer.ttl) == (Status.SECURE, 300)


def test_beside_an_opt_out_span_a_wildcard_is_insecure() -> None:
    answer = look_up(tree(WILD, nsec3=True, opt_out=True), "x.w.example.org", "A")
    assert (answer.status, answer.records) == (Status.INSECURE, (Address("192.0.2.3"),))
    assert answer.reason == "made by a wildcard by opt-out (RFC 5155)"


def test_a_wildcards_own_name_is_not_made() -> None:
    assert look_up(tree(WILD), "*.w.example.org", "A").ttl == 3600


def test_an_insecure_denial_counts_by_its_code() -> None:
    here = World(Zone("."), Zone("org"), Zone("example.org", signed=False))
    answer = look_up(here, "nothing.example.org", "A")
    assert (answer.status, answer.exists, answer.ttl) == (Status.INSECURE, False, 300)
