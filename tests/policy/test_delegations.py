"""The way down from the trust anchor: DS, DNSKEY, and the proof that there is none; and who tries to leave it."""

import dns.dnssec
import dns.message
import dns.name
import dns.rdata
import dns.rdatatype
import dns.rrset
import pytest
from dns.rdatatype import RdataType

from starttls.policy.anchors import Anchors
from starttls.policy.answer import Question, Status
from starttls.policy.budget import Limits
from starttls.policy.dnssec import Validator
from tests.policy.signed_world import World, look_up, renamed, tree
from tests.policy.signed_zone import DAY, NOW, Key, Zone

MAIL = "mail A 192.0.2.1"

both = pytest.mark.parametrize("nsec3", [False, True], ids=["nsec", "nsec3"])


def ds(text: str) -> dns.rdata.Rdata:
    return dns.rdata.from_text("IN", "DS", text)


def with_ds(*texts: str, digests: tuple[str, ...] = ()) -> World:
    """Example.org, with these DS records in org besides its own."""
    here = tree(MAIL, digests=digests)
    for text in texts:
        here.zones[dns.name.from_text("org")].add(dns.name.from_text("example.org"), ds(text))
    return here


def status_and_reason(here: World, name: str = "mail.example.org") -> tuple[Status, str]:
    answer = look_up(here, name, "A")
    return answer.status, answer.reason


# --- what the DS records say -------------------------------------------------------------------------

UNKNOWN_ALGORITHM = "1 200 2 " + "ab" * 32
UNKNOWN_DIGEST = "1 13 200 " + "ab" * 32
ELSEWHERE = "1 13 2 " + "ab" * 32


@pytest.mark.parametrize("texts", [(UNKNOWN_ALGORITHM,), (UNKNOWN_DIGEST,), (UNKNOWN_ALGORITHM, UNKNOWN_DIGEST)])
def test_unknown_algorithms_alone_are_as_no_signature(texts: tuple[str, ...]) -> None:
    assert status_and_reason(with_ds(*texts)) == (
        Status.INSECURE,
        "example.org is signed by algorithms alone that do not count: unknown, or of SHA-1",
    )


@pytest.mark.parametrize("texts", [(UNKNOWN_ALGORITHM,), (UNKNOWN_DIGEST,), (ELSEWHERE,)])
def test_one_good_ds_record_is_enough(texts: tuple[str, ...]) -> None:
    assert status_and_reason(with_ds(*texts, digests=("SHA256",))) == (Status.SECURE, "")


@pytest.mark.parametrize("texts", [(ELSEWHERE,), (ELSEWHERE, UNKNOWN_ALGORITHM)])
def test_a_ds_record_that_names_no_key_is_bogus(texts: tuple[str, ...]) -> None:
    assert status_and_reason(with_ds(*texts)) == (
        Status.BOGUS,
        "no DNSKEY of example.org is named by the DS of org",
    )


@pytest.mark.parametrize("digest", ["SHA1", "SHA256", "SHA384"])
def test_digests(digest: str) -> None:
    assert status_and_reason(tree(MAIL, digests=(digest,)))[0] is Status.SECURE


def test_sha1_is_ignored_beside_sha256() -> None:
    # The SHA-1 record names the key, the SHA-256 record does not: RFC 4509 §3.
    here = with_ds(ELSEWHERE, digests=("SHA1",))
    assert status_and_reason(here)[0] is Status.BOGUS


# --- what is wrong with the keys ---------------------------------------------------------------------


def test_a_ds_record_without_keys_is_bogus() -> None:
    here = with_ds()
    here.zones[dns.name.from_text("example.org")] = Zone("example.org", MAIL, signed=False)
    here.zones[dns.name.from_text("org")].add(dns.name.from_text("example.org"), ds(ELSEWHERE))
    assert status_and_reason(here) == (Status.BOGUS, "example.org has a DS record and no signed DNSKEY")


