"""One question to one server, over UDP, TCP, TLS or HTTPS.

A question has a time to be answered in, and an answer 64 KiB. Connections are kept while questions are open, for those
that follow; a datagram has a socket, and so a port, of its own (RFC 5452 §9.2).
"""

import asyncio
import secrets
import ssl
from contextlib import suppress
from typing import TypeAlias

import dns.message

from starttls.resolve.doh import Posts
from starttls.resolve.failures import NotTheAnswer, Unanswered, why
from starttls.resolve.servers import Server, Transport
from starttls.resolve.wire import Query
from starttls.tls.contexts import PathLike, client_context

__all__ = ["Credentials", "Ways"]

_MOST_IDLE = 4
"""Connections to one server that wait for a next question."""


class Credentials:
    """Whose certificates a DNS server may show: the system's authorities', or those in ``ca_file``.

    The contexts are made when they are first needed.
    """

    def __init__(self, ca_file: PathLike | None = None) -> None:
        self._ca_file = ca_file
        self._made: dict[Transport, ssl.SSLContext] = {}

    def context(self, transport: Transport) -> ssl.SSLContext:
        """The context for TLS (ALPN ``dot``, RFC 7858 §3.1) or for HTTPS. Raises `Misuse`."""
        if transport not in self._made:
            alpn = ("dot",) if transport is Transport.TLS else ("h2", "http/1.1")
            self._made[transport] = client_context(ca_file=self._ca_file, alpn=alpn)
        return self._made[transport]


class Ways:
    """The open connections to servers. They belong to the event loop in which they were opened."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._idle: dict[Server, list[_Stream]] = {}
        self._posts: dict[Server, Posts] = {}
        self._closed = False

    async def ask(self, server: Server, query: Query, seconds: float) -> dns.message.Message:
        """The answer of one server.

        Raises `Unanswered` for all that a server or the network may do, and `Misuse` where DNS over HTTPS is not
        installed.
        """
        try:
            if server.transport is Transport.UDP:
                answer = await _by_datagram(server, query, seconds)
                if answer is not None:
                    return answer
            async with asyncio.timeout(seconds):
                if server.transport is Transport.HTTPS:
                    return query.read(await self._post(server, query), 0)
                return await self._by_stream(server, query)
        except TimeoutError:
            raise Unanswered(f"no answer in {seconds:g} s") from None
        except (OSError, EOFError) as error:
            raise Unanswered(why(error)) from None

    async def close(self) -> None:
        """Close everything, and keep nothing open from now on."""
        self._closed = True
        for stream in [stream for idle in self._idle.values() for stream in idle]:
            stream.close()
        self._idle.clear()
        posts = list(self._posts.values())
        self._posts.clear()
        for post in posts:
            await post.close()

    async def _post(self, server: Server, query: Query) -> bytes:
        # RFC 8484 §4.1: "a DNS API client SHOULD use a DNS ID of 0 in every DNS request"
        if server not in self._posts:
            self._posts[server] = Posts(server.url, self._credentials.context(server.transport))
        return await self._posts[server].post(query.packet(0))

    async def _by_stream(self, server: Server, query: Query) -> dns.message.Message:
        idle = self._idle.setdefault(server, [])
        if idle:
            # RFC 7766 §6.2.4: the server may close an idle connection at any time, and then it is opened again.
            with suppress(OSError, EOFError, NotTheAnswer):
                return await self._ask_on(idle.pop(), server, query)
        context = self._credentials.context(server.transport) if server.transport is Transport.TLS else None
        return await self._ask_on(await _open(server, context), server, query)

    async def _ask_on(self, stream: "_Stream", server: Server, query: Query) -> dns.message.Message:
        try:
            answer = await stream.ask(query)
        except BaseException:
            stream.close()
            raise
        idle = self._idle.setdefault(server, [])
        if len(idle) < _MOST_IDLE and not self._closed:
            idle.append(stream)
        else:
            stream.close()
        return answer


class _Stream:
    """One connection, for one question after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def ask(self, query: Query) -> dns.message.Message:
        # RFC 1035 §4.2.2: two bytes of length stand before a message; that bounds it, too.
        identifier = secrets.randbits(16)
        packet = query.packet(identifier)
        self._writer.write(len(packet).to_bytes(2) + packet)
        await self._writer.drain()
        length = int.from_bytes(await self._reader.readexactly(2))
        return query.read(await self._reader.readexactly(length), identifier)

    def close(self) -> None:
        self._writer.transport.abort()


async def _open(server: Server, context: ssl.SSLContext | None) -> _Stream:
    name = server.name.partition("%")[0] if context else None
    streams = await asyncio.open_connection(server.host, server.port, ssl=context, server_hostname=name)
    return _Stream(*streams)


_Received: TypeAlias = "asyncio.Future[dns.message.Message | None]"


class _Datagrams(asyncio.DatagramProtocol):
    """Waits for the one datagram that answers. None is an answer that is cut."""

    def __init__(self, query: Query, identifier: int) -> None:
        self._query = query
        self._identifier = identifier
        self.received: _Received = asyncio.get_running_loop().create_future()
        self.ignored: list[str] = []

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002 - asyncio's own signature
        if self.received.done():
            return
        try:
            cut = self._query.is_cut(data, self._identifier)
            self.received.set_result(None if cut else self._query.read(data, self._identifier))
        except NotTheAnswer as error:
            # Whoever guesses at answers must not be able to end the wait for the true one.
            self.ignored = [*self.ignored[-1:], str(error)] if len(self.ignored) < 2 else self.ignored
        except Unanswered as error:
            self.received.set_exception(error)

    def error_received(self, exc: Exception) -> None:
        if not self.received.done():
            self.received.set_exception(exc)


async def _by_datagram(server: Server, query: Query, seconds: float) -> dns.message.Message | None:
    identifier = secrets.randbits(16)
    transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Datagrams(query, identifier), remote_addr=(server.host, server.port)
    )
    try:
        transport.sendto(query.packet(identifier))
        await asyncio.wait([protocol.received], timeout=seconds)
        if protocol.received.done():
            return protocol.received.result()
        protocol.received.cancel()
        heard = f", but {protocol.ignored[-1]}" if protocol.ignored else ""
        raise Unanswered(f"no answer in {seconds:g} s{heard}")
    finally:
        transport.abort()
