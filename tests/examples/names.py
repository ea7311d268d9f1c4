"""A DNS server for one domain with one mail host, on a loop in a thread. It says of every answer that it is signed."""

import asyncio
import threading
from collections.abc import Generator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager

import dns.rcode

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

    started: Future[tuple[str, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def run() -> None:
        async with nameserver(respond) as place:
            over = asyncio.Event()
            started.set_result((place, asyncio.get_running_loop(), over))
            await over.wait()

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    place, loop, over = started.result(timeout=10)
    try:
        yield place
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
