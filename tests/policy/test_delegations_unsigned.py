"""Delegations of unsigned zones, and names where there is no delegation: opt-out, iterations, names between."""

import dns.message
import dns.name
import dns.rrset
import pytest

from starttls.policy.answer import Question, Status
from starttls.policy.dnssec import Validator
from tests.policy.signed_world import World, look_up, tree
from tests.policy.signed_zone import NOW, Zone

MAIL = "mail A 192.0.2.1"

both = pytest.mark.parametrize("nsec3", [False, True], ids=["nsec", "nsec3"])


def status_and_reason(here: World, name: str = "mail.example.org") -> tuple[Status, str]:
    answer = look_up(here, name, "A")
    return answer.status, answer.reason


# --- opt-out, iterations ------------------------------------------------------------------------------


def test_an_opt_out_span_hides_an_unsigned_delegation() -> None:
    org = Zone("org", nsec3=True, opt_out=True)
    here = World(Zone("."), org, Zone("example.org", MAIL, signed=False), Zone("signed.org", MAIL))
    assert status_and_reason(here) == (
        Status.INSECURE,
        "org has no DS record for example.org, by opt-out (RFC 5155)",
    )
    assert status_and_reason(here, "mail.signed.org")[0] is Status.SECURE
    gone = look_up(here, "gone.org", "A")
    assert (gone.status, gone.exists) == (Status.INSECURE, False)


def test_a_signed_delegation_is_not_hidden_by_opt_out() -> None:
    org = Zone("org", nsec3=True, opt_out=True)
    here = World(Zone("."), org, Zone("example.org", MAIL))

    def hide(question: Question, message: dns.message.Message) -> dns.message.Message:
        if question == Question("example.org", "DS"):
            message.answer = []
            proofs = [
                rrset
                for name in ("a.org", "b.org", "c.org", "d.org", "org")
                for rrset in org.proof(dns.name.from_text(name))
            ]
            message.authority = list({(rrset.name, rrset.rdtype): rrset for rrset in proofs}.values())
        elif question.name == "mail.example.org":
            message.answer = message.answer[:1]
        return message

    assert look_up(here, "mail.example.org", "A", tamper=hide).status is Status.BOGUS


def test_without_opt_out_a_span_does_not_make_a_delegation_insecure() -> None:
    # A name that does not exist is no delegation: whoever serves it unsigned data is a forger.
    here = World(Zone("."), Zone("org", nsec3=True))

    def forge(question: Question, message: dns.message.Message) -> dns.message.Message:
        if question == Question("mail.nothing.org", "A"):
            message.answer = [dns.rrset.from_text("mail.nothing.org.", 60, "IN", "A", "203.0.113.1")]
            message.authority = []
        return message

    answer = look_up(here, "mail.nothing.org", "A", tamper=forge)
    assert (answer.status, answer.reason) == (
        Status.BOGUS,
        "mail.nothing.org A has no signature, and org is signed",
    )


@pytest.mark.parametrize(("iterations", "status"), [(100, Status.SECURE), (101, Status.INSECURE)])
def test_iterations(iterations: int, status: Status) -> None:
    here = tree(MAIL, nsec3=True, iterations=iterations, salt=b"\xaa\xbb")
    answer = look_up(here, "nothing.example.org", "A")
    assert (answer.status, answer.exists) == (status, False)
    assert look_up(here, "mail.example.org", "A").status is Status.SECURE  # it needs no denial


def test_below_too_many_iterations_all_that_is_not_signed_is_insecure() -> None:
    here = World(Zone("."), Zone("org", nsec3=True, iterations=150), Zone("example.org", MAIL, signed=False))
    assert status_and_reason(here) == (
        Status.INSECURE,
        "org has no DS record for example.org, by NSEC3 with 150 iterations (RFC 9276)",
    )


# --- where there is no cut ----------------------------------------------------------------------------


@both
def test_a_zone_may_be_many_labels_below_another(nsec3: bool) -> None:
    here = World(Zone(".", nsec3=nsec3), Zone("a.b.c.example.org", MAIL, nsec3=nsec3))
    assert look_up(here, "mail.a.b.c.example.org", "A").status is Status.SECURE
    validator = Validator(here.anchors)
    look_up(here, "mail.a.b.c.example.org", "A", validator=validator)
    here.asked.clear()
    look_up(here, "mail.a.b.c.example.org", "A", validator=validator, now=NOW + 1)
    assert len(here.asked) == 1


@both
def test_an_unsigned_zone_many_labels_below_is_found(nsec3: bool) -> None:
    here = World(Zone(".", nsec3=nsec3), Zone("a.b.c.example.org", MAIL, signed=False))
    assert look_up(here, "mail.a.b.c.example.org", "A").status is Status.INSECURE


def test_an_alias_is_no_delegation() -> None:
    here = tree("alias CNAME mail\n" + MAIL)

    def below(question: Question, message: dns.message.Message) -> dns.message.Message:
        if question == Question("x.alias.example.org", "A"):
            message.answer = [dns.rrset.from_text("x.alias.example.org.", 60, "IN", "A", "203.0.113.1")]
            message.authority = []
        return message

    answer = look_up(here, "x.alias.example.org", "A", tamper=below)
    assert (answer.status, answer.reason) == (
        Status.BOGUS,
        "x.alias.example.org A has no signature, and example.org is signed",
    )
