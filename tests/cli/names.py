"""A made-up DNS world behind a real name server on loopback: what a command line asks over the wire."""

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager

import dns.rcode

from starttls.policy.answer import MX, SRV, TLSA, TXT, Address, Answer, Record, Status
from starttls.resolve.fake import FakeWorld
from tests.asyncio.peers import in_a_thread
from tests.resolve.nameservers import answer, nameserver, question_of

SOA = "example.org. 60 IN SOA . . 1 1 1 1 60"


def _data(record: Record) -> str:
    match record:
        case Address(address):
            return address
        case MX(preference, host):
            return f"{preference} {host.rstrip('.')}."
        case SRV(priority, weight, port, target):
            return f"{priority} {weight} {port} {target.rstrip('.')}."
        case TLSA():
            return str(record)
        case TXT(strings):
            return " ".join(f'"{text.decode()}"' for text in strings)


def _asked(world: FakeWorld, name: str, rdtype: str) -> Answer:
    """The answer of a world that never waits."""
    question = world.query(name, rdtype)
    try:
        question.send(None)
    except StopIteration as done:
        found: Answer = done.value
        return found
    raise AssertionError(name)


@contextmanager
def served(world: FakeWorld) -> Generator[str]:
    """Serve ``world`` in a thread; gives ``IP:PORT``. What is secure has the AD bit, what is bogus SERVFAIL and why."""

    def respond(query: bytes, via: str) -> list[bytes]:
        del via
        name, rdtype = question_of(query)
        found = _asked(world, name, rdtype)
        if not found.status.usable:
            return [answer(query, rcode=dns.rcode.SERVFAIL, ede=6 if found.status is Status.BOGUS else None)]
        texts = [f"{alias.name}. 60 IN CNAME {alias.target}." for alias in found.aliases]
        texts += [f"{found.name}. 60 IN {rdtype} {_data(record)}" for record in found.records]
        rcode = dns.rcode.NOERROR if found.exists else dns.rcode.NXDOMAIN
        authority = "" if found.records else SOA
        return [answer(query, *texts, rcode=rcode, ad=found.status is Status.SECURE, authority=authority)]

    @asynccontextmanager
    async def life() -> AsyncGenerator[int]:
        async with nameserver(respond) as place:
            yield int(place.rpartition(":")[2])

    with in_a_thread(life) as port:
        yield f"127.0.0.1:{port}"
