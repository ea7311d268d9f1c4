import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from starttls.asyncio.client import Client
from starttls.asyncio.server import listen
from starttls.asyncio.stream import Stream
from starttls.lab import backends
from starttls.lab.authority import Authority
from starttls.lab.backends import imap, pop3, smtp, xmpp


@asynccontextmanager
async def session(scheme: str, backend: Callable[[Stream], Awaitable[None]]) -> AsyncGenerator[Stream]:
    """A stream to ``backend``."""
    authority = Authority()
    with authority.issue("localhost").files() as files:
        async with listen(f"{scheme}://127.0.0.1:0", backend, certificate=files.chain, key=files.key) as server:
            ca_file = files.chain.parent / "ca.pem"
            ca_file.write_bytes(authority.certificate)
            port = server.addresses[0][1]
            async with await Client(ca_file=ca_file).connect(f"{scheme}://localhost:{port}") as stream:
                yield stream


async def dialogue(scheme: str, backend: Callable[[Stream], Awaitable[None]], said: bytes) -> bytes:
    """Everything that ``backend`` answers to ``said`` until it closes."""
    async with session(scheme, backend) as stream, asyncio.timeout(5):
        await stream.write(said)
        answer = b""
        while data := await stream.read():
            answer += data
    return answer


async def test_smtp() -> None:
    said = b"EHLO a\r\nHELO a\r\nNOOP\r\nRSET\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nSTARTTLS\r\nquit\r\n"
    answer = await dialogue("smtp", smtp, said)
    assert [row[:4] for row in answer.splitlines()] == [
        *(b"250-", b"250-", b"250 ", b"250 ", b"250 ", b"250 ", b"550 ", b"503 ", b"502 ", b"221 ")
    ]
    assert b"STARTTLS" not in answer  # RFC 3207 §4.2: not offered again inside TLS


async def test_imap() -> None:
    said = b"a CAPABILITY\r\nb NOOP\r\nc LOGIN me secret\r\nd SELECT INBOX\r\n* what\r\ne logout\r\n"
    rows = (await dialogue("imap", imap, said)).splitlines()
    assert [row.split()[:2] for row in rows] == [
        [b"*", b"CAPABILITY"],
        [b"a", b"OK"],
        [b"b", b"OK"],
        [b"c", b"NO"],
        [b"d", b"BAD"],
        [b"*", b"BAD"],
        [b"*", b"BYE"],
        [b"e", b"OK"],
    ]


async def test_pop3() -> None:
    answer = await dialogue("pop3", pop3, b"CAPA\r\nUSER me\r\nPASS secret\r\nSTAT\r\nQUIT\r\n")
    assert [row.split()[0] for row in answer.splitlines()] == [
        *(b"+OK", b"USER", b"RESP-CODES", b"AUTH-RESP-CODE", b".", b"+OK", b"-ERR", b"-ERR", b"+OK")
    ]


async def test_xmpp() -> None:
    answer = await dialogue(
        "xmpp",
        xmpp,
        b"<?xml version='1.0'?><stream:stream to='localhost' version='1.0' xmlns='jabber:client' "
        b"xmlns:stream='http://etherx.jabber.org/streams'>"
        b"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AAAA</auth></stream:stream>",
    )
    assert b"<mechanism>PLAIN</mechanism>" in answer
    assert b"starttls" not in answer  # RFC 6120 §5.4.3.3
    assert answer.endswith(b"<not-authorized/></failure></stream:stream>")


@pytest.mark.parametrize(
    ("scheme", "backend", "greeting"),
    [("smtps", smtp, b"220 "), ("imaps", imap, b"* OK "), ("pop3s", pop3, b"+OK ")],
)
async def test_with_implicit_tls_the_server_speaks_first(
    scheme: str, backend: Callable[[Stream], Awaitable[None]], greeting: bytes
) -> None:
    async with session(scheme, backend) as stream:
        assert (await stream.readline()).startswith(greeting)


@pytest.mark.parametrize(("scheme", "backend"), [("smtp", smtp), ("xmpp", xmpp)])
async def test_a_client_that_says_nothing_is_let_go(
    monkeypatch: pytest.MonkeyPatch, scheme: str, backend: Callable[[Stream], Awaitable[None]]
) -> None:
    monkeypatch.setattr(backends, "PATIENCE", 0.05)
    async with session(scheme, backend) as stream, asyncio.timeout(5):
        assert await stream.read() == b""


async def test_an_endless_line_ends_the_session() -> None:
    async with session("smtp", smtp) as stream, asyncio.timeout(5):
        await stream.write(b"x" * (backends.LIMIT + 1))
        assert await stream.read() == b""