@pytest.mark.parametrize("stripped", [{RdataType.RRSIG}, {RdataType.RRSIG, RdataType.DNSKEY}])
@pytest.mark.parametrize(("top", "words"), [(".", "the root"), ("org", "org")])
def test_a_server_that_does_not_pass_dnssec_on(stripped: set[RdataType], top: str, words: str) -> None:
    def strip(question: Question, message: dns.message.Message) -> dns.message.Message:
        message.answer = [rrset for rrset in message.answer if rrset.rdtype not in stripped]
        message.authority = []
        return message

    here = World(*(Zone(name) for name in (".", "org")[top == "org" :]), Zone("example.org", MAIL))
    answer = look_up(here, "mail.example.org", "A", tamper=strip)
    assert answer.status is Status.BOGUS
    assert answer.reason == f"the DNS server does not pass DNSSEC on: it gives no signed keys of {words}"


@pytest.mark.parametrize(
    "key",
    [Key("it", flags=1), Key("it", flags=257 | 0x80), Key("it", protocol=2), Key("it", flags=257 ^ 0x100)],
    ids=["no zone key", "revoked", "other protocol", "entry point alone"],
)
def test_a_key_that_may_not_sign_signs_nothing(key: Key) -> None:
    assert status_and_reason(tree(MAIL, keys=(key,))) == (
        Status.BOGUS,
        "no DNSKEY of example.org is named by the DS of org",
    )


def test_a_revoked_key_beside_a_good_one_is_not_used() -> None:
    good, revoked = Key("good"), Key("bad", flags=256 | 0x80)
    here = tree(MAIL, keys=(good, revoked))
    zone = here.zones[dns.name.from_text("example.org")]
    assert status_and_reason(here)[0] is Status.SECURE

    def by_the_revoked_one(question: Question, message: dns.message.Message) -> dns.message.Message:
        if question.rdtype == "A":
            data = message.answer[0]
            message.answer[1] = dns.rrset.from_rdata(data.name, data.ttl, revoked.sign(data, zone.name))
        return message

    answer = look_up(here, "mail.example.org", "A", tamper=by_the_revoked_one)
    assert answer.status is Status.BOGUS
    assert "that example.org does not have" in answer.reason


def test_the_key_that_the_ds_names_must_have_signed_the_keys() -> None:
    entry, other = Key("it"), Key("thief", flags=256)
    here = tree(MAIL, keys=(entry, other))
    zone = here.zones[dns.name.from_text("example.org")]
    zone.spoil["example.org", "DNSKEY"] = lambda rrset: dns.rrset.from_rdata(
        rrset.name, rrset.ttl, other.sign(zone.sets[zone.name, RdataType.DNSKEY], zone.name)
    )
    status, reason = status_and_reason(here)
    assert status is Status.BOGUS
    assert reason.startswith("signature of example.org DNSKEY is by a key")


@pytest.mark.parametrize("at", [".", "org", "example.org"])
def test_expired_keys_break_all_below(at: str) -> None:
    spans = {"inception": NOW - 9 * DAY, "expiration": NOW - DAY}
    zones = [Zone(name, MAIL if name == "example.org" else "") for name in (".", "org", "example.org")]
    for zone in zones:
        if zone.at == at:
            zone.inception, zone.expiration = spans["inception"], spans["expiration"]
    answer = look_up(World(*zones), "mail.example.org", "A")
    assert (answer.status, answer.reason) == (Status.BOGUS, f"signature of {at} DNSKEY expired on 2026-09-20")
    assert (answer.chain[-1].zone, answer.chain[-1].status) == (at, Status.BOGUS)


# --- who takes the DS away -----------------------------------------------------------------------------


@both
@pytest.mark.parametrize("how", ["nothing", "the apex's own", "a sibling's", "unsigned"])
def test_a_ds_record_that_is_taken_away_is_missed(how: str, nsec3: bool) -> None:
    org = Zone("org", "sibling NS ns.sibling\nz A 192.0.2.9", nsec3=nsec3)
    child = Zone("example.org", MAIL, nsec3=nsec3)
    here = World(Zone("."), org, child)
    soa = org.with_signatures(org.sets[org.name, RdataType.SOA])
    sibling = dns.name.from_text("sibling.org")
    denials = {
        "nothing": soa,
        "the apex's own": [*soa, *child.proof(child.name)],
        "a sibling's": [*soa, *org.proof(sibling)],
        "unsigned": [rrset for rrset in [*soa, *org.proof(sibling)] if rrset.rdtype != RdataType.RRSIG],
    }

    def take_away(question: Question, message: dns.message.Message) -> dns.message.Message:
        if question == Question("example.org", "DS"):
            message.answer = []
            message.authority = denials[how]
        elif question.name == "mail.example.org":
            message.answer = [dns.rrset.from_text("mail.example.org.", 60, "IN", "A", "203.0.113.1")]
        return message

    answer = look_up(here, "mail.example.org", "A", tamper=take_away)
    assert (answer.status, answer.records) == (Status.BOGUS, ())
    assert answer.reason == "org does not prove that there is no example.org DS"


