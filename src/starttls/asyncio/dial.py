"""Connecting a TCP socket: names to addresses, and Happy Eyeballs (RFC 8305) over them."""

import asyncio
import os
import socket
from collections.abc import Sequence
from contextlib import suppress

from starttls.core.errors import CannotConnect
from starttls.tls.target import DELAY, Address, Found, interleaved, placed, unresolved

__all__ = ["dial"]


async def dial(host: str, port: int, family: socket.AddressFamily, known: Sequence[str] | None = None) -> socket.socket:
    """A connected, non-blocking socket; ``known`` are the host's addresses, where they need not be looked up.

    Raises `CannotResolve` or `CannotConnect`.
    """
    addresses = interleaved(await _look_up(host, port, family) if known is None else placed(known, port, family))
    if len(addresses) == 1:  # nothing to race
        try:
            return await _connect(*addresses[0])
        except OSError as error:
            raise CannotConnect(f"{host}:{port}", _reason(error)) from None
    failures: list[str] = []
    running: set[asyncio.Task[socket.socket]] = set()
    try:
        while addresses or running:
            if addresses:
                running.add(asyncio.create_task(_connect(*addresses.pop(0))))
            wait = DELAY if addresses else None
            done, _ = await asyncio.wait(running, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                running.discard(task)
                failure = task.exception()
                if failure is None:
                    return task.result()
                failures.append(_reason(failure))
    finally:
        _drop(running)
    raise CannotConnect(f"{host}:{port}", ", ".join(dict.fromkeys(failures)) or "no address of this family")


async def _look_up(host: str, port: int, family: socket.AddressFamily) -> Sequence[Found]:
    # An address is its own answer: it needs no thread to wait for one.
    with suppress(OSError, UnicodeError):
        return socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    try:
        return await asyncio.get_running_loop().getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise unresolved(host, error) from None


def _reason(failure: BaseException) -> str:
    code = getattr(failure, "errno", None)
    return (os.strerror(code) if code else str(failure)).lower()


async def _connect(family: socket.AddressFamily, address: Address) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)  # noqa: FBT003 - the standard library's own signature
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(sock, address)
    except BaseException:
        sock.close()
        raise
    return sock


def _drop(running: set[asyncio.Task[socket.socket]]) -> None:
    """End the attempts that lost. Nothing is awaited here: whoever is cancelled while he waits loses the winner."""
    for task in running:
        task.cancel()
        task.add_done_callback(_close)


def _close(task: asyncio.Task[socket.socket]) -> None:
    """Close the socket of an attempt that won in the same instant as another, or too late."""
    if not task.cancelled() and task.exception() is None:
        task.result().close()
