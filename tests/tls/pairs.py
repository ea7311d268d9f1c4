"""Two TLS sessions and the wire between them; certificates of every kind, from throwaway authorities."""

import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from starttls.core.outcome import Upgrade
from starttls.core.talk import Steps, Talk
from starttls.core.transcript import Side
from starttls.tls.connection import Connection
from starttls.tls.contexts import client_context, server_context
from starttls.tls.names import ServerIdentity
from starttls.tls.proof import ImplicitTLS, Resumption
from starttls.tls.session import TLSSession

HOST = "mail.example.org"
NOW = datetime.now(UTC)
DAY = timedelta(days=1)
IMPLICIT_CLIENT, IMPLICIT_SERVER = ImplicitTLS("imap", Side.CLIENT), ImplicitTLS("imap", Side.SERVER)


def upgrade(side: Side) -> Upgrade:
    """A real proof, from the shortest of all conversations."""
    talk = Talk("smtp", side)

    def dialogue() -> Steps[None]:
        talk.upgrade()
        yield from ()

    talk.begin(dialogue())
    assert isinstance(talk.outcome, Upgrade)
    return talk.outcome


@dataclass(frozen=True)
class Files:
    """PEM files: an authority, a server's certificate with chain and key, and a client's."""

    ca: Path
    server: Path
    client: Path


def write_files(folder: Path, *, key_type: trustme.KeyType = trustme.KeyType.ECDSA) -> Files:
    ca = trustme.CA()
    files = Files(folder / "ca.pem", folder / "server.pem", folder / "client.pem")
    ca.cert_pem.write_to_path(files.ca)
    leaf = ca.create_child_ca().issue_cert(HOST, "192.0.2.1", "2001:db8::1", key_type=key_type)
    leaf.private_key_and_cert_chain_pem.write_to_path(files.server)
    ca.issue_cert("alice@example.org").private_key_and_cert_chain_pem.write_to_path(files.client)
    return files


def cross(client: TLSSession | Connection, server: TLSSession, *, size: int = 1 << 20) -> None:
    """Carry bytes between the two, at most ``size`` at a time, until neither has any."""
    while True:
        there = client.data_to_send()
        for at in range(0, len(there), size):
            server.receive_data(there[at : at + size])
        back = server.data_to_send()
        for at in range(0, len(back), size):
            client.receive_data(back[at : at + size])
        if not there and not back:
            return


def meet(
    client: ssl.SSLContext,
    server: ssl.SSLContext,
    name: ServerIdentity | str = HOST,
    *,
    resume: Resumption | None = None,
    size: int = 1 << 20,
) -> tuple[TLSSession, TLSSession]:
    """A client and a server after their handshake, or after what became of it."""
    one = TLSSession.client(IMPLICIT_CLIENT, client, name, resume=resume)
    other = TLSSession.server(IMPLICIT_SERVER, server)
    cross(one, other, size=size)
    return one, other


def open_pair(
    files: Files, version: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED
) -> tuple[TLSSession, TLSSession]:
    """Two sessions that trust each other."""
    client, server = meet(client_context(ca_file=files.ca, maximum=version), server_context(files.server))
    assert client.error is None
    assert server.error is None
    assert client.handshake_done
    assert server.handshake_done
    return client, server


def records(data: bytes) -> Iterator[bytes]:
    """The TLS records in ``data``."""
    while data:
        end = 5 + int.from_bytes(data[3:5], "big")
        yield data[:end]
        data = data[end:]


def other_name(kind: str, tag: int, text: str) -> x509.OtherName:
    """An otherName that holds one DER string."""
    raw = text.encode()
    return x509.OtherName(x509.ObjectIdentifier(kind), bytes([tag, len(raw)]) + raw)


def srv_id(text: str) -> x509.OtherName:
    return other_name("1.3.6.1.5.5.7.8.7", 0x16, text)


def xmpp_addr(text: str) -> x509.OtherName:
    return other_name("1.3.6.1.5.5.7.8.5", 0x0C, text)


@dataclass(frozen=True)
class Authority:
    """A throwaway authority that issues what trustme does not."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def issue(
        self,
        names: Sequence[x509.GeneralName],
        *,
        begins: datetime = NOW - DAY,
        ends: datetime = NOW + DAY,
        subject: str = "",
        self_signed: bool = False,
    ) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        key = ec.generate_private_key(ec.SECP256R1())
        issuer = x509.Name([]) if self_signed else self.certificate.subject
        builder = _builder(key, subject, issuer, begins, ends)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=not subject)
        return builder.sign(key if self_signed else self.key, hashes.SHA256()), key

    def write(
        self,
        folder: Path,
        names: Sequence[x509.GeneralName],
        *,
        begins: datetime = NOW - DAY,
        ends: datetime = NOW + DAY,
        subject: str = "",
        self_signed: bool = False,
    ) -> Files:
        """The same as files; the client's certificate is the server's."""
        certificate, key = self.issue(names, begins=begins, ends=ends, subject=subject, self_signed=self_signed)
        files = Files(folder / "own-ca.pem", folder / "own.pem", folder / "own.pem")
        files.ca.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        files.server.write_bytes(pem + certificate.public_bytes(serialization.Encoding.PEM))
        return files


def _builder(
    key: ec.EllipticCurvePrivateKey, subject: str, issuer: x509.Name, begins: datetime, ends: datetime
) -> x509.CertificateBuilder:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)] if subject else [])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
    )


def authority(*, begins: datetime = NOW - 2 * DAY, ends: datetime = NOW + 30 * DAY) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Throwaway")])
    builder = _builder(key, "Throwaway", name, begins, ends)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return Authority(key, builder.sign(key, hashes.SHA256()))
