"""``python -m bench.server WAY CHAIN KEY TICKETS``: a server that is measured, or that clients are measured against.

It says its ports, for an upgrade and for implicit TLS, and serves until stdin ends. Inside TLS it answers QUIT with
221 and anything else with 250.
"""

import asyncio
import selectors
import socket
import ssl
import sys

from bench.client import HOST, loop_factory
from starttls.asyncio.server import listen
from starttls.asyncio.stream import Stream
from starttls.tls.contexts import server_context

__all__ = ["WAYS"]

WAYS = ("stdlib", "streams", "asyncio", "uvloop")


async def converse(stream: Stream) -> None:
    """What happens inside TLS."""
    while said := await stream.read():
        if said.upper().startswith(b"QUIT"):
            await stream.write(b"221 bye\r\n")
            return
        await stream.write(b"250 ok\r\n")


async def ours(context: ssl.SSLContext, stop: asyncio.Event) -> None:
    """`starttls.asyncio`, on the loop that runs."""
    upgrade = listen(f"smtp://{HOST}:0", converse, context=context)
    implicit = listen(f"smtps://{HOST}:0", converse, context=context)
    async with upgrade, implicit:
        say_ports(upgrade.addresses[0][1], implicit.addresses[0][1])
        await stop.wait()


async def streams(context: ssl.SSLContext, stop: asyncio.Event) -> None:
    """The streams of the standard library's asyncio: TLS from the first byte, as a server has it there."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while said := await reader.read(65536):
            writer.write(b"221 bye\r\n" if said.upper().startswith(b"QUIT") else b"250 ok\r\n")
        writer.close()

    server = await asyncio.start_server(converse, HOST, 0, ssl=context, backlog=1024)
    async with server:
        say_ports(0, server.sockets[0].getsockname()[1])
        await stop.wait()


def blocking(context: ssl.SSLContext) -> None:
    """The bare handshake: ``ssl`` on blocking sockets, one connection after the other."""
    with socket.create_server((HOST, 0), backlog=1024) as listener, selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        selector.register(sys.stdin, selectors.EVENT_READ)
        say_ports(0, listener.getsockname()[1])
        while all(key.fileobj is listener for key, _ in selector.select()):
            sock, _ = listener.accept()
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with context.wrap_socket(sock, server_side=True) as tls:
                tls.recv(1)


def say_ports(upgrade: int, implicit: int) -> None:
    """Tell who started us where to connect."""
    print(upgrade, implicit, flush=True)


async def until_stdin_ends(way: str, context: ssl.SSLContext) -> None:
    """Serve."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), stop.set)
    await (streams if way == "streams" else ours)(context, stop)


def main() -> None:
    """Serve in the way that is asked for."""
    way, chain, key, tickets = sys.argv[1:]
    context = server_context(chain, key)
    context.num_tickets = int(tickets)
    if way == "stdlib":
        blocking(context)
    else:
        with asyncio.Runner(loop_factory=loop_factory(way)) as runner:
            runner.run(until_stdin_ends(way, context))


if __name__ == "__main__":
    main()
