import warnings

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from starttls.grammar import ber
from starttls.policy import der, path
from tests.interop.dane.case import CHAIN, MIDDLE, ROOT, SERVED
from tests.policy.paper import Paper, authority, named


@pytest.mark.parametrize("paper", CHAIN, ids=lambda paper: str(paper.certificate.subject))
def test_the_parts_are_those_that_cryptography_reads(paper: Paper) -> None:
    assert der.issuer(paper.der) == paper.certificate.issuer.public_bytes()
    assert der.subject(paper.der) == paper.certificate.subject.public_bytes()
    written = paper.certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert der.public_key(paper.der) == written


def test_a_certificate_of_version_1_has_no_version() -> None:
    # RFC 5280 §4.1: the field is left out, and the others move up.
    body = b"".join(bytes((0x30, 1, number)) for number in range(6)).replace(b"\x30\x01\x00", b"\x02\x01\x00")
    certificate = bytes((0x30, len(body) + 2, 0x30, len(body))) + body
    assert der.issuer(certificate) == b"\x30\x01\x02"
    assert der.subject(certificate) == b"\x30\x01\x04"
    assert der.public_key(certificate) == b"\x30\x01\x05"


@pytest.mark.parametrize(
    "data",
    [b"", b"\x30", b"\x30\x80", b"\x30\x00", b"\x30\x02\x30\x00", b"\x02\x01\x00", SERVED.der[:-1], SERVED.der[1:],
     b"\x30\x04\x30\x02\xa0\x00", b"\x31" + SERVED.der[1:]],
)  # fmt: skip
def test_what_is_no_certificate_has_no_parts(data: bytes) -> None:
    assert der.issuer(data) is der.subject(data) is der.public_key(data) is None


@given(st.binary(max_size=300))
def test_any_bytes_have_parts_or_none(data: bytes) -> None:
    key = der.public_key(data)
    assert key is None or key in data


def numbered_as(content: str) -> bytes:
    """A certificate with this serial number, and a signature that is wrong."""
    fields = ROOT.certificate.tbs_certificate_bytes
    _, start, end = ber.bounds(fields, 0)
    _, _, version = ber.bounds(fields, start)
    _, _, serial = ber.bounds(fields, version)
    number = ber.element(0x02, bytes.fromhex(content))
    body = ber.element(0x30, fields[start:version], number, fields[serial:end])
    return ber.element(0x30, body, ROOT.der[4 + len(fields) :])


@pytest.mark.parametrize(
    ("content", "good"),
    [("01", True), ("00ff", True), ("7f00", True), ("00", False), ("0000", False), ("ff", False), ("80", False),
     ("", False)],
)  # fmt: skip
def test_a_serial_number_is_above_0(content: str, good: bool) -> None:
    certificate = numbered_as(content)
    assert der.subject(certificate) == der.subject(ROOT.der)
    assert der.numbered(certificate) is good
    with warnings.catch_warnings(record=True) as said:
        assert path.is_certificate(certificate) is good
    assert not said


def test_what_is_no_certificate_has_no_number() -> None:
    assert not der.numbered(b"junk")


def test_an_anchor_is_a_name_and_a_key() -> None:
    made = x509.load_der_x509_certificate(der.anchor(named("some authority").public_bytes(), MIDDLE.spki))
    assert made.subject == made.issuer == named("some authority")
    assert made.public_key() == MIDDLE.key.public_key()
    assert made.version is x509.Version.v3
    assert (made.not_valid_before_utc.year, made.not_valid_after_utc.year) == (1970, 9999)
    constraints = made.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical
    assert constraints.value == x509.BasicConstraints(ca=True, path_length=None)
    assert len(made.extensions) == 1


def test_an_anchor_may_have_any_name() -> None:
    long = authority("x" * 60)
    name = der.subject(long.der)
    assert name is not None
    made = der.anchor(name, long.spki)
    assert der.subject(made) == der.issuer(made) == name
    assert der.public_key(made) == long.spki
