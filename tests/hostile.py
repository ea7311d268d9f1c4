"""Servers that misbehave, and our embedded world, each in a thread of its own."""

import asyncio
import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import Future

from starttls.lab.world import World, world


def silent(client: socket.socket) -> None:
    """Say nothing, and wait."""
    while client.recv(4096):
        pass


def endless_line(client: socket.socket) -> None:
    """A greeting whose line never ends, as fast as it goes."""
    client.sendall(b"220 ")
    while True:
        client.sendall(b"x" * 65536)


def endless_lines(client: socket.socket) -> None:
    """A greeting of ever more lines."""
    while True:
        client.sendall(b"220-and there is more\r\n" * 100)


def dribbling(client: socket.socket) -> None:
    """A greeting that comes one byte at a time and has no end."""
    while True:
        client.sendall(b"2")
        time.sleep(0.02)


def garbage(client: socket.socket) -> None:
    """Noise, with the escape sequences that clear a terminal."""
    client.sendall(b"\x1b[2J\xff\xfe\x00[bold]hello[/bold]\r\n")
    silent(client)


def resetting(client: socket.socket) -> None:
    """Break off in the middle of the greeting, with a RST."""
    client.sendall(b"220-mail.example")
    time.sleep(0.05)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def leaving(client: socket.socket) -> None:
    """Break off in the middle of the greeting, politely."""
    client.sendall(b"220-mail.example")


def throttling(client: socket.socket) -> None:
    """Too many connections."""
    client.sendall(b"421 4.7.0 Too many connections, come back later\r\n")


def without_tls(client: socket.socket) -> None:
    """Give the go-ahead, and go on in plaintext."""
    client.sendall(b"220 mail.example\r\n")
    client.recv(4096)
    client.sendall(b"250-mail.example\r\n250-SIZE\r\n250 STARTTLS\r\n")
    client.recv(4096)
    client.sendall(b"220 go ahead\r\n")
    client.recv(4096)
    client.sendall(b"500 what?\r\n")
    silent(client)


def stuck_handshake(client: socket.socket) -> None:
    """Give the go-ahead, and never answer the hello."""
    client.sendall(b"220 mail.example\r\n")
    client.recv(4096)
    client.sendall(b"250-mail.example\r\n250 STARTTLS\r\n")
    client.recv(4096)
    client.sendall(b"220 go ahead\r\n")
    silent(client)


@contextlib.contextmanager
def serving(behaviour: Callable[[socket.socket], None]) -> Generator[int]:
    """Serve each client on 127.0.0.1 as ``behaviour`` does; yields the port."""
    clients: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def one(client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            behaviour(client)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listening.accept()
                clients.append(client)
                threads.append(threading.Thread(target=one, args=(client,)))
                threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        accepting = threading.Thread(target=accept)
        accepting.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        accepting.join()
        for client in clients:
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@contextlib.contextmanager
def running_world() -> Generator[World]:
    """The embedded world, on a loop in a thread."""
    started: Future[tuple[World, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def run() -> None:
        async with world() as here:
            over = asyncio.Event()
            started.set_result((here, asyncio.get_running_loop(), over))
            await over.wait()

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    here, loop, over = started.result(timeout=10)
    try:
        yield here
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
