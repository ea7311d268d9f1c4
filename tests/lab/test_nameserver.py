"""The server, asked through real sockets: by our resolver in each of its modes, and by hand."""

import asyncio
import socket
from collections.abc import AsyncIterator

import dns.asyncquery
import dns.edns
import dns.flags
import dns.message
import dns.rcode
import pytest

from starttls.core.errors import Misuse
from starttls.lab import nameserver
from starttls.lab.nameserver import NameServer, reply
from starttls.lab.zones import Tree, Zone
from starttls.policy.anchors import Anchors
from starttls.policy.answer import Status
from starttls.resolve.dns import DNSResolver

MAIL = """
@         MX    10 mail
mail      A     127.0.0.1
alias     CNAME mail
out       CNAME mail.none.test.
gone      CNAME nowhere.good.test.
*.wild    TXT   anything
*.other   CNAME mail
deep.in.a TXT   "below a name without records"
_25._tcp.mail TLSA 3 1 1 0000000000000000000000000000000000000000000000000000000000000000
"""
TREE = Tree.grow(
    Zone("test"),
    Zone("good.test", MAIL),
    Zone("none.test", MAIL, "none"),
    Zone("island.none.test", MAIL),
    Zone("broken.test", MAIL, "broken"),
    Zone("below.broken.test", MAIL),
    Zone("expired.test", MAIL, "expired"),
    Zone("plain.below.good.test", MAIL, "none"),
    Zone("odd.test", "to-none CNAME mail.none.test.\nto-broken CNAME mail.broken.test.\nloop CNAME loop\n"),
    Zone("big.test", "\n".join(f"@ TXT {'x' * 200}{number}" for number in range(20))),
)
EXPECTED = {
    "good.test": Status.SECURE,
    "none.test": Status.INSECURE,
    "island.none.test": Status.INSECURE,
    "broken.test": Status.BOGUS,
    "below.broken.test": Status.BOGUS,
    "expired.test": Status.BOGUS,
    "plain.below.good.test": Status.INSECURE,
}
QUESTIONS = [
    ("", "MX", 1, True),
    ("", "A", 0, True),
    ("mail", "A", 1, True),
    ("_25._tcp.MAIL", "TLSA", 1, True),
    ("mail", "AAAA", 0, True),
    ("alias", "A", 1, True),
    ("alias", "TXT", 0, True),
    ("x.y.wild", "TXT", 1, True),
    ("x.wild", "A", 0, True),
    ("x.other", "A", 1, True),
    ("in.a", "TXT", 0, True),
    ("nowhere", "A", 0, False),
    ("x.mail", "A", 0, False),
]


@pytest.fixture
async def server() -> AsyncIterator[NameServer]:
    async with NameServer(TREE) as running:
        yield running


def resolver(server: NameServer, mode: str, transport: str = "") -> DNSResolver:
    host, port = server.address
    anchors = None if mode == "ad" else Anchors.parse(TREE.anchor)
    return DNSResolver(f"{transport}{host}:{port}", mode=mode, anchors=anchors, timeout=10)


async def ask(server: NameServer, name: str, rdtype: str, **options: object) -> dns.message.Message:
    query = dns.message.make_query(name, rdtype, **options)  # type: ignore[arg-type]
    return await dns.asyncquery.udp(query, server.address[0], port=server.address[1], timeout=10)


# --- our resolver -----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["validate", "ad", "both"])
@pytest.mark.parametrize("zone", EXPECTED)
async def test_our_resolver_finds_zones_as_they_were_made(server: NameServer, zone: str, mode: str) -> None:
    asked = resolver(server, mode)
    for below, rdtype, count, exists in QUESTIONS:
        answer = await asked.query(f"{below}.{zone}".removeprefix("."), rdtype)
        assert (answer.status, answer.disagreement) == (EXPECTED[zone], ""), (answer.question, answer.reason)
        if answer.status.usable:
            assert (len(answer.records), answer.exists) == (count, exists), answer.question


