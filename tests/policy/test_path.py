"""Paths. What counts on the way is in the table of tests/interop/dane, case by case."""

import time
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from starttls.core.errors import CertificateRejected
from starttls.policy.path import Path, build, check_names, is_certificate, is_key
from starttls.tls.names import ServerIdentity
from tests.interop.dane.case import ALONE, CHAIN, HOST, MIDDLE, OTHER, ROOT, SERVED
from tests.policy.paper import NOW, Paper, authority, issue, server

DER = tuple(paper.der for paper in CHAIN)


def test_a_path_ends_at_the_first_anchor() -> None:
    assert build(DER, anchors=[ROOT.der], now=NOW) == Path(DER)
    assert build(DER, anchors=[ROOT.der, MIDDLE.der], now=NOW) == Path(DER[:2])
    assert build(DER[:2], keys=[ROOT.spki], now=NOW) == Path(DER[:2], ROOT.spki)
    assert build(DER[:1], keys=[OTHER.spki, MIDDLE.spki], now=NOW) == Path(DER[:1], MIDDLE.spki)


def test_what_cannot_be_read_on_the_way_is_left_out() -> None:
    assert build((DER[0], b"junk", DER[1], b"", DER[2]), anchors=[b"\x30\x00", ROOT.der], now=NOW) == Path(DER)


@pytest.mark.parametrize(
    ("chain", "reason"),
    [
        ((b"junk", *DER[1:]), "the certificate cannot be read"),
        ((DER[0],), "no path leads to a trusted authority"),
        ((OTHER.der, *DER[1:]), "no path leads to a trusted authority"),
    ],
)
def test_why_there_is_none(chain: tuple[bytes, ...], reason: str) -> None:
    with pytest.raises(CertificateRejected) as caught:
        build(chain, anchors=[ROOT.der], now=NOW)
    assert caught.value.reason == reason
    assert caught.value.chain == chain


def test_without_an_anchor_there_is_no_path() -> None:
    for anchors in ((), (b"junk",)):
        with pytest.raises(CertificateRejected, match="no path leads to a trusted authority"):
            build(DER, anchors=anchors, now=NOW)


# Each reason that the primitive has, from a chain that gives it: its words are not promised to stay.
BASIC = x509.BasicConstraints(ca=True, path_length=None)
HOSTED = x509.SubjectAlternativeName([x509.DNSName(HOST)])
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")


def _long() -> tuple[Paper, ...]:
    chain = [authority("0")]
    for number in range(1, 12):
        chain.insert(0, authority(str(number), chain[0]))
    return (server(chain[0]), *chain)


def _alike(keys: int = 6, curve: ec.EllipticCurve | None = None) -> tuple[Paper, ...]:
    """Authorities of one name, each of which has been issued by each other."""
    pool = [authority("alike", key=ec.generate_private_key(curve or ec.SECP256R1())) for _ in range(keys)]
    crossed = [authority("alike", by, key=of.key) for by in pool for of in pool if by is not of]
    return (server(pool[0]), *crossed, authority("alike"))


def _with_constraints() -> tuple[Paper, ...]:
    many = x509.NameConstraints(None, [x509.DNSName(f"x{number}.example.com") for number in range(1100)])
    root = authority("root", None, many)
    return server(root, names=tuple(f"a{number}.example.org" for number in range(1000))), root


def _forged() -> tuple[Paper, ...]:
    return server(authority("root")), ROOT


def _without(*extensions: x509.ExtensionType) -> tuple[Paper, ...]:
    root = issue("root", None, *extensions)
    return server(root), root


def _no_room() -> tuple[Paper, ...]:
    root = authority("root", room=0)
    middle = authority("middle", root)
    return server(middle), middle, root


def _constrained(*allowed: x509.GeneralName) -> tuple[Paper, ...]:
    root = authority("root", None, x509.NameConstraints(list(allowed), None))
    return server(root), root


def _brainpool() -> tuple[Paper, ...]:
    root = authority("root", key=ec.generate_private_key(ec.BrainpoolP256R1()))
    return server(root), root


