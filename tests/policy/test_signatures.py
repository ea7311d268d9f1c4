"""One set and its signatures: time, labels, TTL, keys."""

import dns.message
import dns.name
import dns.rrset
import pytest
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.RRSIG import RRSIG
from dns.rrset import RRset

from starttls.policy.answer import Status
from starttls.policy.budget import Limits, Work
from starttls.policy.canonical import labels_of
from starttls.policy.keys import ALGORITHMS, keys_of
from starttls.policy.messages import Reply
from starttls.policy.signatures import Verified, not_in_time, verify
from starttls.policy.unproven import Unproven
from starttls.policy.zones import Zone
from tests.policy.signed_zone import DAY, NOW, Key

ORG = dns.name.from_text("example.org")
MAIL = dns.rrset.from_text("mail.example.org.", 3600, "IN", "A", "192.0.2.1")
KEY = Key("it")


def zone(*keys: Key) -> Zone:
    found = keys_of([key.dnskey for key in keys or (KEY,)], ALGORITHMS, 4)
    return Zone(name=labels_of(ORG), status=Status.SECURE, expires=NOW, chain=(), keys=found)


def checked(rrset: RRset, *signatures: RRSIG, within: Zone | None = None, now: int = NOW) -> Verified:
    message = dns.message.Message()
    message.answer = [rrset, dns.rrset.from_rdata(rrset.name, rrset.ttl, *signatures)]
    return verify(Reply(message).answer[labels_of(rrset.name), rrset.rdtype], within or zone(), Work(now, Limits()))


def sign(rrset: RRset = MAIL, inception: int = NOW - DAY, expiration: int = NOW + DAY, key: Key = KEY) -> RRSIG:
    return key.sign(rrset, ORG, inception % 2**32, expiration % 2**32)


def refused(rrset: RRset, *signatures: RRSIG, within: Zone | None = None, now: int = NOW) -> str:
    with pytest.raises(Unproven) as caught:
        checked(rrset, *signatures, within=within, now=now)
    assert caught.value.status is Status.BOGUS
    return caught.value.reason


# --- time -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inception", "expiration", "problem"),
    [
        (NOW - 1, NOW + 1, ""),
        (NOW, NOW, ""),
        (NOW - 2, NOW - 1, "expired on 2026-09-21"),
        (NOW - 300 * DAY, NOW - 262 * DAY, "expired on 2026-01-02"),
        (NOW + 1, NOW + 2, "is not valid before 2026-09-21"),
        (NOW + 1, NOW - 1, "ends before it begins"),
        (NOW - DAY, NOW - DAY + 2**31, "ends before it begins"),
        (NOW - DAY, NOW - DAY + 2**31 - 1, ""),
        (0, NOW, ""),
    ],
)
def test_when_a_signature_holds(inception: int, expiration: int, problem: str) -> None:
    assert not_in_time(sign(MAIL, inception, expiration), NOW) == problem
    if problem:
        assert refused(MAIL, sign(MAIL, inception, expiration)) == f"signature of mail.example.org A {problem}"
    else:
        assert checked(MAIL, sign(MAIL, inception, expiration)).key.tag == KEY.dnskey.key_id()


@pytest.mark.parametrize("offset", [-DAY, 0, DAY])
def test_time_goes_on_after_2106(offset: int) -> None:
    now = 2**32 + offset
    assert not_in_time(sign(MAIL, now - DAY, now + DAY), now) == ""
    assert not_in_time(sign(MAIL, now - 2 * DAY, now - DAY), now).startswith("expired on 2106-02-0")
    assert not_in_time(sign(MAIL, now + DAY, now + 2 * DAY), now).startswith("is not valid before 2106-02-0")
    assert checked(MAIL, sign(MAIL, now - DAY, now + 60), now=now).ttl == 60


# --- TTL ----------------------------------------------------------------------------------------------