@pytest.mark.parametrize("mode", ["validate", "ad"])
@pytest.mark.parametrize(
    ("name", "status", "count"),
    [
        ("to-none.odd.test", Status.INSECURE, 1),
        ("to-broken.odd.test", Status.BOGUS, 0),
        ("loop.odd.test", Status.INDETERMINATE, 0),
        ("out.good.test", Status.INSECURE, 1),
        ("gone.good.test", Status.SECURE, 0),
        ("nowhere.test", Status.SECURE, 0),
        ("nowhere", Status.SECURE, 0),
        ("below.good.test", Status.SECURE, 0),
    ],
)
async def test_across_zones(server: NameServer, mode: str, name: str, status: Status, count: int) -> None:
    answer = await resolver(server, mode).query(name, "A")
    assert (answer.status, len(answer.records)) == (status, count), answer.reason


@pytest.mark.parametrize("transport", ["", "tcp://"])
async def test_what_does_not_fit_into_a_datagram(server: NameServer, transport: str) -> None:
    answer = await resolver(server, "validate", transport).query("big.test", "TXT")
    assert (answer.status, len(answer.records)) == (Status.SECURE, 20)


async def test_why_it_is_bogus_is_said(server: NameServer) -> None:
    said = {}
    for zone in ("broken.test", "below.broken.test", "expired.test"):
        answer = await resolver(server, "ad").query(zone, "MX")
        said[zone] = [(error.code, error.text) for error in answer.extended]
    assert said == {
        "broken.test": [(6, "signatures do not verify: zone broken.test")],
        "below.broken.test": [(6, "signatures do not verify: zone broken.test")],
        "expired.test": [(7, "signatures have expired: zone expired.test")],
    }


# --- flags, sizes, codes ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "flags", "dnssec", "authentic"),
    [
        ("good.test", 0, True, True),
        ("good.test", dns.flags.AD, False, True),
        ("good.test", 0, False, False),
        ("good.test", dns.flags.CD, True, False),
        ("none.test", dns.flags.AD, True, False),
    ],
)
async def test_ad_is_for_those_who_want_to_know(
    server: NameServer, name: str, flags: int, dnssec: bool, authentic: bool
) -> None:
    response = await ask(server, name, "MX", flags=dns.flags.RD | flags, want_dnssec=dnssec, use_edns=0)
    assert bool(response.flags & dns.flags.AD) is authentic
    assert response.flags & dns.flags.RA
    assert any(each.rdtype == dns.rdatatype.RRSIG for each in response.answer) is (dnssec and name == "good.test")


async def test_who_wants_no_proof_gets_none(server: NameServer) -> None:
    response = await ask(server, "nowhere.good.test", "A")
    assert [each.rdtype for each in response.authority] == [dns.rdatatype.SOA]
    assert response.rcode() == dns.rcode.NXDOMAIN
    assert response.edns == -1


async def test_what_is_bogus_is_there_for_who_does_not_check(server: NameServer) -> None:
    assert (await ask(server, "broken.test", "MX")).rcode() == dns.rcode.SERVFAIL
    response = await ask(server, "broken.test", "MX", flags=dns.flags.RD | dns.flags.CD)
    assert (response.rcode(), len(response.answer)) == (dns.rcode.NOERROR, 1)


@pytest.mark.parametrize(
    ("options", "cut"), [({}, True), ({"payload": 100}, True), ({"payload": 700}, True), ({"payload": 1232}, False)]
)
def test_an_answer_is_as_long_as_the_question_allows(options: dict[str, int], cut: bool) -> None:
    tree = Tree.grow(Zone("a.test", "\n".join(f"@ TXT {'x' * 200}{number}" for number in range(4))))
    answer = reply(tree, dns.message.make_query("a.test", "TXT", **options).to_wire(), most=1232)  # type: ignore[arg-type]
    assert answer is not None
    assert len(answer) <= max(512, options.get("payload", 0))
    message = dns.message.from_wire(answer)
    assert (bool(message.flags & dns.flags.TC), len(message.answer)) == (cut, not cut)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (dns.message.make_query("good.test", "ANY"), dns.rcode.REFUSED),
        (dns.message.make_query("good.test", "AXFR"), dns.rcode.REFUSED),
        (dns.message.make_query("good.test", "RRSIG"), dns.rcode.REFUSED),
        (dns.message.make_query("version.bind", "TXT", "CH"), dns.rcode.REFUSED),
        (dns.message.make_query("good.test", "MX", use_edns=1), dns.rcode.BADVERS),
    ],
)
def test_what_is_refused(query: dns.message.Message, code: int) -> None:
    answer = reply(TREE, query.to_wire())
    assert answer is not None
    assert dns.message.from_wire(answer).rcode() == code


