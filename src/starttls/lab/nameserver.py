"""A DNS server on loopback for a tree of zones, over UDP and TCP on one port, in this process.

::

    async with NameServer(tree) as server:
        resolver = DNSResolver("{}:{}".format(*server.address), anchors=Anchors.parse(tree.anchor))

It has all zones, from the root down, and so answers as a resolver does that has looked them up and validated them:
aliases followed, RA set; AD where a question wants to know and all of the answer is signed; SERVFAIL with the reason
(RFC 8914) where signatures are wrong, unless the question says that they shall not be looked at (CD). What only the
rest of the world could answer it refuses.
"""

import asyncio
import ipaddress
import struct
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, TypeAlias, cast

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from dns.message import Message
from dns.name import Name
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.CNAME import CNAME
from dns.rrset import RRset

from starttls.core.errors import Misuse
from starttls.lab.zones import Served, Signing, Tree
from starttls.policy.answer import Status

__all__ = ["NameServer", "reply"]

PAYLOAD = 1232
"""The most bytes in a datagram (the DNS flag day of 2020)."""
LIMIT = 4096
"""The most bytes in a question."""
IDLE = 10.0
"""Seconds that a connection may be silent, or not take an answer."""
CONNECTIONS = 100
ALIASES = 16

_HEADER = struct.Struct("!6H")
_RESPONSE, _OPCODE, _RD = 0x8000, 0x7800, 0x0100
_WHY = {
    Signing.BROKEN: (dns.edns.EDECode.DNSSEC_BOGUS, "signatures do not verify"),
    Signing.EXPIRED: (dns.edns.EDECode.SIGNATURE_EXPIRED, "signatures have expired"),
}
_Address: TypeAlias = tuple[str, int]


def reply(tree: Tree, data: bytes, *, most: int | None = None) -> bytes | None:
    """The answer to a message, or None for what is no question.

    ``most`` is the number of bytes that the way back can carry, and None for TCP: what is longer is cut (TC), and an
    answer by UDP is also no longer than the one who asks can take.
    """
    if len(data) < _HEADER.size:
        return None
    number, flags, *counts = _HEADER.unpack_from(data)
    if flags & _RESPONSE:
        return None
    if flags & _OPCODE:
        return _without_question(number, flags, dns.rcode.NOTIMP)
    if counts[:3] != [1, 0, 0] or counts[3] > 1:  # one question (RFC 9619 §4), and perhaps EDNS
        return _without_question(number, flags, dns.rcode.FORMERR)
    try:
        query = dns.message.from_wire(data)
    except (dns.exception.DNSException, ValueError, struct.error, LookupError, TypeError):
        return _without_question(number, flags, dns.rcode.FORMERR)
    return _fitted(query, _answered(tree, query), most)


def _without_question(number: int, flags: int, code: dns.rcode.Rcode) -> bytes:
    return _HEADER.pack(number, _RESPONSE | flags & (_OPCODE | _RD) | code, 0, 0, 0, 0)


def _fitted(query: Message, response: Message, most: int | None) -> bytes:
    """In no more bytes than there is room for."""
    # RFC 6891 §6.2.3: "Values lower than 512 MUST be treated as equal to 512"; without EDNS it is 512 (RFC 1035).
    room = 65535 if most is None else min(most, max(512, query.payload if query.edns >= 0 else 0))
    try:
        return response.to_wire(max_size=room)
    except dns.exception.TooBig:
        for section in (response.answer, response.authority, response.additional):
            section.clear()
        response.flags |= dns.flags.TC
        return response.to_wire(max_size=room)


def _answered(tree: Tree, query: Message) -> Message:
    response = dns.message.make_response(query, recursion_available=True, our_payload=PAYLOAD)
    if query.edns > 0:
        response.use_edns(0, payload=PAYLOAD)
        response.set_rcode(dns.rcode.BADVERS)
    else:
        asked = query.question[0]
        refused = dns.rdatatype.is_metatype(asked.rdtype) or asked.rdtype in {RdataType.RRSIG, RdataType.NONE}
        if asked.rdclass != dns.rdataclass.IN or refused:
            response.set_rcode(dns.rcode.REFUSED)
        else:
            _Walk(tree, asked.rdtype).to(asked.name).write(query, response)
    return response


