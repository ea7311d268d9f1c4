"""Signed zones behind a real server, and the resolver that validates them."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import pytest
import trustme

from starttls.policy.answer import MX, Address, Alias, Answer, Question, Status
from starttls.resolve.dns import DNSResolver
from starttls.tls.contexts import server_context
from tests.policy.signed_world import World, look_up
from tests.policy.signed_zone import DAY, NOW, Zone
from tests.resolve.nameservers import Respond, answer, by_length, nameserver, question_of, stream_server

CD, AD, TC = dns.flags.CD, dns.flags.AD, dns.flags.TC


def built() -> World:
    return World(
        Zone("."),
        Zone("org"),
        Zone("example.org", "@ MX 10 mx\nmx A 192.0.2.1\nwww CNAME www.plain.org."),
        Zone("nsec3.org", "@ MX 10 mx.example.org.\n* A 192.0.2.3", nsec3=True),
        Zone("plain.org", "@ MX 10 mx\nmx A 192.0.2.2\nwww A 192.0.2.4", signed=False),
        Zone("expired.org", "@ A 192.0.2.5", expiration=NOW - DAY),
    )


def serving(world: World, *, validates: bool = True, lies: Callable[[bytes], bytes] = lambda packet: packet) -> Respond:
    """The resolver of this world. It validates where it is not told otherwise, and ``lies`` about what it says."""

    def respond(query: bytes, via: str) -> list[bytes]:
        asked = dns.message.from_wire(query)
        question = Question(*question_of(query))
        message = world.answer(question)
        if validates and not asked.flags & CD:
            match look_up(world, question.name, question.rdtype).status:
                case Status.SECURE:
                    message.flags |= AD
                case Status.BOGUS:
                    return [answer(query, rcode=dns.rcode.SERVFAIL, ede=6)]
                case _:
                    pass
        message.id = asked.id
        packet = message.to_wire(max_size=65535)
        if via == "udp" and len(packet) > asked.payload:
            message.flags |= TC
            message.answer, message.authority = [], []
            packet = message.to_wire()
        return [lies(packet)]

    return respond


def resolver(server: str, world: World, mode: str = "validate", ca_file: Path | None = None) -> DNSResolver:
    return DNSResolver(server, mode=mode, anchors=world.anchors, ca_file=ca_file, now=lambda: NOW, timeout=2)


@pytest.fixture
def world() -> World:
    return built()


CASES: list[tuple[str, str, Status, tuple[object, ...], bool]] = [
    ("example.org", "MX", Status.SECURE, (MX(10, "mx.example.org"),), True),
    ("mx.example.org", "A", Status.SECURE, (Address("192.0.2.1"),), True),
    ("mx.example.org", "AAAA", Status.SECURE, (), True),
    ("nobody.example.org", "A", Status.SECURE, (), False),
    ("_25._tcp.mx.example.org", "TLSA", Status.SECURE, (), False),
    ("any.nsec3.org", "A", Status.SECURE, (Address("192.0.2.3"),), True),
    ("any.nsec3.org", "MX", Status.SECURE, (), True),
    ("plain.org", "MX", Status.INSECURE, (MX(10, "mx.plain.org"),), True),
    ("nobody.plain.org", "A", Status.INSECURE, (), False),
    ("www.example.org", "A", Status.INSECURE, (Address("192.0.2.4"),), True),
    ("expired.org", "A", Status.BOGUS, (), True),
]


@pytest.mark.parametrize("mode", ["validate", "ad", "both"])
@pytest.mark.parametrize(("name", "rdtype", "status", "records", "exists"), CASES)
async def test_every_mode_sees_the_same(
    world: World, mode: str, name: str, rdtype: str, status: Status, records: tuple[object, ...], exists: bool
) -> None:
    async with nameserver(serving(world)) as server:
        found = await resolver(server, world, mode).query(name, rdtype)
    assert (found.status, found.records, found.exists) == (status, records, exists)
    assert found.server == server
    assert found.disagreement == ""
    assert found.reason or status is not Status.BOGUS


async def test_the_status_of_an_alias_alone(world: World) -> None:
    async with nameserver(serving(world)) as server:
        whole = await resolver(server, world).query("www.example.org", "A")
        step = await resolver(server, world).query("www.example.org", "CNAME")
    assert whole.aliases == step.aliases == (Alias("www.example.org", "www.plain.org", Status.SECURE),)
    assert (whole.status, step.status) == (Status.INSECURE, Status.SECURE)


async def test_what_is_cut_comes_by_tcp(world: World) -> None:
    world = World(Zone("."), Zone("org", "\n".join(f"big TXT {letter * 250}" for letter in "abcdefgh")))
    async with nameserver(serving(world)) as server:
        found = await resolver(server, world).query("big.org", "TXT")
    assert (found.status, len(found.records)) == (Status.SECURE, 8)


async def test_it_is_the_same_over_tls(world: World, tmp_path: Path) -> None:
    authority, ca_file = trustme.CA(), tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    with authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.tempfile() as path:
        context = server_context(path)
    connections = 0
    serve = by_length(serving(world), "tls")

    async def counted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await serve(reader, writer)

    async with stream_server(counted, context=context) as port:
        found = await resolver(f"tls://127.0.0.1:{port}", world, ca_file=ca_file).query("example.org", "MX")
    assert (found.status, connections) == (Status.SECURE, 1)


async def test_the_way_is_walked_once(world: World) -> None:
    async with nameserver(serving(world)) as server:
        ours = resolver(server, world)
        await ours.query("example.org", "MX")
        first = len(world.asked)
        await ours.query("mx.example.org", "A")
        assert len(world.asked) == first + 1
        together = resolver(server, world)
        world.asked.clear()
        names = ["example.org", "mx.example.org", "nobody.example.org", "plain.org"]
        found = await asyncio.gather(*(together.query(name, "MX") for name in names))
        assert {one.status for one in found} == {Status.SECURE, Status.INSECURE}
    assert len(set(world.asked)) == len(world.asked)


# --- who lies --------------------------------------------------------------------------------------


async def lied_to(
    world: World, lies: Callable[[bytes], bytes], name: str, rdtype: str, mode: str = "validate"
) -> Answer:
    async with nameserver(serving(world, lies=lies)) as server:
        return await resolver(server, world, mode).query(name, rdtype)


def changed(change: Callable[[dns.message.Message], object]) -> Callable[[bytes], bytes]:
    def lie(packet: bytes) -> bytes:
        message = dns.message.from_wire(packet)
        change(message)
        return message.to_wire(max_size=65535)

    return lie


def stripped(message: dns.message.Message) -> None:
    for section in (message.answer, message.authority):
        section[:] = [rrset for rrset in section if rrset.rdtype != dns.rdatatype.RRSIG]


def emptied(message: dns.message.Message) -> None:
    message.answer.clear()
    message.authority.clear()


def forged(packet: bytes) -> bytes:
    return packet.replace(bytes([192, 0, 2, 1]), bytes([192, 0, 2, 66]))


def ad_set(packet: bytes) -> bytes:
    return packet[:3] + bytes([packet[3] | 0x20]) + packet[4:]


def ad_cleared(packet: bytes) -> bytes:
    return packet[:3] + bytes([packet[3] & ~0x20]) + packet[4:]


@pytest.mark.parametrize("lies", [changed(stripped), changed(emptied), forged])
async def test_a_lie_about_a_signed_zone_is_not_believed(world: World, lies: Callable[[bytes], bytes]) -> None:
    found = await lied_to(world, lies, "mx.example.org", "A")
    assert not found.status.usable
    assert (found.records, found.reason != "") == ((), True)


async def test_the_ad_bit_of_whoever_is_asked_means_nothing_where_we_validate(world: World) -> None:
    found = await lied_to(world, ad_set, "plain.org", "MX")
    assert found.status is Status.INSECURE
    found = await lied_to(world, lambda packet: ad_set(forged(packet)), "mx.example.org", "A")
    assert found.status is Status.BOGUS


async def test_a_server_that_fails_with_its_own_opinion_is_not_heard(world: World) -> None:
    async with nameserver(lambda query, via: [answer(query, rcode=dns.rcode.SERVFAIL, ede=6)]) as server:
        found = await resolver(server, world).query("example.org", "MX")
    assert (found.status, found.reason) == (Status.INDETERMINATE, "SERVFAIL: told\\nso")


async def test_keys_that_cannot_be_had_are_no_proof(world: World) -> None:
    honest = serving(world)

    def respond(query: bytes, via: str) -> list[bytes]:
        return [] if question_of(query)[1] == "DNSKEY" else honest(query, via)

    async with nameserver(respond) as server:
        silent = DNSResolver(server, mode="validate", anchors=world.anchors, now=lambda: NOW, timeout=0.1, attempts=1)
        found = await silent.query("example.org", "MX")
    assert found.status is Status.INDETERMINATE


# --- both ------------------------------------------------------------------------------------------


async def test_both_report_a_disagreement(world: World) -> None:
    async with nameserver(serving(world, lies=ad_set)) as server:
        found = await resolver(server, world, "both").query("plain.org", "MX")
    assert (found.status, found.records) == (Status.INSECURE, (MX(10, "mx.plain.org"),))
    why = "insecure (org has no DS record for plain.org)"
    assert found.disagreement == f"validated here {why}, by the AD bit of {server} secure"


async def test_a_missing_ad_bit_takes_nothing_from_what_is_proven(world: World) -> None:
    async with nameserver(serving(world, lies=ad_cleared)) as server:
        found = await resolver(server, world, "both").query("example.org", "MX")
    assert (found.status, found.records) == (Status.SECURE, (MX(10, "mx.example.org"),))
    assert found.disagreement == f"validated here secure, by the AD bit of {server} insecure"


async def test_who_does_not_answer_both_ways_is_not_used(world: World) -> None:
    honest = serving(world)

    def respond(query: bytes, via: str) -> list[bytes]:
        checking = not dns.message.from_wire(query).flags & CD
        return [answer(query, rcode=dns.rcode.REFUSED)] if checking else honest(query, via)

    async with nameserver(respond) as server:
        found = await resolver(server, world, "both").query("example.org", "MX")
    assert (found.status, found.records, found.ttl) == (Status.INDETERMINATE, (), 0)
    assert found.disagreement == f"validated here secure, by the AD bit of {server} indeterminate (REFUSED)"
    assert found.reason == "REFUSED"


async def test_a_forgery_that_the_server_believes_is_a_disagreement(world: World) -> None:
    found = await lied_to(world, lambda packet: ad_set(changed(stripped)(packet)), "mx.example.org", "A", "both")
    assert (found.status, found.records) == (Status.BOGUS, ())
    assert found.disagreement.startswith("validated here bogus (")
