"""``python -m bench.client WAY PORT_UPGRADE PORT_IMPLICIT ROOT``: a client that is measured, or loads a server.

It reads jobs from stdin, "MODE COUNT" a line, and answers "done". MODE is "bare" (connect, handshake, close),
"upgrade" (connect, EHLO, STARTTLS, handshake, close), "quit" (the same with QUIT and its answer inside TLS) or
"hold" (upgrade, EHLO inside TLS, and stay; "hold-bare" with implicit TLS). No session is resumed.
"""

import asyncio
import smtplib
import socket
import ssl
import sys
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import starttls.asyncio.client
import starttls.sync.client
from bench.credentials import NAME
from starttls.tls.contexts import client_context

__all__ = ["WAYS"]

HOST = "127.0.0.1"
EHLO, QUIT = b"EHLO client.example.org\r\n", b"QUIT\r\n"
WIDTH = 16
"""Connections at a time, where there can be more than one."""

Visit: TypeAlias = Callable[[str], object]


def stdlib(ports: dict[str, int], root: str) -> Visit:
    """What the standard library has: ``ssl`` on a blocking socket, and smtplib."""
    context = client_context(ca_file=root)

    class Smtp(smtplib.SMTP):
        def _get_socket(self, _host: str, port: int, timeout: float) -> socket.socket:
            return dial(port, timeout)

    def visit(mode: str) -> None:
        if mode == "bare":
            with dial(ports["bare"], 60) as sock, context.wrap_socket(sock, server_hostname=NAME):
                return
        smtp = Smtp(NAME, ports["upgrade"], "client.example.org", 60)
        smtp.starttls(context=context)
        if mode == "quit":
            assert smtp.quit()[0] == 221
        smtp.close()

    return visit


def dial(port: int, timeout: float) -> socket.socket:
    """A socket without delay."""
    sock = socket.create_connection((HOST, port), timeout)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def sync(ports: dict[str, int], root: str) -> Visit:
    """`starttls.sync`."""
    implicit = starttls.sync.client.Client(ca_file=root, resume=False, connect_to=(HOST, ports["bare"]))
    upgraded = starttls.sync.client.Client(ca_file=root, resume=False, connect_to=(HOST, ports["upgrade"]))

    def visit(mode: str) -> None:
        client, scheme = (implicit, "smtps") if mode == "bare" else (upgraded, "smtp")
        with client.connect(f"{scheme}://{NAME}") as stream:
            if mode == "quit":
                stream.write(QUIT)
                assert stream.read().startswith(b"221")

    return visit


def ours(ports: dict[str, int], root: str) -> Callable[[str], Awaitable[object]]:
    """`starttls.asyncio`, on the loop that runs."""
    implicit = starttls.asyncio.client.Client(ca_file=root, resume=False, connect_to=(HOST, ports["bare"]))
    upgraded = starttls.asyncio.client.Client(ca_file=root, resume=False, connect_to=(HOST, ports["upgrade"]))

    async def visit(mode: str) -> object:
        client, scheme = (implicit, "smtps") if mode.endswith("bare") else (upgraded, "smtp")
        stream = await client.connect(f"{scheme}://{NAME}")
        if mode not in {"bare", "upgrade"}:
            await stream.write(QUIT if mode == "quit" else EHLO)
            assert (await stream.read()).startswith(b"2")
        if not mode.startswith("hold"):
            await stream.close()
        return stream

    return visit


def streams(ports: dict[str, int], root: str) -> Callable[[str], Awaitable[object]]:
    """The streams of the standard library's asyncio, with ``start_tls``."""
    context = client_context(ca_file=root)

    async def reply(reader: asyncio.StreamReader) -> None:
        while (await reader.readline())[3:4] == b"-":
            pass

    async def visit(mode: str) -> object:
        if mode == "bare":
            reader, writer = await asyncio.open_connection(HOST, ports["bare"], ssl=context, server_hostname=NAME)
        else:
            reader, writer = await asyncio.open_connection(HOST, ports["upgrade"])
            await reply(reader)
            for command in (EHLO, b"STARTTLS\r\n"):
                writer.write(command)
                await reply(reader)
            await writer.start_tls(context, server_hostname=NAME)
        if mode in {"quit", "hold"}:
            writer.write(QUIT if mode == "quit" else EHLO)
            assert (await reader.read(65536)).startswith(b"2")
        if mode != "hold":
            writer.close()
            await writer.wait_closed()
        return reader, writer

    return visit


WAYS = ("stdlib", "sync", "streams", "asyncio", "uvloop")


def main() -> None:
    """Do jobs until stdin ends."""
    way, upgrade, implicit, root = sys.argv[1:]
    ports = {"upgrade": int(upgrade), "bare": int(implicit)}
    kept: list[object] = []
    if way in {"stdlib", "sync"}:
        visit = (stdlib if way == "stdlib" else sync)(ports, root)

        def work(mode: str, count: int) -> None:
            for _ in range(count):
                visit(mode)

        serve(work)
        return
    attend = (streams if way == "streams" else ours)(ports, root)

    async def many(mode: str, count: int) -> None:
        numbers = iter(range(count))

        async def worker() -> None:
            for _ in numbers:
                done = await attend(mode)
                if mode.startswith("hold"):
                    kept.append(done)

        await asyncio.gather(*(worker() for _ in range(WIDTH)))

    with asyncio.Runner(loop_factory=loop_factory(way)) as runner:
        serve(lambda mode, count: runner.run(many(mode, count)))


def serve(work: Callable[[str, int], None]) -> None:
    """Do the jobs that come in."""
    print(ssl.OPENSSL_VERSION, flush=True)
    for line in sys.stdin:
        mode, count = line.split()
        work(mode, int(count))
        print("done", flush=True)


def loop_factory(way: str) -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's, where it is asked for."""
    if way != "uvloop":
        return None
    import uvloop  # noqa: PLC0415 - an extra

    return uvloop.new_event_loop


if __name__ == "__main__":
    main()