@dataclass(slots=True)
class _Walk:
    """The way from a name along its aliases."""

    tree: Tree
    rdtype: RdataType
    answer: list[RRset] = field(default_factory=list[RRset])
    authority: list[RRset] = field(default_factory=list[RRset])
    passed: list[Served] = field(default_factory=list[Served])
    code: dns.rcode.Rcode = dns.rcode.NOERROR

    def to(self, name: Name) -> Self:
        for _ in range(ALIASES):
            target = self._step(name)
            if target is None:
                return self
            name = target
        self.code = dns.rcode.SERVFAIL
        return self

    def _step(self, name: Name) -> Name | None:
        """Take what there is at ``name``; the target of an alias comes back."""
        zone = self.tree.zone_of(name, self.rdtype)
        self.passed.append(zone)
        source = zone.source(name)
        if source is None:
            self.code = dns.rcode.NXDOMAIN
            self._deny((*zone.soa, *zone.proof(name, zone.wildcard(name))))
            return None
        rrset = zone.sets.get((source, self.rdtype)) or zone.sets.get((source, RdataType.CNAME))
        if rrset is None:
            self._deny((*zone.soa, *zone.proof(source, name)))
            return None
        self.answer += [_renamed(each, name) for each in zone.signed(rrset)]
        if source != name:
            self._deny(zone.proof(name))  # RFC 4035 §3.1.3.3: that there is nothing closer than the wildcard
        first = next(iter(cast(Iterable[object], rrset)))
        return first.target if isinstance(first, CNAME) and self.rdtype != RdataType.CNAME else None

    def _deny(self, records: Iterable[RRset]) -> None:
        self.authority += [each for each in records if each not in self.authority]

    def write(self, query: Message, response: Message) -> None:
        wants_proof = bool(query.ednsflags & dns.flags.DO)
        checking = not query.flags & dns.flags.CD
        bogus = next((zone for zone in self.passed if zone.status is Status.BOGUS), None)
        if self.code == dns.rcode.SERVFAIL or (bogus and checking):
            response.set_rcode(dns.rcode.SERVFAIL)
            if bogus and query.edns >= 0:
                self._explain(bogus, response, query.ednsflags & dns.flags.DO)
            return
        response.set_rcode(self.code)
        secure = all(zone.status is Status.SECURE for zone in self.passed)
        # RFC 6840 §5.7, §5.8: AD is for those who set it, or DO, in the question.
        if secure and checking and (wants_proof or query.flags & dns.flags.AD):
            response.flags |= dns.flags.AD
        hidden = set[RdataType]() if wants_proof else {RdataType.RRSIG, RdataType.NSEC} - {self.rdtype}
        response.answer += [each for each in self.answer if each.rdtype not in hidden]
        response.authority += [each for each in self.authority if each.rdtype not in hidden]

    def _explain(self, bogus: Served, response: Message, ednsflags: int) -> None:
        at: Name = bogus.name
        while (zone := self.tree.zones.get(at)) is None or zone.signing not in _WHY:
            at = at.parent()
        code, why = _WHY[zone.signing]
        option = dns.edns.EDEOption(code, f"{why}: zone {zone.name.to_text(omit_final_dot=True)}")
        response.use_edns(0, ednsflags, PAYLOAD, options=[option])


def _renamed(rrset: RRset, name: Name) -> RRset:
    return rrset if rrset.name is name else dns.rrset.from_rdata(name, rrset.ttl, *cast(Iterable[object], rrset))


class NameServer:
    """Serves a tree while the ``async with`` block runs.

    ``address`` is where it listens: a loopback address, and a port that is free for both UDP and TCP (0: any that is).
    Raises `Misuse` for another address, and where the port is taken.
    """

    def __init__(self, tree: Tree, host: str = "127.0.0.1", port: int = 0, *, idle: float = IDLE) -> None:
        if not _is_loopback(host):
            raise Misuse(f"{host} is not a loopback address")
        self.address: _Address = (host, port)
        self._tree = tree
        self._idle = idle
        self._tasks: set[asyncio.Task[None]] = set()
        self._tcp: asyncio.Server | None = None
        self._udp: asyncio.DatagramTransport | None = None

    async def __aenter__(self) -> Self:
        host, port = self.address
        tries = 1 if port else 10  # a port that is free for TCP may be taken for UDP
        for left in reversed(range(tries)):
            try:
                self.address = await self._listen(host, port)
            except OSError as error:
                if not left:
                    raise Misuse(f"no DNS server can listen on {host}, port {port}: {error.strerror}") from error
            else:
                break
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._udp is not None:
            self._udp.close()
        if self._tcp is not None:
            self._tcp.close()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._tcp is not None:
            await self._tcp.wait_closed()

    async def _listen(self, host: str, port: int) -> _Address:
        tcp = await asyncio.start_server(self._accept, host, port, limit=LIMIT)
        address: _Address = tcp.sockets[0].getsockname()[:2]
        try:
            loop = asyncio.get_running_loop()
            self._udp, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self._tree), local_addr=address)
        except OSError:
            tcp.close()
            await tcp.wait_closed()
            raise
        self._tcp = tcp
        return address

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._tasks) >= CONNECTIONS:
            writer.transport.abort()
            return
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one question after the other, until the client is done, silent, or talks nonsense."""
        try:
            with suppress(OSError, EOFError, TimeoutError):
                while True:
                    async with asyncio.timeout(self._idle):
                        length = int.from_bytes(await reader.readexactly(2))
                        if length > LIMIT:
                            return
                        answer = reply(self._tree, await reader.readexactly(length))
                        if answer is None:
                            return
                        writer.write(len(answer).to_bytes(2) + answer)
                        await writer.drain()
        finally:
            writer.transport.abort()


class _Datagrams(asyncio.DatagramProtocol):
    """Answers each datagram by itself."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: _Address) -> None:
        if len(data) > LIMIT or self._transport is None:
            return
        answer = reply(self._tree, data, most=PAYLOAD)
        if answer is not None:
            self._transport.sendto(answer, addr)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
