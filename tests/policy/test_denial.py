"""The list of types in NSEC and NSEC3 records, and what it says."""

import dns.rdata
import pytest
from dns.rdtypes.ANY.NSEC import NSEC

from starttls.policy.denial import Outcome, Proof, Types

A, NS, CNAME, SOA, MX, DNAME, DS, CAA = 1, 2, 5, 6, 15, 39, 43, 257
NAME = (b"org", b"example")


def types(text: str) -> Types:
    found = dns.rdata.from_text("IN", "NSEC", f"next.example. {text}")
    assert isinstance(found, NSEC)
    return Types(found.windows)


def test_types_are_read() -> None:
    listed = types("A MX CAA TYPE65535")
    assert all(rdtype in listed for rdtype in (A, MX, CAA, 65535))
    assert not any(rdtype in listed for rdtype in (NS, 0, 16, 256, 258, 512, 65534))
    assert A not in Types(())


@pytest.mark.parametrize(
    ("text", "rdtype", "proof"),
    [
        ("MX", A, Proof(Outcome.TYPE)),
        ("A", A, None),
        ("CNAME", A, None),  # RFC 6840 §4.3
        ("CNAME", CNAME, None),
        ("A", CNAME, Proof(Outcome.TYPE)),
        ("NS", A, None),  # RFC 6840 §4.1: the upper side of a cut
        ("NS SOA", A, Proof(Outcome.TYPE)),
        ("NS", DS, Proof(Outcome.TYPE, delegation=True)),
        ("NS DS", DS, None),
        ("NS SOA", DS, None),  # the lower side
        ("A", DS, Proof(Outcome.TYPE)),
        ("RRSIG NSEC TYPE128", A, Proof(Outcome.NAME)),  # RFC 9824
    ],
)
def test_what_it_proves(text: str, rdtype: int, proof: Proof | None) -> None:
    assert types(text).prove(NAME, rdtype) == proof


def test_the_root_has_no_upper_side() -> None:
    assert types("NS SOA").prove((), DS) == Proof(Outcome.TYPE)


@pytest.mark.parametrize(("text", "silent"), [("NS", True), ("NS SOA", False), ("A DNAME", True), ("A", False)])
def test_who_says_nothing_of_what_is_below(text: str, silent: bool) -> None:
    assert types(text).says_nothing_below is silent