def test_the_ttl_is_the_least_of_all() -> None:
    long = dns.rrset.from_rdata(MAIL.name, 7200, *MAIL)  # raised on the way: the signature has the original
    assert checked(long, sign()).ttl == 3600
    short = dns.rrset.from_rdata(MAIL.name, 60, *MAIL)
    assert checked(short, sign()).ttl == 60
    assert checked(MAIL, sign(MAIL, expiration=NOW + 5)).ttl == 5


# --- labels --------------------------------------------------------------------------------------------


def test_more_labels_than_the_name_has_is_no_signature() -> None:
    signature = sign().replace(labels=4)
    assert isinstance(signature, RRSIG)
    assert refused(MAIL, signature) == "signature of mail.example.org A counts more labels than the name has"


def test_a_wildcards_own_star_is_not_counted() -> None:
    wildcard = dns.rrset.from_text("*.example.org.", 60, "IN", "A", "192.0.2.1")
    assert checked(wildcard, sign(wildcard)).wildcard is None
    counted = sign(wildcard).replace(labels=3)
    assert isinstance(counted, RRSIG)
    assert "counts more labels" in refused(wildcard, counted)


def test_what_a_wildcard_made_is_told() -> None:
    wildcard = dns.rrset.from_text("*.example.org.", 60, "IN", "A", "192.0.2.1")
    made = dns.rrset.from_text("x.y.example.org.", 60, "IN", "A", "192.0.2.1")
    assert checked(made, sign(wildcard)).wildcard == labels_of(ORG)
    assert "is wrong" in refused(MAIL, sign(wildcard).replace(labels=3))  # type: ignore[arg-type]


# --- keys, forgeries ------------------------------------------------------------------------------------


def test_another_set_is_another_matter() -> None:
    reason = refused(dns.rrset.from_text("mail.example.org.", 3600, "IN", "A", "203.0.113.1"), sign())
    assert (
        reason
        == f"signature of mail.example.org A is wrong (DNSKEY {KEY.dnskey.key_id()} (ECDSAP256SHA256) of example.org)"
    )
    added = dns.rrset.from_text("mail.example.org.", 3600, "IN", "A", "192.0.2.1", "203.0.113.1")
    assert "is wrong" in refused(added, sign())


def test_case_and_order_do_not_count() -> None:
    one = dns.rrset.from_text("Mail.Example.ORG.", 3600, "IN", "MX", "10 A.example.org.", "20 b.example.org.")
    other = dns.rrset.from_text("mail.example.org.", 3600, "IN", "MX", "20 B.example.org.", "10 a.example.org.")
    assert checked(other, sign(one)).wildcard is None


def test_without_a_signature_of_the_zone() -> None:
    elsewhere = KEY.sign(MAIL, dns.name.from_text("example.net"))
    assert refused(MAIL, elsewhere) == "mail.example.org A has no signature of example.org"


def test_a_key_that_the_zone_does_not_have() -> None:
    thief = Key("thief")
    assert refused(MAIL, sign(key=thief)) == (
        f"signature of mail.example.org A is by a key {thief.dnskey.key_id()} that example.org does not have"
    )
    assert checked(MAIL, sign(key=thief), sign()).ttl == 3600
    assert checked(MAIL, sign(key=thief), within=zone(KEY, thief)).key.tag == thief.dnskey.key_id()


def test_the_algorithm_belongs_to_the_key() -> None:
    signature = sign().replace(algorithm=14)
    assert isinstance(signature, RRSIG)
    assert "does not have" in refused(MAIL, signature)


def test_a_signature_of_another_type_is_not_looked_at() -> None:
    message = dns.message.Message()
    text = dns.rrset.from_text("mail.example.org.", 3600, "IN", "TXT", "x")
    message.answer = [MAIL, dns.rrset.from_rdata(MAIL.name, 3600, sign(text))]
    assert Reply(message).answer[labels_of(MAIL.name), RdataType.A].signatures == ()