@pytest.mark.parametrize(
    ("chain", "reason"),
    [
        (_long(), "the chain is too long"),
        (_alike(), "the chain has too many possible issuers"),
        (_with_constraints(), "an authority in the chain has too many name constraints"),
        (_forged(), "a signature in the chain is wrong"),
        (_without(), "an issuer in the chain is no authority"),
        (_without(x509.BasicConstraints(ca=False, path_length=None)), "an issuer in the chain is no authority"),
        (_no_room(), "the chain is longer than an authority in it allows"),
        (_constrained(x509.DNSName("example.com")), "an authority in the chain must not issue for this name"),
        (
            _constrained(x509.DirectoryName(x509.Name([]))),
            "an authority in the chain has name constraints of an unknown kind",
        ),
        (_brainpool(), "an issuer has a key of a kind that is not taken"),
        ((issue("server", ROOT, UNKNOWN, critical=(x509.UnrecognizedExtension,)), ROOT),
         "a certificate in the chain has a critical extension that is not known"),
    ],
)  # fmt: skip
def test_the_primitive_in_our_words(chain: tuple[Paper, ...], reason: str) -> None:
    with pytest.raises(CertificateRejected) as caught:
        build([paper.der for paper in chain], anchors=[chain[-1].der], now=NOW)
    assert caught.value.reason == reason


def test_dates_name_the_certificate() -> None:
    late, early = NOW + timedelta(days=60), NOW - timedelta(days=60)
    for now, words in ((late, "expired on "), (early, "is not valid before ")):
        with pytest.raises(CertificateRejected) as caught:
            build(DER, anchors=[ROOT.der], now=now)
        assert caught.value.reason.startswith(f"the certificate {words}")
    short = authority("middle", ROOT, days=(-1, 1))
    with pytest.raises(CertificateRejected) as caught:
        build([server(short).der, short.der], anchors=[ROOT.der], now=NOW + timedelta(days=2))
    assert caught.value.reason.startswith("the issuer's certificate (CN=middle) expired on ")


def test_a_bomb_costs_little() -> None:
    """Ninety certificates, each of which may have issued any other: the number of signatures is bounded."""
    bomb = [paper.der for paper in _alike(10, ec.SECP521R1())]
    began = time.process_time()
    with pytest.raises(CertificateRejected):
        build(bomb, anchors=[ROOT.der], keys=[ROOT.spki] * 1000, now=NOW)
    assert time.process_time() - began < 5


# --- what a record may hold whole ------------------------------------------------------------------


def test_one_certificate_and_nothing_else() -> None:
    assert is_certificate(SERVED.der)
    assert not any(map(is_certificate, (b"", SERVED.spki, SERVED.der[:-1], SERVED.der + b"\0", SERVED.pem)))


def test_one_key_and_nothing_else() -> None:
    assert is_key(SERVED.spki)
    rsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.rsa").generate_private_key(65537, 2048)
    assert is_key(rsa.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    assert not is_key(rsa.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1))
    assert not any(map(is_key, (b"", SERVED.der, SERVED.spki[:-1], SERVED.spki + b"\0")))


@given(st.binary(max_size=100))
def test_any_bytes_are_one_or_not(data: bytes) -> None:
    assert not is_certificate(data)
    assert not is_key(data)


# --- names -----------------------------------------------------------------------------------------


def test_one_name_of_several() -> None:
    check_names(SERVED.der, [ServerIdentity("example.com"), ServerIdentity(HOST)])
    check_names(server(ROOT, names=("*.example.org",)).der, [ServerIdentity(HOST)])


@pytest.mark.parametrize(
    ("paper", "names", "reason"),
    [
        (SERVED, ("a.org",), f"the certificate is for {HOST}, not a.org"),
        (SERVED, (), f"the certificate is for {HOST}, not any"),
        (issue(HOST), (HOST,), f"the certificate is for no name, not {HOST}"),
        (server(None, names=tuple(f"{letter}.org" for letter in "abcdefg")), ("x.org", "y.org"),
         "the certificate is for a.org, b.org, c.org, d.org, e.org and 2 more, not x.org or y.org"),
    ],
)  # fmt: skip
def test_names_that_do_not_match(paper: Paper, names: tuple[str, ...], reason: str) -> None:
    with pytest.raises(CertificateRejected) as caught:
        check_names(paper.der, [ServerIdentity(name) for name in names])
    assert caught.value.reason == reason


def test_a_certificate_that_signed_itself_is_its_own_anchor_where_it_is_given() -> None:
    assert build([ALONE.der], anchors=[ALONE.der], now=NOW) == Path((ALONE.der,))
    assert build([ALONE.der], keys=[ALONE.spki], now=NOW) == Path((ALONE.der,), ALONE.spki)