HEAD = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        (b"", None),
        (b"\x12\x34\x01", None),
        (b"\x12\x34\x81" + HEAD[3:], None),
        (HEAD, "12348101" + "0000" * 4),
        (HEAD + b"\xc0\x0c\x00\x01\x00\x01", "12348101" + "0000" * 4),
        (HEAD + b"\x3fshort", "12348101" + "0000" * 4),
        (HEAD[:5] + b"\x02" + HEAD[6:] + b"\x00\x00\x01\x00\x01" * 2, "12348101" + "0000" * 4),
        (b"\x12\x34\x29" + HEAD[3:] + b"\x00\x00\x06\x00\x01", "1234a904" + "0000" * 4),
    ],
    ids=["nothing", "half a head", "an answer", "no question", "a loop", "cut", "two questions", "an update"],
)
def test_what_is_no_question(data: bytes, answer: str | None) -> None:
    said = reply(TREE, data)
    assert (said and said.hex()) == answer


# --- sockets ----------------------------------------------------------------------------------------


async def test_questions_follow_each_other_on_a_connection(server: NameServer) -> None:
    reader, writer = await asyncio.open_connection(*server.address)
    query = dns.message.make_query("big.test", "TXT", want_dnssec=True).to_wire()
    writer.write((len(query).to_bytes(2) + query) * 2)
    for _ in range(2):
        message = dns.message.from_wire(await reader.readexactly(int.from_bytes(await reader.readexactly(2))))
        assert len(message.answer) == 2
    writer.close()


@pytest.mark.parametrize("data", [b"\xff\xff", b"\x00\x00", b"\x00\x03abc", b"GET / HTTP/1.0\r\n\r\n"])
async def test_nonsense_ends_a_connection(server: NameServer, data: bytes) -> None:
    reader, writer = await asyncio.open_connection(*server.address)
    writer.write(data)
    with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
        await reader.readexactly(1)
    assert (await ask(server, "good.test", "MX")).answer
    writer.close()


async def test_silence_ends_a_connection() -> None:
    async with NameServer(TREE, idle=0.05) as server:
        reader, writer = await asyncio.open_connection(*server.address)
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await reader.readexactly(1)
        writer.close()


async def test_there_are_only_so_many_connections(server: NameServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nameserver, "CONNECTIONS", 1)
    _, first = await asyncio.open_connection(*server.address)
    reader, second = await asyncio.open_connection(*server.address)
    with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
        await reader.readexactly(1)
    for writer in (first, second):
        writer.close()


async def test_garbage_in_a_datagram_is_survived(server: NameServer) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for data in (b"", b"\x00", HEAD, b"\xff" * 5000):
            sock.sendto(data, server.address)
    assert (await ask(server, "good.test", "MX")).answer


async def test_it_ends_with_the_block_whoever_is_connected() -> None:
    async with NameServer(TREE) as server:
        reader, writer = await asyncio.open_connection(*server.address)
        await ask(server, "good.test", "MX")
    with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
        await reader.readexactly(1)
    writer.close()
    async with NameServer(TREE, port=server.address[1]) as again:
        assert again.address == server.address


async def test_a_port_that_is_taken(server: NameServer) -> None:
    with pytest.raises(Misuse, match=f"can listen on 127.0.0.1, port {server.address[1]}: "):
        await NameServer(TREE, port=server.address[1]).__aenter__()


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
async def test_both_halves_of_a_port_are_needed(kind: socket.SocketKind) -> None:
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        with pytest.raises(Misuse, match="can listen on"):
            await NameServer(TREE, port=port).__aenter__()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "localhost", "::"])
def test_only_loopback(host: str) -> None:
    with pytest.raises(Misuse, match="is not a loopback address"):
        NameServer(TREE, host)
