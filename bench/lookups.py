"""What a lookup costs with and without validating it: over UDP, on loopback, one after the other.

"believed" takes the AD bit of the server; the bytes are the same, signatures and all. "warm" validates with the zone's
keys known, "cold" from the root down, with a new resolver each time (three zones, five more questions). Neither
remembers answers, as the server's own work is not measured: it has each answer ready. "remembered" asks nobody.
"""

import asyncio
import sys
import time
from collections.abc import Callable

from bench.child import PEER, Child
from bench.report import Table, median
from starttls.policy.anchors import Anchors
from starttls.policy.answer import Status
from starttls.resolve.dns import DNSResolver

__all__ = ["run"]

ALGORITHMS = {"ECDSA P-256": 13, "RSA 2048": 8, "Ed25519": 15}
QUESTIONS = (("example.org", "MX"), ("mx.example.org", "A"), ("_25._tcp.mx.example.org", "TLSA"))


def run(*, short: bool) -> tuple[Table, ...]:
    """One row for each algorithm."""
    rounds, count = (1, 3) if short else (15, 100)
    table = Table(
        "lookups",
        "A lookup over loopback: milliseconds from the question to the answer",
        ("signed by", "believed", "warm", "warm of believed", "cold", "remembered"),
    )
    for name, algorithm in ALGORITHMS.items():
        with Child((sys.executable, "-m", "bench.nameserver", str(algorithm)), PEER) as server:
            port, _, anchor = server.greeting.partition(" ")
            table.add(name, *figures(f"127.0.0.1:{port}", Anchors.parse(anchor), rounds, count))
    return (table,)


def figures(server: str, anchors: Anchors, rounds: int, count: int) -> tuple[float, float, float, float, float]:
    """The ways take turns, and the median round counts; the ratio is that of one round's two."""
    believed = DNSResolver(server, mode="ad", cache_size=0)
    warm = DNSResolver(server, mode="validate", anchors=anchors, cache_size=0)
    remembered = DNSResolver(server, mode="validate", anchors=anchors)
    ways: dict[str, Callable[[], DNSResolver]] = {
        "believed": lambda: believed,
        "warm": lambda: warm,
        "cold": lambda: DNSResolver(server, mode="validate", anchors=anchors, cache_size=0),
        "remembered": lambda: remembered,
    }
    for resolver in ways.values():
        asyncio.run(spent(resolver, 1))  # what is first is slow
    spans: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, resolver in ways.items():
            spans[way].append(asyncio.run(spent(resolver, max(count // 10, 1) if way == "cold" else count)))
    ratios = [mine / theirs for mine, theirs in zip(spans["warm"], spans["believed"], strict=True)]
    medians = {way: median(each) for way, each in spans.items()}
    return medians["believed"], medians["warm"], median(ratios), medians["cold"], medians["remembered"]


async def spent(resolver: Callable[[], DNSResolver], count: int) -> float:
    """Milliseconds for one lookup."""
    started = time.perf_counter()
    for _ in range(count):
        for name, rdtype in QUESTIONS:
            answer = await resolver().query(name, rdtype)
            assert answer.status is Status.SECURE, answer
    return (time.perf_counter() - started) * 1000 / (count * len(QUESTIONS))
