import itertools

import pytest

from starttls.policy.answer import MX, TLSA, TXT, Address, Alias, Answer, Question, Status


def test_only_what_is_proven_or_proven_to_be_unsigned_can_be_used() -> None:
    assert [status for status in Status if status.usable] == [Status.SECURE, Status.INSECURE]


@pytest.mark.parametrize(("one", "other"), list(itertools.product(Status, Status)))
def test_answers_that_rest_on_each_other_are_worth_the_lesser(one: Status, other: Status) -> None:
    together = one.weaker(other)
    assert together is other.weaker(one)
    assert together in {one, other}
    assert together.usable is (one.usable and other.usable)
    assert (together is Status.SECURE) is (one is other is Status.SECURE)


def test_an_answer_belongs_to_the_name_that_the_aliases_lead_to() -> None:
    question = Question("www.example.org", "A")
    answer = Answer(question=question, status=Status.SECURE, records=(Address("192.0.2.1"), MX(10, "mx.example.org")))
    assert answer.name == "www.example.org"
    assert answer.of(Address) == (Address("192.0.2.1"),)
    assert answer.of(TLSA) == ()
    aliases = tuple(Alias(name, target, Status.SECURE) for name, target in (("www.example.org", "a"), ("a", "b")))
    assert Answer(question=question, status=Status.SECURE, aliases=aliases).name == "b"


def test_strings_are_joined_without_anything_in_between() -> None:
    assert TXT((b"v=STSv1; ", b"id=", b"1")).joined == b"v=STSv1; id=1"


def test_text_forms() -> None:
    assert str(Question("example.org", "MX")) == "example.org MX"
    assert str(TLSA(3, 1, 1, b"\xab\xcd")) == "3 1 1 abcd"
