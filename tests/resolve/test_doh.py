import asyncio
import gzip
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme

from starttls.core.errors import Misuse
from starttls.policy.answer import Address, Answer, Status
from starttls.resolve import doh
from starttls.resolve.dns import DNSResolver
from starttls.tls.contexts import server_context
from tests.resolve.doh_servers import Reply, by_http1, by_http2
from tests.resolve.nameservers import Respond, Serve, answer, stream_server


def good(query: bytes, via: str) -> list[bytes]:
    assert query[:2] == b"\0\0"  # RFC 8484 §4.1: an identifier of 0, for the sake of caches
    return [answer(query, "example.org. 60 IN A 192.0.2.1", ad=True)]


@pytest.fixture
def authority(tmp_path: Path) -> tuple[trustme.CA, Path]:
    ca, path = trustme.CA(), tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(path)
    return ca, path


@asynccontextmanager
async def web(ca: trustme.CA, serve: Serve, name: str = "127.0.0.1", alpn: str = "http/1.1") -> AsyncGenerator[str]:
    with ca.issue_cert(name).private_key_and_cert_chain_pem.tempfile() as path:
        context = server_context(path, alpn=(alpn,))
    async with stream_server(serve, context=context) as port:
        yield f"https://127.0.0.1:{port}/dns-query"


async def ask(url: str, ca_file: Path | None, seconds: float = 5) -> Answer:
    return await DNSResolver(url, mode="ad", ca_file=ca_file, timeout=seconds, attempts=1).query("example.org", "A")


@pytest.mark.parametrize(("make", "alpn"), [(by_http1, "http/1.1"), (by_http2, "h2")])
async def test_an_answer(
    authority: tuple[trustme.CA, Path], make: Callable[[Respond, Reply], Serve], alpn: str
) -> None:
    ca, path = authority
    async with web(ca, make(good, Reply()), alpn=alpn) as url:
        found = await ask(url, path)
        assert (found.status, found.records, found.server) == (Status.SECURE, (Address("192.0.2.1"),), url)
        resolver = DNSResolver(url, mode="ad", ca_file=path)
        await asyncio.gather(*(resolver.query("example.org", rdtype) for rdtype in ("A", "AAAA", "MX", "TXT")))
        assert resolver._here == {}


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (Reply(status=500), "HTTP status 500"),
        (Reply(status=204, body=b""), "HTTP status 204"),
        (Reply(status=302, extra={"location": "https://127.0.0.1:1/"}), "HTTP status 302"),
        (Reply(kind="text/html", body=b"<p>"), "no DNS message, but text/html"),
        (Reply(kind=""), "no DNS message, but something without a type"),
        (Reply(kind="application/dns-message; charset=x", body=b"junk"), "an answer that cannot be read"),
        (Reply(body=b""), "an answer that cannot be read"),
        (Reply(body=bytes(65536)), "more than 65535 bytes"),
        (
            Reply(body=gzip.compress(bytes(10**6)), extra={"content-encoding": "gzip"}),
            "an answer with another identifier",
        ),
    ],
)
async def test_a_web_server_that_does_not_answer(authority: tuple[trustme.CA, Path], reply: Reply, why: str) -> None:
    ca, path = authority
    async with web(ca, by_http1(good, reply)) as url:
        found = await ask(url, path)
        assert (found.status, found.reason) == (Status.INDETERMINATE, f"{url}: {why}")


async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 So\r\ncontent-type: application/dns-message\r\ntransfer-encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"8000\r\n" + bytes(32768) + b"\r\n")
        await writer.drain()


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")


async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(bytes(range(256)) * 300)
    await reader.read()


async def headers_without_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 So\r\n")
    while True:
        writer.write(b"x: " + b"y" * 60000 + b"\r\n")
        await writer.drain()


@pytest.mark.parametrize("alpn", ["http/1.1", "h2"])
@pytest.mark.parametrize("serve", [endless, silent, closing, garbage, headers_without_end])
async def test_a_hostile_web_server_is_a_failure_in_time(
    authority: tuple[trustme.CA, Path], serve: Serve, alpn: str
) -> None:
    ca, path = authority
    async with web(ca, serve, alpn=alpn) as url:
        found = await ask(url, path, 0.5)
        assert found.status is Status.INDETERMINATE
        assert found.reason.startswith(f"{url}: ")
        assert "\n" not in found.reason


async def test_the_certificate_counts(authority: tuple[trustme.CA, Path]) -> None:
    ca, path = authority
    async with web(ca, by_http1(good, Reply()), name="192.0.2.1") as url:
        rejected = "certificate rejected: IP address mismatch, certificate is not valid for '127.0.0.1'"
        assert (await ask(url, path)).reason == f"{url}: {rejected}"
        unknown = "certificate rejected: unable to get local issuer certificate"
        assert (await ask(url, None)).reason == f"{url}: {unknown}"


async def test_nobody_listens() -> None:
    found = await ask("https://127.0.0.1:1/", None)
    assert found.reason == "https://127.0.0.1:1/: all connection attempts failed"


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doh, "find_spec", lambda name: None)
    with pytest.raises(Misuse, match=r"DNS over HTTPS needs an HTTP client: pip install starttls\[doh\]"):
        DNSResolver("https://127.0.0.1/", mode="ad")
