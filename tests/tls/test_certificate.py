import contextlib
import hashlib
import ipaddress
from datetime import UTC, datetime

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from starttls.core.errors import CertificateRejected
from starttls.tls.certificate import SHOWN, CertificateFacts, read_certificate, shown
from tests.tls.pairs import DAY, NOW, authority, other_name, srv_id, xmpp_addr

ROOT = authority()


def facts_of(*names: x509.GeneralName, subject: str = "") -> CertificateFacts:
    certificate, _ = ROOT.issue(names, subject=subject)
    return read_certificate(certificate.public_bytes(Encoding.DER))


def test_the_facts_of_a_certificate() -> None:
    begins, ends = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), datetime(2049, 1, 2, tzinfo=UTC)
    certificate, _ = ROOT.issue([x509.DNSName("mail.example.org")], begins=begins, ends=ends, subject="old name")
    der = certificate.public_bytes(Encoding.DER)
    facts = read_certificate(der)
    assert facts.subject == "CN=old name"
    assert facts.issuer == "CN=Throwaway"
    assert facts.names == ("mail.example.org",)
    assert (facts.not_before, facts.not_after) == (begins, ends)
    assert facts.sha256 == hashlib.sha256(der).hexdigest()
    assert facts.serial == certificate.serial_number
    assert (facts.key_type, facts.key_bits) == ("ec", 256)
    assert facts.signature_algorithm == "ecdsa-with-sha256"
    assert not facts.self_signed
    root = read_certificate(ROOT.certificate.public_bytes(Encoding.DER))
    assert root.self_signed
    assert root.names == ()


def test_every_kind_of_name() -> None:
    facts = facts_of(
        x509.DNSName("mail.example.org"),
        x509.DNSName("*.example.org"),
        x509.IPAddress(ipaddress.ip_address("192.0.2.1")),
        x509.IPAddress(ipaddress.ip_address("2001:db8::1")),
        x509.RFC822Name("alice@example.org"),
        x509.UniformResourceIdentifier("xmpp:example.org"),
        srv_id("_xmpp-client.example.org"),
        xmpp_addr("b\u00fccher.example"),
    )
    names = facts.alternative
    assert names.dns == ("mail.example.org", "*.example.org")
    assert names.ips == ("192.0.2.1", "2001:db8::1")
    assert names.srv == ("_xmpp-client.example.org",)
    assert names.xmpp == ("b\u00fccher.example",)
    assert len(facts.names) == 6


def test_a_long_other_name() -> None:
    name = "_xmpp-client." + ".".join(["a" * 60] * 3) + ".org"
    raw = b"\x16\x81" + bytes([len(name)]) + name.encode()
    identifier = x509.ObjectIdentifier("1.3.6.1.5.5.7.8.7")
    assert facts_of(x509.OtherName(identifier, raw)).alternative.srv == (name,)


@pytest.mark.parametrize(
    "name",
    [
        other_name("1.3.6.1.5.5.7.8.7", 0x0C, "_xmpp-client.example.org"),  # UTF8String where IA5String belongs
        other_name("1.3.6.1.5.5.7.8.5", 0x16, "example.org"),
        x509.OtherName(x509.ObjectIdentifier("1.3.6.1.5.5.7.8.7"), b"\x30\x00"),
        x509.OtherName(x509.ObjectIdentifier("1.3.6.1.5.5.7.8.7"), b"\x16\x00"),
    ],
)
def test_other_names_that_make_no_sense_match_nothing(name: x509.OtherName) -> None:
    names = facts_of(name, x509.DNSName("example.org")).alternative
    assert set(names.srv + names.xmpp) <= {""}


def test_what_is_shown_cannot_drive_a_terminal() -> None:
    facts = facts_of(xmpp_addr("\x1b[31mred\u202egnp.exe\n"), subject="\x1b]0;title\x07")
    assert facts.names == ("\\x1b[31mred\\u202egnp.exe\\n",)
    assert "\x1b" not in facts.subject
    assert len(shown("x" * 10_000)) == SHOWN


@pytest.mark.parametrize(
    ("key", "kind", "bits"),
    [
        (rsa.generate_private_key(65537, 2048).public_key(), "rsa", 2048),
        (ec.generate_private_key(ec.SECP384R1()).public_key(), "ec", 384),
        (ed25519.Ed25519PrivateKey.generate().public_key(), "ed25519", 256),
        (ed448.Ed448PrivateKey.generate().public_key(), "ed448", 456),
        (dsa.generate_private_key(1024).public_key(), "dsa", 1024),
    ],
)
def test_kinds_of_key(key: CertificateIssuerPublicKeyTypes, kind: str, bits: int) -> None:
    builder = x509.CertificateBuilder(
        x509.Name([]), x509.Name([]), key, x509.random_serial_number(), NOW - DAY, NOW + DAY
    )
    facts = read_certificate(builder.sign(ROOT.key, hashes.SHA384()).public_bytes(Encoding.DER))
    assert (facts.key_type, facts.key_bits) == (kind, bits)
    assert facts.signature_algorithm == "ecdsa-with-sha384"


def test_a_broken_part_does_not_hide_the_rest() -> None:
    certificate, _ = ROOT.issue([x509.DNSName("mail.example.org")])
    der = certificate.public_bytes(Encoding.DER)
    facts = read_certificate(der.replace(b"\x82\x10mail.example.org", b"\x82\x10mail.\xff\xff\xff\xff\xff\xff\xff.org"))
    assert facts.names == ()
    assert facts.key_type == "ec"
    facts = read_certificate(der.replace(bytes.fromhex("06072a8648ce3d0201"), bytes.fromhex("06072a8648ce3d0209"), 1))
    assert (facts.key_type, facts.key_bits) == ("unknown", 0)
    assert facts.names == ("mail.example.org",)
    ecdsa_sha256, nobody_s = bytes.fromhex("06082a8648ce3d040302"), bytes.fromhex("06082a8648ce3d040309")
    facts = read_certificate(der.replace(ecdsa_sha256, nobody_s))
    assert facts.signature_algorithm == "1.2.840.10045.4.3.9"
    assert facts.names == ("mail.example.org",)


@pytest.mark.parametrize(
    "der", [b"", b"\x30", b"not a certificate", b"\x30\x03\x02\x01\x01", b"\x30\x84\xff\xff\xff\xff"]
)
def test_what_is_no_certificate(der: bytes) -> None:
    with pytest.raises(CertificateRejected, match="cannot be read") as caught:
        read_certificate(der)
    assert caught.value.chain == (der,)


GOOD = trustme.CA().issue_cert("mail.example.org").cert_chain_pems[0].bytes()
GOOD_DER = x509.load_pem_x509_certificate(GOOD).public_bytes(Encoding.DER)


@given(at=st.integers(0, len(GOOD_DER) - 1), value=st.integers(0, 255), cut=st.integers(0, 40))
def test_a_damaged_certificate_gives_facts_or_is_rejected(at: int, value: int, cut: int) -> None:
    damaged = bytearray(GOOD_DER)
    damaged[at] = value
    with contextlib.suppress(CertificateRejected):
        facts = read_certificate(bytes(damaged[: len(damaged) - cut]))
        assert all(name.isprintable() for name in (*facts.names, facts.subject, facts.issuer))
