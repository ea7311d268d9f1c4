"""Denial by NSEC3, on the zone of RFC 5155 appendix A and B."""

import dns.name
import dns.rdata
import pytest
from dns.rdtypes.ANY.NSEC3 import NSEC3

from starttls.policy.budget import Limits, Work
from starttls.policy.canonical import labels_of
from starttls.policy.denial import Outcome, Proof
from starttls.policy.nsec3 import Nsec3, absent, deny, read

A, MX, DS = 1, 15, 43
NAME, TYPE = Proof(Outcome.NAME), Proof(Outcome.TYPE)
OPTED_OUT = Proof(Outcome.UNKNOWN, detail="by opt-out (RFC 5155)")
ZONE = (b"example",)

# RFC 5155 appendix A. All have the Opt-Out flag there; "clear" below are the same without it.
RECORDS = {
    "example": "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom 2t7b4g4vsa5smi47k61mv5bv1a22bojr NS SOA MX RRSIG DNSKEY NSEC3PARAM",
    "ns1": "2t7b4g4vsa5smi47k61mv5bv1a22bojr 2vptu5timamqttgl4luu9kg21e0aor3s A RRSIG",
    "x.y.w": "2vptu5timamqttgl4luu9kg21e0aor3s 35mthgpgcu1qg68fab165klnsnk3dpvl MX RRSIG",
    "a": "35mthgpgcu1qg68fab165klnsnk3dpvl b4um86eghhds6nea196smvmlo4ors995 NS DS RRSIG",
    "x.w": "b4um86eghhds6nea196smvmlo4ors995 gjeqe526plbf1g8mklp59enfd789njgi MX RRSIG",
    "ai": "gjeqe526plbf1g8mklp59enfd789njgi ji6neoaepv8b5o6k4ev33abha8ht9fgc A HINFO AAAA RRSIG",
    "y.w": "ji6neoaepv8b5o6k4ev33abha8ht9fgc k8udemvp1j2f7eg6jebps17vp3n8i58h",
    "w": "k8udemvp1j2f7eg6jebps17vp3n8i58h q04jkcevqvmu85r014c7dkba38o0ji5r",
    "ns2": "q04jkcevqvmu85r014c7dkba38o0ji5r r53bq7cc2uvmubfu5ocmm6pers9tk9en A RRSIG",
    "*.w": "r53bq7cc2uvmubfu5ocmm6pers9tk9en t644ebqk9bibcna874givr6joj62mlhv MX RRSIG",
    "xx": "t644ebqk9bibcna874givr6joj62mlhv 0p9mhaveqvm6t7vbl5lop2u3t2rp3tom A HINFO AAAA RRSIG",
}


def rdata(text: str) -> NSEC3:
    found = dns.rdata.from_text("IN", "NSEC3", text)
    assert isinstance(found, NSEC3)
    return found


def record(of: str, flags: int = 0, parameters: str = "12 aabbccdd") -> Nsec3:
    owner, rest = RECORDS[of].split(" ", 1)
    found = read((*ZONE, owner.encode()), ZONE, rdata(f"1 {flags} {parameters} {rest}"))
    assert found is not None
    return found


def labels(text: str) -> tuple[bytes, ...]:
    return labels_of(dns.name.from_text(text))


def work(**limits: int) -> Work:
    return Work(0, Limits(**limits))


@pytest.mark.parametrize(
    ("of", "name", "rdtype", "proof"),
    [
        (("example", "x.w", "a"), "a.c.x.w.example", A, NAME),  # B.1: closest name above, next closer, wildcard
        (("x.w", "a"), "a.c.x.w.example", A, None),
        (("example", "a"), "a.c.x.w.example", A, None),
        (("example", "x.w"), "a.c.x.w.example", A, None),
        (("ns1",), "ns1.example", MX, TYPE),  # B.2
        (("ns1",), "ns1.example", A, None),
        (("y.w",), "y.w.example", A, TYPE),  # B.2.1: an empty non-terminal
        (("example",), "example", DS, None),  # B.6: the lower side of the cut
        (("example", "a"), "c.example", DS, None),
        (("a",), "a.example", DS, None),
        (("a", "example"), "mc.a.example", A, None),  # below a cut
        (("w", "ns2", "*.w"), "a.z.w.example", A, TYPE),  # B.5: the wildcard lacks the type
        (("w", "ns2", "*.w"), "a.z.w.example", MX, None),
        (("w", "*.w"), "a.z.w.example", A, None),
        (("ns2", "*.w"), "a.z.w.example", A, None),
    ],
)
def test_what_is_denied(of: tuple[str, ...], name: str, rdtype: int, proof: Proof | None) -> None:
    assert deny([record(each) for each in of], ZONE, labels(name), rdtype, work()) == proof


def test_a_name_that_does_not_exist_as_far_as_opt_out_tells() -> None:
    records = [record(each, flags=1) for each in RECORDS]
    assert deny(records, ZONE, labels("a.c.x.w.example"), A, work()) == OPTED_OUT


def test_an_unsigned_delegation_in_an_opt_out_span() -> None:
    # RFC 5155 §B.3: c.example.
    assert deny([record("example", 1), record("a", 1)], ZONE, labels("c.example"), DS, work()) == OPTED_OUT


def test_what_is_absent() -> None:
    # RFC 5155 §B.4: a wildcard answers for a.z.w.example; z.w.example is covered.
    assert absent([record("ns2")], labels("z.w.example"), work()) == NAME
    assert absent([record("ns2", 1)], labels("z.w.example"), work()) == OPTED_OUT
    assert absent([record("ai")], labels("z.w.example"), work()) is None


def test_one_record_covers_all_but_itself() -> None:
    only = RECORDS["example"].split()[0].encode()
    alone = read((*ZONE, only), ZONE, rdata(f"1 0 12 aabbccdd {only.decode()} SOA"))
    assert alone is not None
    assert deny([alone], ZONE, labels("q.example"), A, work()) == NAME
    assert deny([alone], ZONE, labels("example"), A, work()) == TYPE


@pytest.mark.parametrize(
    ("owner", "text"),
    [
        ("0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.example", "2 0 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr A"),  # hash
        ("0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.example", "1 2 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr A"),  # flags
        ("0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.example", "1 0 12 aabbccdd 2t7b4g4v A"),  # a short hash
        ("0p9mhave.example", "1 0 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr A"),
        ("0p9mhaveqvm6t7vbl5lop2u3t2rp3to!.example", "1 0 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr A"),
        ("0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.x.example", "1 0 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr A"),
        ("example", "1 0 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr A"),
    ],
)
def test_what_cannot_be_read_is_left_out(owner: str, text: str) -> None:
    assert read(labels(owner), ZONE, rdata(text)) is None


def test_too_many_iterations() -> None:
    records = [record(each, parameters="101 -") for each in RECORDS]
    expected = Proof(Outcome.UNKNOWN, detail="by NSEC3 with 101 iterations (RFC 9276)")
    spent = work()
    assert deny(records, ZONE, labels("q.example"), A, spent) == expected
    assert absent(records, labels("q.example"), spent) == expected
    assert spent.hashes == 0


def test_each_name_is_hashed_once() -> None:
    spent = work()
    deny([record(each) for each in RECORDS], ZONE, labels("a.c.x.w.example"), A, spent)
    assert spent.hashes == 13 * 4  # a.c.x.w, c.x.w, x.w and *.x.w, each with 12 iterations
