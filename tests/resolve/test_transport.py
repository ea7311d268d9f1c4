import asyncio
import socket
import ssl
import struct
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme

from starttls.core.errors import Misuse
from starttls.policy.answer import Question
from starttls.resolve import servers
from starttls.resolve.failures import Unanswered
from starttls.resolve.transport import Credentials, Ways
from starttls.resolve.wire import Query
from starttls.tls.contexts import server_context
from tests.resolve.nameservers import Respond, Serve, answer, by_length, nameserver, stream_server

QUERY = Query.make(Question("example.org", "A"), checking=True)
OTHER = Query.make(Question("example.net", "A"), checking=True)


def good(query: bytes, via: str) -> list[bytes]:
    return [answer(query, "example.org. 60 IN A 192.0.2.1")]


def cut(query: bytes) -> bytes:
    return query[:2] + struct.pack("!HHHHH", 0x8380, 1, 0, 0, 0) + QUERY.section


def many(query: bytes, count: int) -> bytes:
    record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4)
    records = b"".join(record + number.to_bytes(4) for number in range(count))
    return query[:2] + struct.pack("!HHHHH", 0x8180, 1, count, 0, 0) + QUERY.section + records


async def ask(server: str, seconds: float = 0.3, ca_file: Path | None = None) -> str:
    """The addresses that are answered, or why there are none."""
    ways = Ways(Credentials(ca_file))
    try:
        message = await ways.ask(servers.server(server), QUERY, seconds)
    except Unanswered as error:
        return str(error)
    finally:
        await ways.close()
    return ", ".join(sorted(rdata.to_text() for rrset in message.answer for rdata in rrset))


def echoed(change: Callable[[bytes], bytes]) -> Respond:
    return lambda query, via: [change(good(query, via)[0])]


# --- datagrams -------------------------------------------------------------------------------------


async def test_a_datagram() -> None:
    async with nameserver(good) as server:
        assert await ask(server) == "192.0.2.1"


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (lambda query: b"\0", "an answer that cannot be read"),
        (lambda query: b"\xff" * 600, "an answer with another identifier"),
        (lambda query: query, "a message that is no answer"),
        (lambda query: bytes([query[0] ^ 1]) + good(query, "")[0][1:], "an answer with another identifier"),
        (lambda query: answer(OTHER.packet(int.from_bytes(query[:2]))), "an answer to another question"),
        (lambda query: good(query, "")[0][:-3], "an answer that cannot be read"),
    ],
)
async def test_what_is_no_answer_does_not_end_the_wait(bad: Callable[[bytes], bytes], why: str) -> None:
    async with nameserver(lambda query, via: [bad(query), *good(query, via)]) as server:
        assert await ask(server) == "192.0.2.1"
    async with nameserver(lambda query, via: [bad(query)] * 50) as server:
        assert await ask(server) == f"no answer in 0.3 s, but {why}"


async def test_an_answer_from_somewhere_else_is_not_heard() -> None:
    class Elsewhere(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
            self.transport = transport

        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                other.sendto(good(data, "udp")[0], addr)

    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Elsewhere, ("127.0.0.1", 0))
    try:
        host, port = transport.get_extra_info("sockname")
        assert await ask(f"{host}:{port}") == "no answer in 0.3 s"
    finally:
        transport.abort()


async def test_a_flood_of_garbage_ends_in_time() -> None:
    async with nameserver(lambda query, via: [bytes(500)] * 2000) as server:
        started = time.monotonic()
        assert await ask(server) == "no answer in 0.3 s, but an answer with another identifier"
        assert time.monotonic() - started < 3


async def test_nobody_listens() -> None:
    async with nameserver(good) as server:
        pass
    assert await ask(server, 5) == "connection refused"
    assert await ask(f"tcp://{server}", 5) == "connection refused"
    assert await ask(f"tls://{server}", 5) == "connection refused"


async def test_an_address_that_cannot_be_reached() -> None:
    assert await ask("255.255.255.255:53") == "permission denied"


# --- datagrams that are cut, and streams -----------------------------------------------------------


async def test_a_cut_datagram_leads_to_tcp() -> None:
    async with nameserver(lambda query, via: [cut(query)] if via == "udp" else good(query, via)) as server:
        assert await ask(server) == "192.0.2.1"


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readexactly(20)


async def dripping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    query = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
    packet = good(query, "tcp")[0]
    for byte in len(packet).to_bytes(2) + packet:
        writer.write(bytes([byte]))
        await asyncio.sleep(0.05)


async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    query = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
    packet = good(query, "tcp")[0]
    writer.write((len(packet) + 1).to_bytes(2) + packet)
    await writer.drain()
    writer.write_eof()
    await reader.read()


def stream_of(respond: Respond) -> Serve:
    return by_length(respond, "tcp")


