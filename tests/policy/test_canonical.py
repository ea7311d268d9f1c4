"""Canonical names and canonical sets, against the examples of RFC 4034 and against dnspython."""

import dns.dnssec
import dns.name
import dns.rrset
import pytest
from dns.dnssec import _make_rrsig_signature_data as reference

from starttls.policy.canonical import encloses, labels_of, name_of, shared, signed_data, text_of, wire_of
from tests.policy.signed_zone import Key

# RFC 4034 §6.1, in its order.
ORDER = (
    "example",
    "a.example",
    "yljkjljk.a.example",
    "Z.a.example",
    "zABC.a.EXAMPLE",
    "z.example",
    r"\001.z.example",
    "*.z.example",
    r"\200.z.example",
)


def labels(text: str) -> tuple[bytes, ...]:
    return labels_of(dns.name.from_text(text))


def test_the_order_of_names() -> None:
    assert sorted(map(labels, reversed(ORDER))) == [labels(text) for text in ORDER]


@pytest.mark.parametrize(
    ("text", "expected"), [(".", ()), ("org", (b"org",)), ("WWW.Example.ORG.", (b"org", b"example", b"www"))]
)
def test_labels(text: str, expected: tuple[bytes, ...]) -> None:
    assert labels(text) == expected
    assert text_of(expected) == text.lower().rstrip(".") or text == text_of(expected) == "."
    assert wire_of(expected) == dns.name.from_text(text).canonicalize().to_wire()
    assert name_of(expected) == dns.name.from_text(text)


def test_enclosing() -> None:
    assert encloses((), labels("a.b"))
    assert encloses(labels("b"), labels("a.b"))
    assert encloses(labels("b"), labels("b"))
    assert not encloses(labels("a.b"), labels("b"))
    assert not encloses(labels("b"), labels("a.bb"))


def test_what_names_share() -> None:
    assert shared(labels("a.b.c"), labels("x.b.c")) == 2
    assert shared(labels("a.b.c"), labels("b.c")) == 2
    assert shared(labels("a.b"), labels("a.c")) == 0


@pytest.mark.parametrize(
    ("name", "ttl", "rdtype", "texts"),
    [
        ("Mail.Example.org.", 300, "A", ["192.0.2.2", "192.0.2.1", "192.0.2.10"]),
        ("example.org.", 300, "MX", ["20 B.example.org.", "10 a.Example.org."]),
        ("example.org.", 300, "TXT", ['"b"', '"a" "b"', '""']),
        ("example.org.", 300, "SOA", ["NS.example.org. Host.example.org. 1 2 3 4 5"]),
        ("_imap._tcp.example.org.", 300, "SRV", ["1 2 143 Imap.example.org."]),
        ("example.org.", 300, "NSEC", ["Next.example.org. A MX"]),
        ("*.example.org.", 300, "CNAME", ["Target.example.org."]),
        ("example.org.", 300, "TYPE65400", [r"\# 3 abcdef"]),
    ],
)
def test_signed_data_is_what_dnspython_signs(name: str, ttl: int, rdtype: str, texts: list[str]) -> None:
    rrset = dns.rrset.from_text(name, ttl, "IN", rdtype, *texts)
    signature = Key("it").sign(rrset, dns.name.from_text("Example.ORG"))
    rrset.ttl = 7  # counted down by a cache
    assert signed_data(labels(name), rrset, signature) == reference(rrset, signature)


def test_signed_data_of_what_a_wildcard_made() -> None:
    wildcard = dns.rrset.from_text("*.example.org.", 300, "IN", "A", "192.0.2.1")
    signature = Key("it").sign(wildcard, dns.name.from_text("example.org"))
    made = dns.rrset.from_text("x.y.example.org.", 300, "IN", "A", "192.0.2.1")
    assert signed_data(labels("x.y.example.org"), made, signature) == reference(wildcard, signature)
