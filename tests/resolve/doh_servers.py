"""DNS over HTTPS on the loopback interface, by HTTP/1.1 and by HTTP/2."""

import asyncio
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.events

from tests.resolve.nameservers import Respond, Serve


@dataclass
class Reply:
    """What the web server answers. ``body`` None is the DNS message."""

    status: int = 200
    kind: str = "application/dns-message"
    body: bytes | None = None
    extra: dict[str, str] = field(default_factory=dict)


def by_http1(respond: Respond, reply: Reply) -> Serve:
    """A web server that knows HTTP/1.1."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
            body = reply.body
            query = await reader.readexactly(length)
            if body is None:
                [body] = respond(query, "https")
            headers = {"content-type": reply.kind, "content-length": str(len(body)), **reply.extra}
            lines = [f"HTTP/1.1 {reply.status} So", *(f"{name}: {value}" for name, value in headers.items())]
            writer.write("\r\n".join([*lines, "", ""]).encode() + body)
            await writer.drain()

    return serve


def by_http2(respond: Respond, reply: Reply) -> Serve:
    """A web server that knows HTTP/2."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        connection.initiate_connection()
        queries: dict[int, bytes] = {}
        while True:
            writer.write(connection.data_to_send())
            data = await reader.read(65536)
            if not data:
                return
            for event in connection.receive_data(data):
                if isinstance(event, h2.events.DataReceived):
                    queries[event.stream_id] = queries.get(event.stream_id, b"") + event.data
                elif isinstance(event, h2.events.StreamEnded):
                    body = reply.body if reply.body is not None else respond(queries[event.stream_id], "https")[0]
                    headers = [(":status", str(reply.status)), ("content-type", reply.kind), *reply.extra.items()]
                    connection.send_headers(event.stream_id, headers)
                    for start in range(0, min(len(body), 60000), 16000):
                        connection.send_data(event.stream_id, body[start : start + 16000])
                    connection.end_stream(event.stream_id)

    return serve
