import pytest

from starttls.policy.answer import MX, Address, Answer, Question, Status
from starttls.policy.destination import Action, Decision, Destination, Host, Kind
from starttls.policy.errors import NoMail


def answer(rdtype: str, status: Status, *records: Address | MX) -> Answer:
    return Answer(question=Question("mx.example.org", rdtype), status=status, records=records)


def test_a_host_is_where_an_answer_that_may_be_used_has_addresses() -> None:
    a = answer("A", Status.INSECURE, Address("192.0.2.1"))
    assert Host(host="mx.example.org", addresses=(a, answer("AAAA", Status.BOGUS))).located == (a,)
    assert Host(host="mx.example.org", addresses=(answer("AAAA", Status.SECURE),)).located == ()
    assert Host(host="mx.example.org").located == ()
    # Where there should be no records, they are not used either.
    bad = answer("A", Status.BOGUS, Address("192.0.2.1"))
    assert Host(host="mx.example.org", addresses=(bad,)).located == ()


@pytest.mark.parametrize("status", Status)
def test_the_way_is_worth_what_the_mx_answer_is(status: Status) -> None:
    mx = answer("MX", status)
    assert Destination(domain="example.org", kind=Kind.MX, mx=mx).status is status
    assert Destination(domain="example.org", kind=Kind.HOST).status is Status.SECURE


def test_decisions_are_equal_whatever_error_object_they_carry() -> None:
    one, other = (
        Decision(host="example.org", action=Action.REJECT, error=NoMail("example.org", "a null MX")) for _ in range(2)
    )
    assert one == other
    assert not one.authentic
