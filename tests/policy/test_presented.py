import hashlib

import pytest

from starttls.policy.answer import TLSA
from starttls.policy.presented import FULL, KEY, SHA256, SHA512, WHOLE, Presented, Usage, brief, selected
from tests.interop.dane.case import ALONE, CHAIN, MIDDLE, OTHER, SERVED
from tests.policy.paper import record


def test_usages_have_their_numbers() -> None:
    assert [usage.name for usage in Usage] == ["PKIX_TA", "PKIX_EE", "DANE_TA", "DANE_EE"]
    assert [*Usage] == [0, 1, 2, 3]


@pytest.mark.parametrize(("selector", "data"), [(WHOLE, SERVED.der), (KEY, SERVED.spki)], ids=["whole", "key"])
def test_what_a_record_holds(selector: int, data: bytes) -> None:
    assert selected(SERVED.der, selector, FULL) == data
    assert selected(SERVED.der, selector, SHA256) == hashlib.sha256(data).digest()
    assert selected(SERVED.der, selector, SHA512) == hashlib.sha512(data).digest()


@pytest.mark.parametrize("mtype", [FULL, SHA256, SHA512])
def test_what_is_no_certificate_has_no_key(mtype: int) -> None:
    assert selected(b"junk", KEY, mtype) is None


def test_places_of_a_record() -> None:
    presented = Presented([paper.der for paper in (*CHAIN, MIDDLE)])
    assert presented.places(record(2, 1, 1, MIDDLE)) == [1, 3]
    assert presented.places(record(3, 1, 1, OTHER)) == []
    assert presented.places(TLSA(3, 1, 1, b"")) == []


def test_the_server_is_no_authority_over_itself_wherever_it_stands() -> None:
    presented = Presented([ALONE.der, MIDDLE.der, ALONE.der])
    assert presented.authorities(record(2, 1, 1, ALONE)) == []
    assert presented.authorities(record(2, 1, 1, MIDDLE)) == [MIDDLE.der]


def test_each_certificate_is_digested_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []

    def counted(certificate: bytes, selector: int, mtype: int) -> bytes | None:
        asked.append(certificate)
        return selected(certificate, selector, mtype)

    monkeypatch.setattr("starttls.policy.presented.selected", counted)
    presented = Presented([paper.der for paper in CHAIN])
    for number in range(1000):
        presented.places(TLSA(3, 1, 1, number.to_bytes(32)))
    assert asked == [paper.der for paper in CHAIN]


def test_a_record_in_a_line() -> None:
    assert brief(TLSA(3, 1, 1, bytes(32))) == "3 1 1 0000000000000000..."
    assert brief(TLSA(3, 1, 0, b"\x01\x02")) == "3 1 0 0102"
