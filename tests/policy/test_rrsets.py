"""The contract's records, made of dnspython's."""

import dns.name
import dns.rrset
import pytest

from starttls.policy.answer import MX, SRV, TLSA, TXT, Address, Record
from starttls.policy.rrsets import name_text, records

CASES = [
    ("A", ["192.0.2.1", "192.0.2.2"], (Address("192.0.2.1"), Address("192.0.2.2"))),
    ("AAAA", ["2001:DB8::1"], (Address("2001:db8::1"),)),
    ("MX", ["10 MX1.Example.ORG."], (MX(10, "mx1.example.org"),)),
    ("MX", ["0 ."], (MX(0, "."),)),
    ("SRV", ["1 2 143 Imap.example.org."], (SRV(1, 2, 143, "imap.example.org"),)),
    ("TXT", ['"v=STSv1; " "id=1;"'], (TXT((b"v=STSv1; ", b"id=1;")),)),
    ("TLSA", ["3 1 1 " + "ab" * 32], (TLSA(3, 1, 1, b"\xab" * 32),)),
    ("NS", ["ns.example.org."], ()),
]


@pytest.mark.parametrize(("rdtype", "texts", "expected"), CASES)
def test_each_type(rdtype: str, texts: list[str], expected: tuple[Record, ...]) -> None:
    assert records(dns.rrset.from_text("example.org.", 300, "IN", rdtype, *texts)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Example.ORG.", "example.org"), (".", "."), (r"A\.b.c.", r"a\.b.c"), (r"\255.x.", r"\255.x")],
)
def test_names_have_one_form(text: str, expected: str) -> None:
    assert name_text(dns.name.from_text(text)) == expected
