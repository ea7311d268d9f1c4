from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from starttls.tls.names import ServerIdentity
from starttls.tls.reasons import reason
from tests.tls.pairs import DAY, NOW, Authority, authority

ROOT = authority()
HOST = ServerIdentity("mail.example.org")


def der(one: Authority, *names: str, **dates: timedelta) -> bytes:
    begins, ends = NOW + dates.get("begins", -DAY), NOW + dates.get("ends", DAY)
    certificate, _ = one.issue([x509.DNSName(name) for name in names], begins=begins, ends=ends)
    return certificate.public_bytes(Encoding.DER)


def test_expired() -> None:
    chain = [der(ROOT, "mail.example.org", begins=-9 * DAY, ends=-2 * DAY)]
    assert reason(10, "certificate has expired", chain, HOST, NOW) == f"certificate expired on {NOW - 2 * DAY:%Y-%m-%d}"


def test_not_yet_valid() -> None:
    chain = [der(ROOT, "mail.example.org", begins=2 * DAY, ends=9 * DAY)]
    text = reason(9, "certificate is not yet valid", chain, HOST, NOW)
    assert text == f"certificate is not valid before {NOW + 2 * DAY:%Y-%m-%d %H:%M} UTC"


def test_an_issuer_out_of_date() -> None:
    old = authority(begins=NOW - 9 * DAY, ends=NOW - 2 * DAY)
    chain = [der(old, "mail.example.org"), old.certificate.public_bytes(Encoding.DER)]
    expected = f"issuer's certificate (CN=Throwaway) expired on {NOW - 2 * DAY:%Y-%m-%d}"
    assert reason(10, "", chain, HOST, NOW) == expected
    # The root that is out of date need not be among what was presented.
    assert reason(10, "", chain[:1], HOST, NOW) == "a certificate of the chain has expired"
    assert reason(9, "", chain[:1], HOST, NOW) == "a certificate is not valid yet"


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["a.example"], "certificate is for a.example, not mail.example.org"),
        (["a.example", "b.example"], "certificate is for a.example, b.example, not mail.example.org"),
        ([], "certificate is for no name, not mail.example.org"),
        ([f"{n}.example" for n in range(9)],
         "certificate is for 0.example, 1.example, 2.example, 3.example, 4.example and 4 more, not mail.example.org"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("code", [62, 64])
def test_a_name_mismatch(code: int, names: list[str], text: str) -> None:
    assert reason(code, "Hostname mismatch", [der(ROOT, *names)], HOST, NOW) == f"name mismatch: {text}"


@pytest.mark.parametrize(
    ("code", "words", "text"),
    [
        (18, "self-signed certificate", "self-signed"),
        (20, "unable to get local issuer certificate", "issuer unknown"),
        (21, "unable to verify the first certificate", "issuer unknown: the chain is incomplete"),
        (999, "Something New", "something new"),
        (999, "", "OpenSSL's verify code 999"),
        (62, "Hostname mismatch", "name mismatch: certificate is for no name, not mail.example.org"),
    ],
)
def test_codes_without_a_readable_chain(code: int, words: str, text: str) -> None:
    assert reason(code, words, [b"garbage"], HOST, NOW) == text
    assert reason(code, words, [], HOST, NOW) == text


def test_each_reason_is_one_line() -> None:
    for code in range(100):
        text = reason(code, "words", [der(ROOT, "a.example")], None, NOW)
        assert text == text.strip(" .")
        assert "\n" not in text
