"""DNS servers on the loopback interface, honest and not, for the tests of the resolver."""

import asyncio
import socket
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeAlias

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Respond: TypeAlias = Callable[[bytes, str], list[bytes]]
"""Takes a query and ``"udp"``, ``"tcp"``, ``"tls"`` or ``"https"``; gives the packets to send."""

Serve: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def answer(
    query: bytes,
    *texts: str,
    rcode: dns.rcode.Rcode = dns.rcode.NOERROR,
    ad: bool = False,
    ede: int | None = None,
    authority: str = "",
) -> bytes:
    """An honest answer; ``texts`` are records, ``"example.org. 60 IN A 192.0.2.1"``."""
    response = dns.message.make_response(dns.message.from_wire(query), recursion_available=True)
    response.set_rcode(rcode)
    if ad:
        response.flags |= dns.flags.AD
    for section, lines in ((response.answer, texts), (response.authority, [authority] if authority else [])):
        for text in lines:
            name, ttl, rdclass, rdtype, data = text.split(" ", 4)
            rrset = next(
                (one for one in section if one.name.to_text() == name and one.rdtype == rdtype_of(rdtype)), None
            )
            made = dns.rrset.from_text(name, int(ttl), rdclass, rdtype, data)
            if rrset is None:
                section.append(made)
            else:
                for rdata in made:
                    rrset.add(rdata)
    if ede is not None:
        response.use_edns(0, payload=1232, options=[extended_error(ede, "told\nso")])
    return response.to_wire(max_size=65535)


def extended_error(code: int, text: str) -> dns.edns.Option:
    return dns.edns.GenericOption(dns.edns.OptionType.EDE, code.to_bytes(2) + text.encode())


def rdtype_of(text: str) -> dns.rdatatype.RdataType:
    return dns.rdatatype.from_text(text)


def question_of(query: bytes) -> tuple[str, str]:
    """The name, without its final dot, and the type that are asked for."""
    [asked] = dns.message.from_wire(query).question
    return asked.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(asked.rdtype)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, respond: Respond) -> None:
        self._respond = respond
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        assert self._transport is not None
        for packet in self._respond(data, "udp"):
            self._transport.sendto(packet, addr)


def by_length(respond: Respond, via: str) -> Serve:
    """DNS over a stream: two bytes of length before each message."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            query = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
            for packet in respond(query, via):
                writer.write(len(packet).to_bytes(2) + packet)
            await writer.drain()

    return serve


@asynccontextmanager
async def stream_server(serve: Serve, port: int = 0, context: ssl.SSLContext | None = None) -> AsyncGenerator[int]:
    """A TCP server on the loopback interface; yields its port."""

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, EOFError):
            await serve(reader, writer)

    clients: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(client(reader, writer))
        clients.add(task)
        task.add_done_callback(clients.discard)
        task.add_done_callback(lambda _: writer.transport.abort())

    server = await asyncio.start_server(accept, "127.0.0.1", port, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tuple(clients):
            task.cancel()
        await asyncio.gather(*clients, return_exceptions=True)
        await asyncio.sleep(0)


@asynccontextmanager
async def nameserver(respond: Respond, serve: Serve | None = None) -> AsyncGenerator[str]:
    """A server on UDP and TCP; yields ``IP:PORT``. ``serve`` is for TCP alone."""
    async with stream_server(serve or by_length(respond, "tcp"), free_port()) as port:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(respond), ("127.0.0.1", port))
        try:
            yield f"127.0.0.1:{port}"
        finally:
            transport.abort()


def free_port() -> int:
    """A port that is free on UDP and on TCP."""
    while True:
        with socket.socket() as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            with suppress(OSError):
                udp.bind(tcp.getsockname())
                return int(tcp.getsockname()[1])


class Counting:
    """A server that answers the same to all, and remembers what it was asked."""

    def __init__(self, respond: Respond) -> None:
        self.respond = respond
        self.asked: list[tuple[str, str]] = []

    def __call__(self, query: bytes, via: str) -> list[bytes]:
        self.asked.append(question_of(query))
        return self.respond(query, via)


def one_address(query: bytes, via: str) -> list[bytes]:
    return [answer(query, f"{question_of(query)[0]}. 60 IN A 192.0.2.1", ad=True)]
