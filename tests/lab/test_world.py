import asyncio

import pytest

from starttls.asyncio.client import Client
from starttls.core.errors import CertificateRejected
from starttls.lab.world import world
from starttls.tls.level import Level


async def test_honest_servers_are_verified_by_the_worlds_authority() -> None:
    async with world() as here:
        client = Client(ca_file=here.ca_file)
        for url in here.honest:
            async with await client.connect(url) as stream:
                assert stream.level is Level.VERIFIED
    assert [url.partition(":")[0] for url in here.honest] == ["smtp", "imap", "pop3", "xmpp", "ldap", "imaps"]


async def test_the_impostor_is_not() -> None:
    async with world() as here:
        with pytest.raises(CertificateRejected, match="issuer unknown"):
            await Client(ca_file=here.ca_file).connect(here.impostor)


async def test_nothing_is_left_behind() -> None:
    async with world() as here:
        ports = [int(url.rpartition(":")[2]) for url in (*here.honest, here.impostor, here.stripped)]
        assert here.ca_file.exists()
        assert b"PRIVATE" not in here.ca_file.read_bytes()
        assert [path.name for path in here.ca_file.parent.iterdir()] == ["ca.pem"]
    assert not here.ca_file.parent.exists()
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)


async def test_two_worlds_at_once() -> None:
    async with world() as one, world() as other:
        assert set(one.honest).isdisjoint(other.honest)
        with pytest.raises(CertificateRejected):
            await Client(ca_file=other.ca_file).connect(one.honest[0])
