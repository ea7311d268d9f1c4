"""What the validator takes from a message, and what it leaves."""

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from dns.rdatatype import RdataType

from starttls.policy.answer import ExtendedError
from starttls.policy.messages import Reply
from tests.policy.signed_zone import Zone

MAIL = (b"org", b"example", b"mail")


def message(*answer: dns.rrset.RRset, authority: tuple[dns.rrset.RRset, ...] = ()) -> dns.message.Message:
    made = dns.message.make_response(dns.message.make_query("mail.example.org", "A", want_dnssec=True))
    made.answer, made.authority = list(answer), list(authority)
    return made


def test_sets_and_their_signatures() -> None:
    zone = Zone("example.org", "Mail 600 A 192.0.2.1\nmail MX 10 mail")
    found = [each for rrset in zone.sets.values() for each in zone.with_signatures(rrset)]
    reply = Reply(message(*found))
    address = reply.answer[MAIL, RdataType.A]
    assert (str(address), address.ttl, len(address.signatures)) == ("mail.example.org A", 600, 1)
    assert address.signatures[0].type_covered == RdataType.A
    assert (MAIL, RdataType.RRSIG) not in reply.answer


def test_the_ttl_is_also_that_of_the_signatures() -> None:
    zone = Zone("example.org", "mail A 192.0.2.1")
    rrset, signatures = zone.with_signatures(zone.sets[zone.name, RdataType.SOA])
    signatures.ttl = 7
    assert Reply(message(rrset, signatures)).answer[zone.name.labels[-2::-1], RdataType.SOA].ttl == 7


def test_other_classes_are_left_out() -> None:
    chaos = dns.rrset.from_text("mail.example.org.", 60, "CH", "TXT", "x")
    assert Reply(message(chaos)).answer == {}


def test_how_long_a_denial_may_be_kept() -> None:
    soa = dns.rrset.from_text("example.org.", 900, "IN", "SOA", "ns. host. 1 2 3 4 300")
    short = dns.rrset.from_text("example.org.", 60, "IN", "SOA", "ns. host. 1 2 3 4 300")
    assert Reply(message(authority=(soa,))).negative_ttl == 300
    assert Reply(message(authority=(short,))).negative_ttl == 60
    assert Reply(message()).negative_ttl is None


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        (dns.rcode.NOERROR, ""),
        (dns.rcode.NXDOMAIN, ""),
        (dns.rcode.REFUSED, "the resolver answers REFUSED"),
        (dns.rcode.BADVERS, "the resolver answers BADVERS"),
    ],
)
def test_failures(code: dns.rcode.Rcode, failure: str) -> None:
    made = message()
    made.set_rcode(code)
    assert Reply(made).failure == failure


def test_a_message_cut_short() -> None:
    made = message()
    made.flags |= dns.flags.TC
    assert Reply(made).failure == "the answer is cut short"


def test_extended_errors_are_made_safe() -> None:
    made = message()
    options = [
        dns.edns.EDEOption(dns.edns.EDECode.SIGNATURE_EXPIRED, "expired\n\x1b[2J."),
        dns.edns.EDEOption(dns.edns.EDECode.DNSSEC_BOGUS),
        dns.edns.EDEOption(dns.edns.EDECode.OTHER, "x" * 999),
        dns.edns.GenericOption(dns.edns.OptionType.NSID, b"x"),
    ]
    made.use_edns(options=options)
    assert Reply(made).extended == (
        ExtendedError(7, r"expired\n\x1b[2J"),
        ExtendedError(6),
        ExtendedError(0, "x" * 200),
    )
    made.use_edns(options=options[:1] * 20)
    assert len(Reply(made).extended) == 10
