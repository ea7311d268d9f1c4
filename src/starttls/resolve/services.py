"""Which services a domain offers: its mail exchangers, what its SRV records name, and what has a usual name."""

import asyncio
import enum
import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass

from starttls.core.errors import Misuse
from starttls.core.facts import Protocol
from starttls.policy.answer import SRV, Address, Answer, Status
from starttls.policy.destination import Destination
from starttls.protocols import ALL, by_name
from starttls.resolve.destination import destination
from starttls.resolve.resolver import Resolver
from starttls.tls.names import a_label

__all__ = ["TARGETS", "Found", "Part", "Service", "Services", "offered", "services"]

TARGETS = 10
"""Targets of one SRV question that are kept, the preferred ones first."""


class Found(enum.StrEnum):
    """How a service was found."""

    MX = "mx"
    SRV = "srv"
    NAME = "name"
    """A host with a usual name is there. It may not offer the service: a refused connection is no fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One place where a service is."""

    protocol: Protocol
    implicit: bool
    """TLS from the first byte."""
    host: str
    port: int
    found: Found
    names: tuple[str, ...]
    """The names of which its certificate must have one, by a public authority; the host's first, where it counts."""
    status: Status = Status.SECURE
    """Of what led from the domain to the host's name. SECURE where no lookup did."""
    priority: int = 0
    """Of the MX or SRV record: the lower goes first."""
    weight: int = 0
    """Of the SRV record: how often it is chosen among those of one priority (RFC 2782)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What was found of ``domain``."""

    domain: str
    mail: Destination
    offered: tuple[Service, ...]
    """By protocol, with the upgrade before implicit TLS, then by priority."""
    refused: tuple[str, ...] = ()
    """The labels whose SRV record says that the service is decidedly not there: ``"_pop3._tcp"``."""
    failed: tuple[Answer, ...] = ()
    """The SRV lookups that failed. What they may have named is not looked for otherwise (RFC 7673 §3.1)."""


@dataclass(frozen=True, slots=True)
class _Usual:
    """Where a protocol is without SRV records: the first of these hosts, ``""`` being the domain itself."""

    labels: tuple[str, ...]
    implicit: bool = True
    """Whether implicit TLS has a port of its own there."""


_USUAL = {
    "submission": _Usual(("smtp", "submission", "mail")),
    "imap": _Usual(("imap", "mail")),
    "pop3": _Usual(("pop3", "pop", "mail")),
    "managesieve": _Usual(("sieve", "managesieve", "imap", "mail"), implicit=False),
    # RFC 6120 §3.2.2: without SRV the domain itself; XEP-0368 has implicit TLS by SRV alone.
    "xmpp": _Usual(("xmpp", "jabber", ""), implicit=False),
    "xmpp-server": _Usual(("xmpp", "jabber", ""), implicit=False),
    "ldap": _Usual(("ldap",)),
}


async def services(domain: str, resolver: Resolver) -> Services:
    """Find the services of a domain. Raises `Misuse` for what is no domain.

    For each protocol that has SRV labels they are asked. Only where none of them has an answer, the usual names are:
    the first that has an address is taken, with its usual ports.
    """
    domain = _domain(domain)
    async with asyncio.TaskGroup() as group:
        mail = group.create_task(destination(domain, resolver))
        tasks = [group.create_task(offered(protocol, domain, resolver)) for protocol in ALL if protocol.srv]
    parts = [task.result() for task in tasks]
    return Services(
        domain=domain,
        mail=mail.result(),
        offered=(*_exchangers(mail.result()), *(service for part in parts for service in part.offered)),
        refused=tuple(label for part in parts for label in part.refused),
        failed=tuple(answer for part in parts for answer in part.failed),
    )


@dataclass(frozen=True, slots=True)
class Part:
    """What was found of one protocol."""

    offered: tuple[Service, ...] = ()
    refused: tuple[str, ...] = ()
    failed: tuple[Answer, ...] = ()


