"""Mail hosts that present any chain: enough of SMTP to come to TLS, on a port for each chain."""

import select
import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["Doors"]

_SECONDS = 20.0
_ANSWERS = {
    b"EHLO": b"250-doors\r\n250 STARTTLS\r\n",
    b"STARTTLS": b"220 go ahead\r\n",
    b"QUIT": b"221 bye\r\n",
}


class Doors:
    """Listens on ``address``, as soon as it is entered; each chain is a PEM file with the key first."""

    def __init__(self, address: str, chains: dict[int, Path]) -> None:
        """``chains`` are by port."""
        self._address = address
        self._chains = chains
        self._stack = ExitStack()
        self._closed = threading.Event()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            pool = stack.enter_context(ThreadPoolExecutor(8, thread_name_prefix="doors"))
            stack.callback(self._closed.set)
            listening = {
                stack.enter_context(socket.create_server((self._address, port))): _context(chain)
                for port, chain in self._chains.items()
            }
            thread = threading.Thread(target=self._serve, args=(listening, pool), name="doors")
            thread.start()
            stack.callback(thread.join)
            stack.callback(self._closed.set)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _serve(self, listening: dict[socket.socket, ssl.SSLContext], pool: ThreadPoolExecutor) -> None:
        while not self._closed.is_set():
            ready, _, _ = select.select(list(listening), [], [], 0.1)
            for door in ready:
                connection, _ = door.accept()
                pool.submit(_talk, connection, listening[door])


def _context(chain: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # what is presented is the client's to judge: weak keys, too
    context.load_cert_chain(chain)
    return context


def _talk(connection: socket.socket, context: ssl.SSLContext) -> None:
    # A client that does not like the chain goes away in the middle.
    with connection, suppress(OSError):
        connection.settimeout(_SECONDS)
        connection.sendall(b"220 doors ESMTP\r\n")
        if _listen(connection) == b"STARTTLS":
            with context.wrap_socket(connection, server_side=True) as encrypted:
                _listen(encrypted)


def _listen(connection: socket.socket) -> bytes:
    """Answer until it is time for TLS, or over. Returns the last verb."""
    while line := _line(connection):
        verb = line.split()[0].upper()
        connection.sendall(_ANSWERS.get(verb, b"502 no\r\n"))
        if verb in {b"STARTTLS", b"QUIT"}:
            return verb
    return b""


def _line(connection: socket.socket) -> bytes:
    """Byte by byte, so that nothing is read that belongs to TLS."""
    line = b""
    while not line.endswith(b"\r\n") and len(line) < 1000:
        byte = connection.recv(1)
        if not byte:
            return b""
        line += byte
    return line if line.strip() else b"?"
