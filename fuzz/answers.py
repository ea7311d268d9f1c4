"""The answers of DNS servers, as far as a believed server's are read.

Invariant: any bytes behind our own question give an answer within its bounds, or `Unanswered`, whose text is one line.
"""

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

from fuzz.target import Target
from starttls.policy.answer import Question
from starttls.policy.budget import ALIASES
from starttls.resolve.failures import Unanswered
from starttls.resolve.reading import read
from starttls.resolve.wire import Query

__all__ = ["TARGETS"]

QUESTION = Question("a.example", "MX")
QUERY = Query.make(QUESTION, checking=True)
HEADER = 10
"""The bytes of a header without its identifier."""


def seeds() -> list[bytes]:
    """An answer, one through an alias, none, a failure, and TLSA records of every length."""
    asked = dns.message.from_wire(QUERY.packet(0))
    soa = "example. 300 IN SOA ns.example. root.example. 1 2 3 4 60"
    found: list[bytes] = []
    for rcode, texts, authority in (
        (0, ["a.example. 60 IN MX 10 mx.example.", "a.example. 60 IN MX 0 ."], []),
        (0, ["a.example. 60 IN CNAME b.example.", "b.example. 60 IN MX 1 c.b.example."], []),
        (0, ["a.example. 60 IN TXT x", f"a.example. 60 IN TLSA 3 1 1 {'ab' * 32}"], []),
        (3, [], [soa]),
        (2, [], []),
    ):
        response = dns.message.make_response(asked, recursion_available=True)
        response.set_rcode(dns.rcode.Rcode(rcode))
        response.flags |= dns.flags.AD
        for section, lines in ((response.answer, texts), (response.authority, authority)):
            for name, ttl, rdclass, rdtype, data in (line.split(" ", 4) for line in lines):
                section.append(dns.rrset.from_text(name, int(ttl), rdclass, rdtype, data))
        wire = response.to_wire()
        found.append(wire[2 : HEADER + 2] + wire[HEADER + 2 + len(QUERY.section) :])
    return found


def one_line(error: Unanswered) -> None:
    """What every failure is."""
    assert str(error).isprintable(), str(error)


def answer(data: bytes) -> None:
    """What follows the identifier, with our question put in."""
    packet = b"\0\0" + data[:HEADER].ljust(HEADER, b"\0") + QUERY.section + data[HEADER:]
    try:
        found = read(QUESTION, QUERY.read(packet, 0))
    except Unanswered as error:
        one_line(error)
        return
    assert found.status.usable or (not found.records and found.reason)
    assert len(found.aliases) <= ALIASES
    assert found.reason.isprintable()
    assert all(error.text.isprintable() for error in found.extended)


TARGETS = (Target(("dns-answer",), seeds, answer),)
