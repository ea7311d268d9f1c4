"""Asynchronous connects: the race of addresses, refusals, names."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

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


async def race(monkeypatch: pytest.MonkeyPatch, attempt: Callable[[int], Awaitable[socket.socket]]) -> None:
    """Let ``dial`` find two addresses; ``attempt`` connects to each of the ports 1 and 2."""

    async def resolve(*_: object, **__: object) -> object:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in (1, 2)]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
    monkeypatch.setattr("starttls.asyncio.dial._connect", lambda _, address: attempt(address[1]))
    (await dial("two.example", 1, socket.AF_UNSPEC)).close()


async def test_of_two_that_win_at_once_one_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[socket.socket] = []
    together = asyncio.Event()
    asyncio.get_running_loop().call_later(0.4, together.set)

    async def attempt(_: int) -> socket.socket:
        await together.wait()
        made.append(socket.socket())
        return made[-1]

    await race(monkeypatch, attempt)
    await asyncio.sleep(0)
    assert len(made) == 2
    assert all(sock.fileno() < 0 for sock in made)


async def test_who_is_cancelled_when_it_has_won_loses_no_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[socket.socket] = []
    dialling: list[asyncio.Task[None]] = []

    async def attempt(port: int) -> socket.socket:
        if port == 1:
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError:
                dialling[0].cancel()
                raise
        made.append(socket.socket())
        return made[-1]

    dialling.append(asyncio.create_task(race(monkeypatch, attempt)))
    await asyncio.gather(*dialling, return_exceptions=True)
    assert len(made) == 1
    assert made[0].fileno() < 0
