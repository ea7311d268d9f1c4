"""Certificates and keys in the forms that other libraries want them: PKCS #12, and the databases of NSS."""

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)

from tests.interop.clients.papers import Papers
from tests.interop.clients.program import Home

__all__ = ["NICKNAME", "PASSPHRASE", "nss_prover", "nss_truster", "pkcs8", "pkcs12_file"]

NICKNAME = "server"
PASSPHRASE = "only-a-test"


def pkcs12_file(home: Home, papers: Papers, kind: str) -> Path:
    """The key, the certificate and its chain in one file."""
    leaf, *chain = x509.load_pem_x509_certificates(papers.certificate(kind).read_bytes())
    encryption = BestAvailableEncryption(PASSPHRASE.encode())
    data = pkcs12.serialize_key_and_certificates(NICKNAME.encode(), _key(papers, kind), leaf, chain, encryption)
    return home.write("server.p12", data)


def pkcs8(home: Home, papers: Papers, kind: str) -> Path:
    """The key in PKCS #8 (RFC 5958)."""
    data = _key(papers, kind).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return home.write("server.pk8", data)


def nss_truster(home: Home, papers: Papers) -> str:
    """A database that trusts our root to vouch for servers (C), and nothing else."""
    database = _database(home, "trust")
    _succeed(home, "certutil", "-A", "-d", database, "-n", "root", "-t", "C,,", "-i", str(papers.ca_file))
    return database


def nss_prover(home: Home, papers: Papers, kind: str) -> str:
    """A database with the key and the certificate of a server, as NICKNAME."""
    database = _database(home, "proof")
    file = str(pkcs12_file(home, papers, kind))
    _succeed(home, "pk12util", "-i", file, "-d", database, "-W", PASSPHRASE, "-K", "")
    return database


def _database(home: Home, name: str) -> str:
    folder = home.folder / name
    folder.mkdir()
    _succeed(home, "certutil", "-N", "-d", f"sql:{folder}", "--empty-password")
    return f"sql:{folder}"


def _succeed(home: Home, *command: str) -> None:
    ran = home.run(*command)
    assert ran.status == 0, ran.output


def _key(papers: Papers, kind: str) -> EllipticCurvePrivateKey:
    key = load_pem_private_key(papers.key(kind).read_bytes(), None)
    assert isinstance(key, EllipticCurvePrivateKey)
    return key