async def offered(protocol: Protocol, domain: str, resolver: Resolver) -> Part:
    """One protocol: its SRV records, or its usual names."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(resolver.query(f"{label}.{domain}", "SRV")) for label in protocol.srv]
    answers = [task.result() for task in tasks]
    if all(answer.status.usable and not answer.of(SRV) for answer in answers):
        return Part(await _usual(protocol, domain, resolver))
    labelled = tuple(zip(protocol.srv, answers, strict=True))
    return Part(
        offered=tuple(
            service
            for number, (_, answer) in enumerate(labelled)
            for service in _targets(protocol, domain, answer, implicit=number > 0)
        ),
        # RFC 2782: "A Target of "." means that the service is decidedly not available at this domain."
        refused=tuple(label for label, answer in labelled if answer.of(SRV) and not _named(answer)),
        failed=tuple(answer for answer in answers if not answer.status.usable),
    )


def _targets(protocol: Protocol, domain: str, answer: Answer, *, implicit: bool) -> Iterator[Service]:
    """The services that the SRV records of one label name, each place once."""
    seen: set[tuple[str, int]] = set()
    for record in sorted(_named(answer), key=lambda record: (record.priority, -record.weight)):
        if (record.target, record.port) in seen or len(seen) == TARGETS:
            continue
        seen.add((record.target, record.port))
        # RFC 7673 §4.1, RFC 6125 §6.2.1: the target's name counts where DNSSEC proves that it is the domain's. If not,
        # whoever wrote the answer chose it.
        names = (record.target, domain) if answer.status is Status.SECURE else (domain,)
        yield Service(
            protocol=protocol,
            implicit=implicit,
            host=record.target,
            port=record.port,
            found=Found.SRV,
            names=names,
            status=answer.status,
            priority=record.priority,
            weight=record.weight,
        )


def _named(answer: Answer) -> tuple[SRV, ...]:
    """The records that name a host: neither the root, nor what is no host name."""
    return tuple(record for record in answer.of(SRV) if record.port and _is_host(record.target))


async def _usual(protocol: Protocol, domain: str, resolver: Resolver) -> tuple[Service, ...]:
    """The protocol at the first of its usual names that has an address."""
    usual = _USUAL[protocol.name]
    hosts = [f"{label}.{domain}" if label else domain for label in usual.labels]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_has_address(host, resolver)) for host in hosts]
    host = next((host for host, task in zip(hosts, tasks, strict=True) if task.result()), None)
    if host is None:
        return ()
    ports = [(False, protocol.ports.upgrade[0])]
    if usual.implicit:
        ports.append((True, protocol.ports.implicit[0]))
    # RFC 6120 §13.7.2.1: of XMPP it is the domain that counts, wherever its server is. Other names are put together
    # here from what the user typed, and nobody else had a say in them.
    names = (domain,) if protocol.srv_id else (host,)
    return tuple(
        Service(protocol=protocol, implicit=implicit, host=host, port=port, found=Found.NAME, names=names)
        for implicit, port in ports
    )


async def _has_address(host: str, resolver: Resolver) -> bool:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(resolver.query(host, rdtype)) for rdtype in ("A", "AAAA")]
    return any(task.result().of(Address) for task in tasks)


def _exchangers(mail: Destination) -> Iterator[Service]:
    smtp, _ = by_name("smtp")
    for host in mail.hosts:
        yield Service(
            protocol=smtp,
            implicit=False,
            host=host.host,
            port=host.port,
            found=Found.MX,
            names=(host.host,),
            status=mail.status,
            priority=host.preference,
        )


def _domain(text: str) -> str:
    """The domain as it is asked."""
    domain = a_label(text.strip())
    if _is_address(domain):
        raise Misuse(f"'{text}' is an address, and no domain")
    return domain


def _is_host(name: str) -> bool:
    try:
        return name == a_label(name) and not _is_address(name)
    except Misuse:
        return False


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
