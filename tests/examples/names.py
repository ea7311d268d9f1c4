"""A DNS server for one domain with one mail host, on a loop in a thread. It says of every answer that it is signed."""

from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager

import dns.rcode

from tests.asyncio.peers import in_a_thread
from tests.resolve.nameservers import answer, nameserver, question_of

MAIL = {("example.test", "MX"): "10 mx.example.test.", ("mx.example.test", "A"): "127.0.0.1"}
SOA = "test. 60 IN SOA . . 1 60 60 60 60"


@contextmanager
def names(records: Mapping[tuple[str, str], str]) -> Generator[str]:
    """Run one, with ``records`` beside those of the mail host; yields ``IP:PORT``."""

    def respond(query: bytes, via: str) -> list[bytes]:
        name, rdtype = question_of(query)
        data = {**MAIL, **records}.get((name, rdtype))
        if data is not None:
            return [answer(query, f"{name}. 60 IN {rdtype} {data}", ad=True)]
        there = name.endswith("example.test")
        return [answer(query, rcode=dns.rcode.NOERROR if there else dns.rcode.NXDOMAIN, ad=True, authority=SOA)]

    @asynccontextmanager
    async def life() -> AsyncGenerator[int]:
        async with nameserver(respond) as place:
            yield int(place.rpartition(":")[2])

    with in_a_thread(life) as port:
        yield f"127.0.0.1:{port}"
