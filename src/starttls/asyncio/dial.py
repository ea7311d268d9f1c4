"""Connecting a TCP socket: names to addresses, and Happy Eyeballs (RFC 8305) over them."""

import asyncio
import os
import socket

from starttls.core.errors import CannotConnect, CannotResolve
from starttls.tls.target import DELAY, Address, interleaved

__all__ = ["dial"]


async def dial(host: str, port: int, family: socket.AddressFamily) -> socket.socket:
    """A connected, non-blocking socket. Raises `CannotResolve` or `CannotConnect`."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise CannotResolve(host, (getattr(error, "strerror", None) or "not a host name").lower()) from None
    addresses = interleaved(found)
    failures: list[str] = []
    running: set[asyncio.Task[socket.socket]] = set()
    try:
        while addresses or running:
            if addresses:
                running.add(asyncio.create_task(_connect(*addresses.pop(0))))
            wait = DELAY if addresses else None
            done, running = await asyncio.wait(running, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                failure = task.exception()
                if failure is None:
                    return task.result()
                code = getattr(failure, "errno", None)
                failures.append((os.strerror(code) if code else str(failure)).lower())
    finally:
        await _drop(running)
    raise CannotConnect(f"{host}:{port}", ", ".join(dict.fromkeys(failures)))


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


async def _drop(running: set[asyncio.Task[socket.socket]]) -> None:
    """End the attempts that lost; one that won in the same instant is closed."""
    for task in running:
        task.cancel()
    for ended in await asyncio.gather(*running, return_exceptions=True):
        if isinstance(ended, socket.socket):
            ended.close()
