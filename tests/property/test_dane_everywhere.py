"""Policy ``dane`` of every protocol, by upgrade and by implicit TLS: in memory, from the DNS to the last byte."""

import asyncio
import hashlib
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from starttls.policy.errors import DaneNoMatch
from starttls.protocols import ALL
from starttls.resolve.fake import FakeWorld
from starttls.resolve.planned import Planned
from starttls.tls.connection import Connection, Phase
from starttls.tls.level import Level
from starttls.tls.serving import ServerPlan
from starttls.tls.target import Target

SCHEMES = [scheme for protocol in ALL for scheme in (protocol.name, protocol.implicit) if scheme]
HOST = "host.example.org"


@cache
def server(scheme: str) -> tuple[ServerPlan, str]:
    """A server, and the TLSA record of its key. The certificate is for nobody, of nobody: only the record counts."""
    leaf = trustme.CA(key_type=trustme.KeyType.ECDSA).issue_cert("nobody.invalid", key_type=trustme.KeyType.ECDSA)
    with TemporaryDirectory() as folder:
        path = Path(folder, "server.pem")
        leaf.private_key_and_cert_chain_pem.write_to_path(path)
        plan = ServerPlan(f"{scheme}://{HOST}", certificate=path, name=HOST)
    key = x509.load_pem_x509_certificate(leaf.cert_chain_pems[0].bytes()).public_key()
    digest = hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()
    return plan, f"3 1 1 {digest}"


def client(scheme: str, record: str) -> Connection:
    target = Target.parse(f"{scheme}://{HOST}")
    world = FakeWorld.parse(f"{HOST}. A 192.0.2.1\n_{target.port}._tcp.{HOST}. TLSA {record}")
    planned = Planned(policy="dane", resolver=world)
    route = asyncio.run(planned.router.to(target))
    return planned.plan.connection(target, "192.0.2.9", route.demand)


def carry(giver: Connection, taker: Connection, size: int) -> bool:
    data = giver.data_to_send()
    for start in range(0, len(data), size):
        taker.receive_data(data[start : start + size])
    return bool(data)


def meet(scheme: str, record: str, size: int) -> tuple[Connection, Connection]:
    one, other = client(scheme, record), server(scheme)[0].connection()
    while carry(one, other, size) or carry(other, one, size):
        pass
    return one, other


@pytest.mark.parametrize("scheme", SCHEMES)
@settings(max_examples=4, deadline=None)
@given(size=st.integers(1, 2000))
def test_the_certificate_that_the_zone_publishes(scheme: str, size: int) -> None:
    one, other = meet(scheme, server(scheme)[1], size)
    assert (one.phase, other.phase, one.level) == (Phase.OPEN, Phase.OPEN, Level.DANE)
    one.send(b"hello")
    carry(one, other, size)
    assert other.read() == b"hello"


@pytest.mark.parametrize("scheme", SCHEMES)
@settings(max_examples=4, deadline=None)
@given(size=st.integers(1, 2000), wrong=st.binary(min_size=32, max_size=32))
def test_another(scheme: str, size: int, wrong: bytes) -> None:
    """No stream, and the server is not even told that we are done."""
    one, other = meet(scheme, f"3 1 1 {wrong.hex()}", size)
    assert (one.phase, one.level) == (Phase.FAILED, Level.NONE)
    assert isinstance(one.error, DaneNoMatch)
    assert other.phase is Phase.HANDSHAKE
