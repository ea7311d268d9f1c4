"""Where mail for a next hop goes, asked in the order in which the answers may be believed: MX, addresses, TLSA."""

import asyncio
import ipaddress
import re
from dataclasses import replace

from starttls.core.errors import Misuse
from starttls.core.transcript import one_line
from starttls.policy.answer import MX, TLSA, Answer, Status
from starttls.policy.destination import Destination, Host, Kind
from starttls.policy.tlsa import owner
from starttls.resolve.resolver import Resolver
from starttls.tls.names import a_label

__all__ = ["HOSTS", "destination", "host_at"]

HOSTS = 20
"""Mail hosts that are looked at, the preferred ones first. A domain may name hundreds; nobody has to ask for all."""

_BRACKETED = re.compile(r"\[(?P<inside>[^\[\]]+)\](?::(?P<port>[0-9]{1,5}))?")
_WITH_PORT = re.compile(r"(?P<inside>[^\[\]:]+):(?P<port>[0-9]{1,5})")


async def destination(next_hop: str, resolver: Resolver, *, port: int = 25) -> Destination:
    """Find where mail for ``next_hop`` goes, and what the DNS says of each host.

    A next hop is a domain (``"example.org"``), a smart host for which no MX is asked (``"[mail.example.org]"``,
    ``"[mail.example.org]:587"``, ``"mail.example.org:587"``), or an address (``"[192.0.2.1]"``,
    ``"[IPv6:2001:db8::1]:25"``). ``port`` is where it names none. The hosts come in the order of preference; those of
    the same preference as the DNS had them, and it is for the sender to spread the load (RFC 5321 §5.1).

    Raises `Misuse` for what is no next hop. Whatever the DNS says is in the answers.
    """
    name, kind, port = _read(next_hop, port)
    match kind:
        case Kind.LITERAL:
            return Destination(domain=name, kind=kind, hosts=(Host(host=name, port=port),))
        case Kind.HOST:
            return Destination(domain=name, kind=kind, hosts=(await host_at(name, resolver, port=port),))
        case _:
            return await _by_mx(name, resolver, port)


async def host_at(name: str, resolver: Resolver, *, port: int, preference: int = 0) -> Host:
    """What the DNS says of one host: its addresses, and the TLSA records of its ``port``."""
    addresses = await _together(resolver, (name, "A"), (name, "AAAA"))
    host = Host(host=name, preference=preference, port=port, addresses=addresses)
    alias, bases = await _bases(host, resolver)
    answers: list[Answer] = []
    for base in bases:
        answer = await resolver.query(owner(base, port), "TLSA")
        answers.append(answer)
        # RFC 7672 §2.2.2: the first name with secure records is the TLSA base domain. A failure ends the search, too:
        # what stands at the other name says nothing of what was withheld here.
        if not answer.status.usable or (answer.status is Status.SECURE and answer.of(TLSA)):
            break
    return replace(host, alias=alias, tlsa=tuple(answers))


async def _bases(host: Host, resolver: Resolver) -> tuple[Answer | None, tuple[str, ...]]:
    """The answer to CNAME where it was asked, and the names at which TLSA records may be."""
    # RFC 7672 §2.2.2: no TLSA is asked where the addresses are insecure. There cannot be secure ones, and the servers
    # that fail on types they do not know are mostly those of unsigned zones: mail to them would wait for ever.
    # One family that is secure is enough: both belong to one name, so to one zone, and the TLSA records have their own
    # proof. Many zones fail at denying AAAA alone.
    secure = next((answer for answer in host.located if answer.status is Status.SECURE), None)
    if secure is not None:
        return None, tuple(dict.fromkeys((secure.name, host.host)))
    if any(answer.aliases for answer in host.located):
        # The alias may be signed, and only what it leads to not: then TLSA records at the alias still hold.
        alias = await resolver.query(host.host, "CNAME")
        return alias, (host.host,) if alias.status is Status.SECURE else ()
    return None, ()


async def _by_mx(domain: str, resolver: Resolver, port: int) -> Destination:
    mx = await resolver.query(domain, "MX")
    if not mx.status.usable:
        return Destination(domain=domain, kind=Kind.UNKNOWN, mx=mx, reason=f"MX is {mx.status}: {one_line(mx.reason)}")
    if not mx.exists:
        return Destination(domain=domain, kind=Kind.NOTHING, mx=mx, reason="the domain does not exist")
    records = mx.of(MX)
    if not records:
        return await _implicit(domain, mx, resolver, port)
    named = tuple(record for record in records if record.host != ".")
    if not named:
        return Destination(domain=domain, kind=Kind.NULL, mx=mx)
    # RFC 7505 §3: a null MX is one only by itself; among others it is no host, and is left out.
    preferences: dict[str, int] = {}
    for record in sorted(named, key=lambda record: record.preference):
        preferences.setdefault(record.host, record.preference)
    chosen = tuple(preferences.items())[:HOSTS]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_mx_host(host, preference, resolver, port)) for host, preference in chosen]
    hosts = tuple(task.result() for task in tasks)
    return Destination(domain=domain, kind=Kind.MX, mx=mx, hosts=hosts, unseen=len(preferences) - len(hosts))


async def _mx_host(name: str, preference: int, resolver: Resolver, port: int) -> Host:
    """One host of an MX record, which may name anything."""
    unknown = Host(host=name, preference=preference, port=port)
    try:
        host = a_label(name)
    except Misuse:
        return unknown
    # RFC 5321 §5.1: the MX record has "a domain name", and not an address, as many have it.
    return unknown if _address(host) else await host_at(host, resolver, port=port, preference=preference)


async def _implicit(domain: str, mx: Answer, resolver: Resolver, port: int) -> Destination:
    """RFC 5321 §5.1: without MX records the domain is its own host, "with a preference of 0"."""
    host = await host_at(domain, resolver, port=port)
    if not host.located and all(answer.status.usable for answer in host.addresses):
        return Destination(domain=domain, kind=Kind.NOTHING, mx=mx, reason="the domain has neither MX nor addresses")
    return Destination(domain=domain, kind=Kind.IMPLICIT, mx=mx, hosts=(host,))


async def _together(resolver: Resolver, *questions: tuple[str, str]) -> tuple[Answer, ...]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(resolver.query(name, rdtype)) for name, rdtype in questions]
    return tuple(task.result() for task in tasks)


def _read(next_hop: str, port: int) -> tuple[str, Kind, int]:
    """The name or address, how it was written, and the port. `Kind.MX` where the MX has to be asked."""
    text = next_hop.strip()
    if address := _address(text):
        return address, Kind.LITERAL, port
    found = _BRACKETED.fullmatch(text) or _WITH_PORT.fullmatch(text)
    if found is None:
        return a_label(text), Kind.MX, port
    inside = found["inside"]
    port = port if found["port"] is None else int(found["port"])
    if not 0 < port < 65536:
        raise Misuse(f"'{next_hop}' has no port between 1 and 65535")
    # RFC 5321 §4.1.3 writes IPv6 with a tag; many people leave it out.
    if address := _address(inside[5:] if inside[:5].lower() == "ipv6:" else inside):
        return address, Kind.LITERAL, port
    return a_label(inside), Kind.HOST, port


def _address(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None
