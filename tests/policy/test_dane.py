"""One host, of which all that is known was put together by hand; with lookups in `test_decide_dane`."""

import pytest

from starttls.core.errors import CannotResolve
from starttls.policy.answer import TLSA, Address, Alias, Answer, ExtendedError, Question, Status
from starttls.policy.dane import by_dane, said
from starttls.policy.destination import Action, Host
from starttls.policy.errors import NotAuthentic

RECORD = TLSA(3, 1, 1, 32 * b"\xab")
A = Answer(question=Question("mx.example.org", "A"), status=Status.SECURE, records=(Address("192.0.2.1"),))
FOUND = Answer(question=Question("_25._tcp.mx.example.org", "TLSA"), status=Status.SECURE, records=(RECORD,))
BOGUS = Answer(
    question=FOUND.question,
    status=Status.BOGUS,
    reason="the signature expired",
    extended=(ExtendedError(7, "expired"),),
)


def test_records_that_can_be_used() -> None:
    decision = by_dane(Host(host="mx.example.org", addresses=(A,), tlsa=(FOUND,)), smtp=True, names=("example.org",))
    assert (decision.action, decision.tlsa, decision.sni) == (Action.DANE, (RECORD,), "mx.example.org")
    assert decision.names == ("mx.example.org", "example.org")


def test_an_error_says_what_failed() -> None:
    decision = by_dane(Host(host="mx.example.org", addresses=(A,), tlsa=(BOGUS,)), smtp=True, names=())
    error = decision.error
    assert isinstance(error, NotAuthentic)
    assert (error.question, error.status, error.extended) == (BOGUS.question, Status.BOGUS, BOGUS.extended)
    assert str(error) == "DNS: _25._tcp.mx.example.org TLSA is bogus: the signature expired"


def test_insecure_records_are_none() -> None:
    insecure = Answer(question=FOUND.question, status=Status.INSECURE, records=(RECORD,))
    decision = by_dane(Host(host="mx.example.org", addresses=(A,), tlsa=(insecure,)), smtp=True, names=())
    assert decision.action is Action.OPPORTUNISTIC


def test_an_alias_that_cannot_be_told_leaves_the_host_out() -> None:
    through = (Alias("mx.example.org", "real.example.net", Status.SECURE),)
    a = Answer(question=A.question, status=Status.INSECURE, records=A.records, aliases=through)
    alias = Answer(
        question=Question("mx.example.org", "CNAME"), status=Status.INDETERMINATE, reason="no answer in time"
    )
    decision = by_dane(Host(host="mx.example.org", addresses=(a,), alias=alias), smtp=True, names=())
    assert (decision.action, type(decision.error)) == (Action.DEFER, NotAuthentic)


def test_records_in_an_answer_that_may_not_be_used_are_not_used() -> None:
    bad = Answer(question=A.question, status=Status.BOGUS, records=A.records)
    assert by_dane(Host(host="mx.example.org", addresses=(bad,)), smtp=True, names=()).action is Action.DEFER


def test_what_is_no_name_cannot_be_reached() -> None:
    decision = by_dane(Host(host="a b"), smtp=True, names=())
    assert (decision.action, type(decision.error)) == (Action.DEFER, CannotResolve)


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("", "_25._tcp.mx.example.org TLSA is bogus"),
        ("a\x1b[2Jb\n.", "_25._tcp.mx.example.org TLSA is bogus (a\\x1b[2Jb\\n)"),
        (1000 * "x", f"_25._tcp.mx.example.org TLSA is bogus ({200 * 'x'})"),
    ],
)
def test_a_server_s_words_stay_in_their_line(reason: str, text: str) -> None:
    assert said(Answer(question=FOUND.question, status=Status.BOGUS, reason=reason)) == text