@pytest.mark.parametrize(
    ("serve", "why"),
    [
        (silent, "no answer in 0.3 s"),
        (closing, "connection closed by the server"),
        (dripping, "no answer in 0.3 s"),
        (half, "connection closed by the server"),
        (stream_of(lambda query, via: [cut(query)]), "an answer that is cut"),
        (stream_of(lambda query, via: [b""]), "an answer that cannot be read"),
        (stream_of(echoed(lambda packet: b"\0\0" + packet[2:])), "an answer with another identifier"),
        (stream_of(lambda query, via: [b"\xff" * 65535]), "an answer with another identifier"),
        (stream_of(lambda query, via: [many(query, 4000)]), "an answer of 4000 records"),
        (
            stream_of(lambda query, via: [query[:2] + many(query, 4000)[2:6] + bytes(59000)]),
            "an answer to another question",
        ),
    ],
)
async def test_bad_streams_have_one_clear_reason(serve: Serve, why: str) -> None:
    async with nameserver(lambda query, via: [cut(query)], serve) as server:
        started = time.monotonic()
        assert await ask(server) == why
        assert await ask(f"tcp://{server}") == why
        assert time.monotonic() - started < 2


async def test_an_answer_of_64_kib() -> None:
    texts = [f"example.org. 60 IN A 192.0.{number // 256}.{number % 256}" for number in range(1990)]
    async with nameserver(lambda query, via: [cut(query) if via == "udp" else answer(query, *texts)]) as server:
        assert (await ask(server, 10)).count(",") == 1989


# --- connections are kept while they are of use ----------------------------------------------------


async def test_a_connection_is_used_again_and_opened_again_where_it_was_closed() -> None:
    connections = 0

    async def twice(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        for _ in range(2):
            query = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
            [packet] = good(query, "tcp")
            writer.write(len(packet).to_bytes(2) + packet)

    async with stream_server(twice) as port:
        ways, server = Ways(Credentials()), servers.server(f"tcp://127.0.0.1:{port}")
        for count in (1, 1, 2, 2, 3):
            await ways.ask(server, QUERY, 5)
            assert connections == count
            await asyncio.sleep(0.01)
        await asyncio.gather(*(ways.ask(server, QUERY, 5) for _ in range(10)))
        await ways.close()
        # What was open goes on, but nothing is kept any more.
        await ways.ask(server, QUERY, 5)
        assert not any(ways._idle.values())


# --- TLS -------------------------------------------------------------------------------------------


@pytest.fixture
def authority(tmp_path: Path) -> tuple[trustme.CA, Path]:
    ca, path = trustme.CA(), tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(path)
    return ca, path


@asynccontextmanager
async def tls_server(ca: trustme.CA, *names: str, alpn: tuple[str, ...] = ()) -> AsyncGenerator[int]:
    certificate = ca.issue_cert(*names)
    with certificate.private_key_and_cert_chain_pem.tempfile() as path:
        context = server_context(path, alpn=alpn)
    async with stream_server(by_length(good, "tls"), context=context) as port:
        yield port


@pytest.mark.parametrize("alpn", [(), ("dot",)])
async def test_tls_by_address_and_by_name(authority: tuple[trustme.CA, Path], alpn: tuple[str, ...]) -> None:
    ca, path = authority
    async with tls_server(ca, "127.0.0.1", "dns.example", alpn=alpn) as port:
        assert await ask(f"tls://127.0.0.1:{port}", 5, path) == "192.0.2.1"
        assert await ask(f"tls://127.0.0.1:{port}#dns.example", 5, path) == "192.0.2.1"
        wrong = await ask(f"tls://127.0.0.1:{port}#other.example", 5, path)
        assert wrong == ("certificate rejected: Hostname mismatch, certificate is not valid for 'other.example'")
        assert await ask(f"tls://127.0.0.1:{port}", 5) == "certificate rejected: unable to get local issuer certificate"


async def test_tls_by_the_name_of_the_host(authority: tuple[trustme.CA, Path]) -> None:
    ca, path = authority
    async with tls_server(ca, "localhost") as port:
        assert await ask(f"tls://localhost:{port}", 5, path) == "192.0.2.1"


async def test_what_is_no_tls(authority: tuple[trustme.CA, Path]) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 no TLS here\r\n")
        await reader.read()

    for serve, why in ((plain, "TLS failed: "), (closing, "connection "), (silent, "no answer in 0.3 s")):
        async with stream_server(serve) as port:
            assert (await ask(f"tls://127.0.0.1:{port}", 0.3, authority[1])).startswith(why)


async def test_tls_is_kept_open_for_the_next_question(authority: tuple[trustme.CA, Path]) -> None:
    ca, path = authority
    async with tls_server(ca, "127.0.0.1") as port:
        ways, server = Ways(Credentials(path)), servers.server(f"tls://127.0.0.1:{port}")
        for _ in range(3):
            await ways.ask(server, QUERY, 5)
        assert [len(idle) for idle in ways._idle.values()] == [1]
        await ways.close()


def test_credentials_are_made_once() -> None:
    credentials = Credentials()
    context = credentials.context(servers.Transport.TLS)
    assert context is credentials.context(servers.Transport.TLS)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    with pytest.raises(Misuse, match="no such file"):
        Credentials("/does/not/exist").context(servers.Transport.TLS)
