import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.verification import PolicyBuilder, Store

from starttls.lab.authority import WEEK, Authority, Identity


def leaf(identity: Identity) -> x509.Certificate:
    return x509.load_pem_x509_certificate(identity.chain)


def test_a_certificate_proves_its_names_and_its_addresses() -> None:
    authority = Authority("a test CA")
    root = x509.load_pem_x509_certificate(authority.certificate)
    issued = leaf(authority.issue("mail.example.org", "192.0.2.1", "::1"))
    policy = PolicyBuilder().store(Store([root]))
    chain = policy.build_server_verifier(x509.DNSName("mail.example.org")).verify(issued, [])
    assert chain == [issued, root]
    names = issued.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(name.value) for name in names] == ["mail.example.org", "192.0.2.1", "::1"]
    assert issued.issuer.rfc4514_string() == "CN=a test CA"


def test_the_key_belongs_to_the_certificate() -> None:
    identity = Authority().issue("localhost")
    assert load_pem_private_key(identity.key, None).public_key() == leaf(identity).public_key()


def test_it_is_valid_from_a_little_before_now_for_a_week() -> None:
    issued = leaf(Authority().issue("localhost"))
    now = datetime.now(UTC)
    assert issued.not_valid_before_utc < now - timedelta(minutes=4)
    assert now + WEEK - timedelta(minutes=1) < issued.not_valid_after_utc <= now + WEEK


def test_it_can_have_expired() -> None:
    issued = leaf(Authority().issue("localhost", valid=timedelta(days=-3)))
    assert issued.not_valid_before_utc < issued.not_valid_after_utc < datetime.now(UTC) - timedelta(days=2.9)


def test_files_are_ours_alone_and_gone_afterwards() -> None:
    identity = Authority().issue("localhost")
    with identity.files() as files:
        assert (files.chain.read_bytes(), files.key.read_bytes()) == (identity.chain, identity.key)
        assert stat.S_IMODE(files.key.stat().st_mode) == 0o600
        assert stat.S_IMODE(files.key.parent.stat().st_mode) == 0o700
        folder: Path = files.key.parent
    assert not folder.exists()


def test_a_key_is_not_shown() -> None:
    assert b"PRIVATE KEY" not in repr(Authority().issue("localhost")).encode()
