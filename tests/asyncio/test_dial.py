"""Asynchronous connects: the race of addresses, refusals, names."""

import asyncio
import socket

import pytest

from starttls.asyncio.dial import dial
from starttls.core import errors


async def test_the_address_that_answers_wins() -> None:
    """``localhost`` is two addresses on most machines; only one of them listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with await dial("localhost", port, socket.AF_UNSPEC) as sock:
            assert sock.getpeername()[:2] == ("127.0.0.1", port)


async def test_a_silent_first_address_does_not_hold_up_the_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second address is tried a quarter of a second later (RFC 8305 §5)."""
    with socket.socket() as full, socket.create_server(("127.0.0.2", 0)) as server:
        port = server.getsockname()[1]
        full.bind(("127.0.0.1", port))
        full.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in ("127.0.0.1", "127.0.0.2")]

        async def resolve(*_: object, **__: object) -> object:
            return found

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
        async with asyncio.timeout(3):
            with await dial("two.example", port, socket.AF_UNSPEC) as sock:
                assert sock.getpeername()[0] == "127.0.0.2"
        for filler in fillers:
            filler.close()


async def test_refusals_and_names() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(errors.CannotConnect, match="connection refused"):
        await dial("127.0.0.1", port, socket.AF_UNSPEC)
    with pytest.raises(errors.CannotResolve):
        await dial("no-such-name.invalid", 25, socket.AF_UNSPEC)
    with pytest.raises(errors.CannotResolve):
        await dial("127.0.0.1", 25, socket.AF_INET6)
