"""Denial by NSEC, record by record; the zone of the examples is that of RFC 4035 appendix A in small."""

import dns.name
import dns.rdata
import pytest
from dns.rdtypes.ANY.NSEC import NSEC

from starttls.policy.canonical import labels_of
from starttls.policy.denial import Outcome, Proof, Types
from starttls.policy.nsec import Nsec, absent, deny

A, DS = 1, 43
NAME, TYPE = Proof(Outcome.NAME), Proof(Outcome.TYPE)

APEX = "example. a.example. NS SOA MX RRSIG NSEC DNSKEY"
CUT = "a.example. ai.example. NS DS RRSIG NSEC"
HOST = "ai.example. ns1.sub.example. A RRSIG NSEC"
BEHIND = "ns1.sub.example. *.w.example. A RRSIG NSEC"
WILD = "*.w.example. x.w.example. MX RRSIG NSEC"
LAST = "x.w.example. example. MX RRSIG NSEC"


def nsec(text: str) -> Nsec:
    owner, rest = text.split(" ", 1)
    rdata = dns.rdata.from_text("IN", "NSEC", rest)
    assert isinstance(rdata, NSEC)
    return Nsec(labels_of(dns.name.from_text(owner)), labels_of(rdata.next), Types(rdata.windows))


def labels(text: str) -> tuple[bytes, ...]:
    return labels_of(dns.name.from_text(text))


@pytest.mark.parametrize(
    ("records", "name", "rdtype", "proof"),
    [
        ([HOST], "ai.example", DS, TYPE),
        ([HOST], "ai.example", A, None),
        ([HOST, APEX], "b.example", A, NAME),
        ([APEX, HOST], "b.example", A, NAME),
        ([HOST], "b.example", A, None),  # the wildcard is not denied
        ([APEX], "b.example", A, None),
        ([HOST], "sub.example", A, TYPE),  # an empty non-terminal
        ([LAST, APEX], "y.w.example", A, None),  # the wildcard beside it is not denied
        ([LAST, WILD], "y.w.example", A, TYPE),  # the wildcard lacks the type
        ([LAST, WILD], "y.w.example", 15, None),  # the wildcard has the type
        ([LAST, APEX], "z.example", A, NAME),
        ([CUT], "a.example", DS, None),
        ([CUT, APEX], "b.a.example", A, None),  # RFC 6840 §4.1
        ([CUT, APEX], "aa.example", A, NAME),
        ([BEHIND, APEX], "t.example", A, NAME),
        ([BEHIND], "w.example", A, TYPE),
        (["x.example. x.example. A"], "y.example", A, None),
        (["example. example. SOA"], "y.example", A, NAME),  # the only name of its zone
        (["example. a.*.example. SOA"], "0.example", A, None),
        (["example. a.*.example. SOA", "a.*.example. example. A"], "b.example", A, TYPE),  # the wildcard is empty
        ([], "b.example", A, None),
    ],
)
def test_what_is_denied(records: list[str], name: str, rdtype: int, proof: Proof | None) -> None:
    assert deny([nsec(text) for text in records], labels(name), rdtype) == proof


@pytest.mark.parametrize(
    ("records", "name", "proof"),
    [
        ([HOST], "b.example", NAME),
        ([HOST], "sub.example", None),  # there are names below it
        ([HOST], "ai.example", None),
        ([CUT], "b.a.example", None),
        ([LAST], "y.w.example", NAME),
        ([APEX], "y.w.example", None),
    ],
)
def test_what_is_absent(records: list[str], name: str, proof: Proof | None) -> None:
    assert absent([nsec(text) for text in records], labels(name)) == proof
