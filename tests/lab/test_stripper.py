import asyncio

import pytest

from starttls.asyncio.client import Client
from starttls.core.errors import NotOffered
from starttls.lab.stripper import stripper
from starttls.lab.world import world
from tests.hostile import closed_port


async def test_the_offer_is_overwritten_and_the_rest_passes() -> None:
    async with world() as here:
        port = int(here.stripped.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert (await reader.readline()).startswith(b"220 ")
        writer.write(b"EHLO me.example.org\r\nQUIT\r\n")
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
    assert b"STARTTLS" not in answer
    assert b"XXXXXXXX\r\n" in answer
    assert answer.splitlines()[-1].startswith(b"221 ")


async def test_our_client_does_not_go_on() -> None:
    async with world() as here:
        with pytest.raises(NotOffered) as raised:
            await Client(ca_file=here.ca_file).connect(here.stripped)
    assert raised.value.offered == ("ENHANCEDSTATUSCODES", "XXXXXXXX")
    assert raised.value.transcript is not None
    assert "C: STARTTLS" not in raised.value.transcript.text


async def test_without_a_server_behind_it_hangs_up() -> None:
    async with stripper("127.0.0.1", ("127.0.0.1", closed_port())) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()


async def test_it_ends_with_clients_connected() -> None:
    async with world() as here:
        _, writer = await asyncio.open_connection("127.0.0.1", int(here.stripped.rpartition(":")[2]))
        await asyncio.sleep(0.05)
    writer.close()