@both
def test_the_childs_signature_of_its_own_ds_is_worth_nothing(nsec3: bool) -> None:
    thief = Key("thief")
    here = World(Zone("."), Zone("org", nsec3=nsec3), Zone("example.org", MAIL))

    def swap(question: Question, message: dns.message.Message) -> dns.message.Message:
        if question == Question("example.org", "DS"):
            name = message.question[0].name
            forged = dns.rrset.from_rdata(name, 3600, thief.ds(name))
            message.answer = [forged, dns.rrset.from_rdata(name, 3600, thief.sign(forged, name))]
        return message

    answer = look_up(here, "mail.example.org", "A", tamper=swap)
    assert (answer.status, answer.reason) == (Status.BOGUS, "example.org DS has no signature of org")


def test_a_ds_record_that_a_wildcard_made_is_none() -> None:
    name = dns.name.from_text("x.org")
    thief = Key("thief")
    org = Zone("org", f"* DS {thief.ds(name)}")
    here = World(Zone("."), org, Zone("x.org", "mail A 203.0.113.1", keys=(thief,), digests=()))
    wildcard = org.with_signatures(org.sets[dns.name.from_text("*.org"), RdataType.DS])

    def put(question: Question, message: dns.message.Message) -> dns.message.Message:
        if question == Question("x.org", "DS"):
            message.answer = [renamed(rrset, name) for rrset in wildcard]
        return message

    answer = look_up(here, "mail.x.org", "A", tamper=put)
    assert (answer.status, answer.reason) == (Status.BOGUS, "x.org DS is made by a wildcard")


# --- anchors within anchors ----------------------------------------------------------------------------


def test_the_closest_anchor_counts() -> None:
    # The zone is an island below an unsigned org: only with its own anchor is it secure.
    zones = (Zone("."), Zone("org", signed=False), Zone("example.org", MAIL, digests=()))
    here = World(*zones)
    assert look_up(here, "mail.example.org", "A").status is Status.INSECURE
    both_anchors = type(here.anchors)({**here.anchors.zones, **World(zones[2]).anchors.zones})
    assert look_up(here, "mail.example.org", "A", validator=Validator(both_anchors)).status is Status.SECURE

    def strip(question: Question, message: dns.message.Message) -> dns.message.Message:
        if question.rdtype == "A":
            message.answer = message.answer[:1]
        return message

    answer = look_up(here, "mail.example.org", "A", validator=Validator(both_anchors), tamper=strip)
    assert answer.status is Status.BOGUS


def test_an_anchor_of_unknown_algorithms_opens_nothing() -> None:
    here = tree(MAIL)
    anchors = Anchors.parse(f". DS {UNKNOWN_ALGORITHM}\n. DS 1 5 2 {'ab' * 32}")
    answer = look_up(here, "mail.example.org", "A", validator=Validator(anchors))
    assert (answer.status, answer.records) == (Status.INDETERMINATE, ())
    assert answer.reason == "no trust anchor of . is of a known algorithm"


def test_a_name_longer_than_the_walk_may_be() -> None:
    name = ".".join("a" * 90) + ".example.org"

    def forge(question: Question, message: dns.message.Message) -> dns.message.Message:
        if question.rdtype == "A":
            message.answer = [dns.rrset.from_text(f"{name}.", 60, "IN", "A", "203.0.113.1")]
            message.authority = []
        return message

    here = tree(MAIL)
    validator = Validator(here.anchors, limits=Limits(queries=20))
    answer = look_up(here, name, "A", tamper=forge, validator=validator)
    assert (answer.status, answer.reason) == (Status.INDETERMINATE, "more than 20 questions are needed")
    assert len(here.asked) == 21
