"""Connecting a TCP socket, blocking: names to addresses, and Happy Eyeballs (RFC 8305) over them."""

import errno
import os
import selectors
import socket
import time
from contextlib import ExitStack

from starttls.core.errors import CannotConnect, TimedOut
from starttls.tls.target import DELAY, Address, interleaved, placed, unresolved

__all__ = ["dial"]


def dial(host: str, port: int, family: int, seconds: float, known: tuple[str, ...] | None = None) -> socket.socket:
    """A connected socket; ``known`` are the host's addresses, where they need not be looked up.

    Raises `CannotResolve`, `CannotConnect` or `TimedOut`.
    """
    try:
        looked_up = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM) if known is None else ()
    except (OSError, UnicodeError) as error:
        raise unresolved(host, error) from None
    addresses = interleaved(looked_up or placed(known or (), port, family))
    if len(addresses) == 1:  # nothing to race
        return _connect(*addresses[0], f"{host}:{port}", seconds)
    failures: list[str] = []
    end = time.monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        try:
            while addresses or selector.get_map():
                if addresses:
                    _start(selector, *addresses.pop(0), failures)
                left = end - time.monotonic()
                if left <= 0:
                    raise TimedOut(seconds, f"connecting to {host}:{port}")
                winner = _winner(selector, min(left, DELAY) if addresses else left, failures)
                if winner is not None:
                    return winner
        finally:
            for key in tuple(selector.get_map().values()):
                key.data.close()
    raise CannotConnect(f"{host}:{port}", ", ".join(dict.fromkeys(failures)) or "no address of this family")


def _connect(family: int, address: Address, where: str, seconds: float) -> socket.socket:
    with ExitStack() as failed:
        try:
            sock = failed.enter_context(socket.socket(family, socket.SOCK_STREAM))
            sock.settimeout(seconds)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.connect(address)
        except OSError as failure:
            if failure.errno is None:  # our time, not the kernel's
                raise TimedOut(seconds, f"connecting to {where}") from None
            raise CannotConnect(where, os.strerror(failure.errno).lower()) from None
        failed.pop_all()
        return sock


def _start(selector: selectors.BaseSelector, family: int, address: Address, failures: list[str]) -> None:
    try:
        sock = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        failures.append((error.strerror or str(error)).lower())
        return
    sock.setblocking(False)  # noqa: FBT003 - the standard library's own signature
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    failed = sock.connect_ex(address)
    if failed in {0, errno.EINPROGRESS}:
        selector.register(sock, selectors.EVENT_WRITE, sock)
    else:
        sock.close()
        failures.append(os.strerror(failed).lower())


def _winner(selector: selectors.BaseSelector, seconds: float, failures: list[str]) -> socket.socket | None:
    """The first that connects within ``seconds``; those that failed are closed."""
    for key, _ in selector.select(seconds) if selector.get_map() else ():
        sock: socket.socket = key.data
        selector.unregister(sock)
        failed = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if not failed:
            return sock
        sock.close()
        failures.append(os.strerror(failed).lower())
    return None
