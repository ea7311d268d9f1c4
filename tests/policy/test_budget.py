"""Zones built to exhaust a validator (CVE-2023-50387, CVE-2023-50868): the work is counted, and ends."""

import hashlib
import os
from collections.abc import Iterator

import dns.message
import dns.name
import dns.rdata
import dns.rrset
import pytest
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.RRSIG import RRSIG

from starttls.policy import keys
from starttls.policy.answer import Question, Status
from starttls.policy.budget import Limits, Work
from starttls.policy.dnssec import Validator
from starttls.policy.keys import PublicKey
from starttls.policy.unproven import Unproven
from tests.policy.signed_world import World, look_up, tree
from tests.policy.signed_zone import Key, Zone

ORG = dns.name.from_text("example.org")
MAIL = dns.name.from_text("mail.example.org")


class Counted:
    """What a validation did: asked of the code that does it, not of the one that keeps the budget."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.checks = 0
        self.hashes = 0
        self.digests = 0
        verifies, digest_of = PublicKey.verifies, keys.digest_of

        def check(key: PublicKey, signature: bytes, data: bytes) -> bool:
            self.checks += 1
            return verifies(key, signature, data)

        monkeypatch.setattr(PublicKey, "verifies", check)

        class Hashlib:
            @staticmethod
            def sha1(data: bytes, *, usedforsecurity: bool) -> object:
                self.hashes += 1
                return hashlib.sha1(data, usedforsecurity=usedforsecurity)

        monkeypatch.setattr("starttls.policy.nsec3.hashlib", Hashlib)

        def digest(zone: tuple[bytes, ...], wire: bytes, digest_type: int) -> bytes:
            self.digests += 1
            return digest_of(zone, wire, digest_type)

        monkeypatch.setattr("starttls.policy.delegations.digest_of", digest)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    return Counted(monkeypatch)


def clashing(key: DNSKEY, count: int) -> Iterator[DNSKEY]:
    """Keys with the tag of another: swapping two pairs of octets does not change the sum."""
    wire = bytearray(key.key)
    for number in range(count):
        other = wire.copy()
        first, second = 2 * (number % 30), 2 * (number // 30) + 2
        other[first : first + 2], other[second : second + 2] = wire[second : second + 2], wire[first : first + 2]
        yield DNSKEY("IN", "DNSKEY", key.flags, 3, key.algorithm, bytes(other))  # type: ignore[no-untyped-call]


def junk(signature: RRSIG, count: int) -> list[RRSIG]:
    made = [signature.replace(signature=os.urandom(64)) for _ in range(count)]
    return [each for each in made if isinstance(each, RRSIG)]


def trap(*, keys_each: int, signatures_each: int) -> World:
    """KeyTrap: so many keys of one tag, and so many signatures of that tag, none of them good, on every set."""
    here = tree("mail A 192.0.2.1")
    zone = here.zones[ORG]
    for key in clashing(zone.keys[0].dnskey, keys_each):
        zone.add(ORG, key)
    good = zone.keys[0].sign(zone.sets[MAIL, RdataType.A], ORG)
    zone.spoil["mail.example.org", "A"] = lambda rrset: dns.rrset.from_rdata(MAIL, 3600, *junk(good, signatures_each))
    return here


@pytest.mark.parametrize(("keys_each", "signatures_each"), [(0, 300), (3, 1), (3, 300), (300, 300)])
def test_keytrap_ends(keys_each: int, signatures_each: int, counted: Counted) -> None:
    answer = look_up(trap(keys_each=keys_each, signatures_each=signatures_each), "mail.example.org", "A")
    assert answer.status in {Status.BOGUS, Status.INDETERMINATE}
    assert counted.checks <= 5 + Limits().failures + 1  # five good ones on the way down


def test_keytrap_in_every_set_ends(counted: Counted) -> None:
    # Denials of which each has as many bad signatures as a message holds.
    here = tree("mail A 192.0.2.1")
    zone = here.zones[ORG]
    for key in clashing(zone.keys[0].dnskey, Limits().keys_per_tag - 1):
        zone.add(ORG, key)

    def flood(question: Question, message: dns.message.Message) -> dns.message.Message:
        if question.name == "nothing.example.org":
            names = [dns.name.from_text(f"x{number}.example.org") for number in range(200)]
            message.authority = []
            for name in names:
                nsec = dns.rrset.from_text(name, 60, "IN", "NSEC", "z.example.org. A")
                message.authority += [nsec, dns.rrset.from_rdata(name, 60, *junk(zone.keys[0].sign(nsec, ORG), 20))]
        return message

    answer = look_up(here, "nothing.example.org", "A", tamper=flood)
    assert (answer.status, answer.reason) == (Status.INDETERMINATE, "more than 16 signatures are wrong")
    assert counted.checks <= 5 + 17


@pytest.mark.parametrize(("more", "status"), [(31, Status.SECURE), (32, Status.INDETERMINATE)])
def test_so_many_keys_are_not_kept(more: int, status: Status) -> None:
    here = tree("mail A 192.0.2.1")
    here.zones[ORG].add(ORG, *(Key(str(number)).dnskey for number in range(more)))
    answer = look_up(here, "mail.example.org", "A")
    assert answer.status is status
    assert answer.reason == ("" if status is Status.SECURE else "example.org has more than 32 keys")


def test_good_signatures_are_counted_too(counted: Counted) -> None:
    text = "\n".join(f"x{number} A 192.0.2.1" for number in range(300))
    here = tree(text)
    zone = here.zones[ORG]

    def flood(question: Question, message: dns.message.Message) -> dns.message.Message:
        if question.name == "nothing.example.org":
            owners = [dns.name.from_text(f"x{number}.example.org") for number in range(300)]
            message.authority = [each for owner in owners for each in zone.with_signatures(zone.nsec(owner))]
        return message

    answer = look_up(here, "nothing.example.org", "A", tamper=flood)
    assert (answer.status, answer.reason) == (
        Status.INDETERMINATE,
        "more than 128 signatures are to be checked",
    )
    assert counted.checks == 128


def test_many_ds_records_of_one_tag_end(counted: Counted) -> None:
    here = tree("mail A 192.0.2.1")
    zone, org = here.zones[ORG], here.zones[dns.name.from_text("org")]
    tag = zone.keys[0].dnskey.key_id()
    for key in clashing(zone.keys[0].dnskey, 20):
        zone.add(ORG, key)
    del org.sets[ORG, RdataType.DS]
    for number in range(1000):
        org.add(ORG, dns.rdata.from_text("IN", "DS", f"{tag} 13 2 {number:064x}"))
    answer = look_up(here, "mail.example.org", "A")
    assert answer.status is Status.BOGUS
    assert counted.digests <= 1 + 1 + 4 * 1000  # four keys of the tag, with each record


def test_hashes_end(counted: Counted) -> None:
    # CVE-2023-50868: a long name below a zone with as many iterations as are allowed, and a long salt.
    name = ".".join("a" * 100) + ".example.org"
    here = tree("mail A 192.0.2.1", nsec3=True, iterations=100, salt=bytes(255))
    answer = look_up(here, name, "A")
    assert (answer.status, answer.reason) == (Status.INDETERMINATE, "more than 8192 hashes are needed")
    assert counted.hashes <= 8192


def test_too_many_iterations_cost_nothing(counted: Counted) -> None:
    here = tree("mail A 192.0.2.1", nsec3=True, iterations=2500)
    assert look_up(here, "nothing.example.org", "A").status is Status.INSECURE
    assert counted.hashes == 0


def test_an_honest_cold_answer_stays_far_below(counted: Counted) -> None:
    keys_of_both = (Key("it", 8), Key("zone", 8, flags=256), Key("new", 13))
    zones = [Zone(name, nsec3=True, iterations=10) for name in (".", "org")]
    zones.append(Zone("example.org", nsec3=True, iterations=10, keys=keys_of_both))
    answer = look_up(World(*zones), "_25._tcp.mail.example.org", "TLSA")
    assert (answer.status, answer.exists) == (Status.SECURE, False)
    assert counted.checks <= Limits().signatures / 8
    assert counted.hashes <= Limits().hashes / 8


def test_the_limits_are_the_callers() -> None:
    here = tree("mail A 192.0.2.1")
    validator = Validator(here.anchors, limits=Limits(signatures=4))
    answer = look_up(here, "mail.example.org", "A", validator=validator)
    assert (answer.status, answer.reason) == (Status.INDETERMINATE, "more than 4 signatures are to be checked")


@pytest.mark.parametrize("spend", ["query", "signature", "failure"])
def test_each_budget_ends(spend: str) -> None:
    work = Work(0, Limits(queries=2, signatures=2, failures=2))
    for _ in range(2):
        getattr(work, spend)()
    with pytest.raises(Unproven, match="more than 2"):
        getattr(work, spend)()
