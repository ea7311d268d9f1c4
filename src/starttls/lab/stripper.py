"""An attacker on the path: a relay that overwrites the offer of STARTTLS in what a server says.

Some firewalls and access providers do just this. A client that is content with plaintext where there is nothing
else goes on in plaintext, and nobody notices (RFC 3207 §6).
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

__all__ = ["stripper"]

_OFFER, _NOISE = b"STARTTLS", b"XXXXXXXX"


@asynccontextmanager
async def stripper(host: str, server: tuple[str, int]) -> AsyncGenerator[int]:
    """Relay between ``server`` and a free port of ``host``; yields the port."""
    relays: set[asyncio.Task[None]] = set()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine runs in a task
        relays.add(task)
        with suppress(OSError, ValueError, asyncio.CancelledError):  # ValueError: a line without end
            await _relay(reader, writer, server)
        relays.discard(task)

    listening = await asyncio.start_server(relay, host, 0)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()
        for task in tuple(relays):
            task.cancel()
        await asyncio.gather(*relays, return_exceptions=True)
        await listening.wait_closed()


async def _relay(from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter, server: tuple[str, int]) -> None:
    """Pass lines both ways until one side is done; it never gets as far as TLS, so lines are all there is."""
    async with AsyncExitStack() as stack:
        stack.push_async_callback(_close, to_client)
        from_server, to_server = await asyncio.open_connection(*server)
        stack.push_async_callback(_close, to_server)
        ways = [
            asyncio.create_task(_pass(from_client, to_server)),
            asyncio.create_task(_pass(from_server, to_client)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while line := await reader.readline():
        writer.write(line.replace(_OFFER, _NOISE))
        await writer.drain()


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
