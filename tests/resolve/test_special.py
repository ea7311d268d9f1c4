import pytest

from starttls.core.errors import Misuse
from starttls.policy.answer import Address, Status
from starttls.resolve.special import answered_here, as_asked


def test_names_as_typed() -> None:
    assert as_asked("Müller.Example.") == "xn--mller-kva.example"
    assert as_asked("_25._tcp.MX.example.org") == "_25._tcp.mx.example.org"
    assert as_asked(".") == "."
    with pytest.raises(Misuse):
        as_asked("a..b")


@pytest.mark.parametrize("name", ["example.org", "localhost.example.org", "_25._tcp.mx.example.org", "com", "."])
def test_most_names_are_asked(name: str) -> None:
    assert answered_here(name, "A") is None


@pytest.mark.parametrize(("rdtype", "address"), [("A", "127.0.0.1"), ("AAAA", "::1")])
@pytest.mark.parametrize("name", ["localhost", "LOCALHOST.", "imap.localhost"])
def test_localhost_is_this_host(name: str, rdtype: str, address: str) -> None:
    answer = answered_here(name, rdtype)
    assert answer is not None
    assert (answer.status, answer.records) == (Status.INSECURE, (Address(address),))


@pytest.mark.parametrize("name", ["192.0.2.1", "2001:db8::1", "imap.invalid", "abc.onion"])
def test_what_does_not_exist(name: str) -> None:
    answer = answered_here(name, "A")
    assert answer is not None
    assert (answer.status, answer.records, answer.exists) == (Status.INSECURE, (), False)


@pytest.mark.parametrize("name", ["", "a..b", "-a.example", "a b.example", "x" * 64 + ".example", "\\255.example"])
def test_an_impossible_name_is_an_answer_that_nobody_can_use(name: str) -> None:
    answer = answered_here(name, "A")
    assert answer is not None
    assert answer.status is Status.INDETERMINATE
    assert "neither a host name" in answer.reason
