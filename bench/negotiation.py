"""How many negotiations a core does, without I/O: one Talk from its first byte to its outcome.

The peer's bytes are those of a transcript of the conformance suite, one segment a turn, so what is measured is our
side alone: once in the plain example of each protocol and role, and as a client against the longest-winded of the
servers that the suite knows, too.
"""

import time
from pathlib import Path

from bench.report import Table, median
from starttls.core.facts import ClientSetup, Protocol, ServerSetup
from starttls.core.outcome import Upgrade
from starttls.core.talk import Talk
from starttls.core.transcript import Side, Transcript
from starttls.protocols import ALL

__all__ = ["run"]

TRANSCRIPTS = Path(__file__).parent.parent / "tests" / "transcripts"
AIM = 40000
EXAMPLES = {Side.CLIENT: "upgrade.txt", Side.SERVER: "server-upgrade.txt"}


def upgrades(protocol: Protocol, side: Side) -> dict[str, Transcript]:
    """The conversations of this protocol and role that end in an upgrade, by file name."""
    paths = sorted((TRANSCRIPTS / protocol.name).glob("*.txt"))
    read = {path.name: Transcript.parse(path.read_text("utf-8")) for path in paths}
    return {
        name: one for name, one in read.items() if (one.headers["side"], one.headers["expect"]) == (side, "Upgrade")
    }


def example(protocol: Protocol, side: Side) -> Transcript:
    """The plain one; a protocol that only repeats another has none, and the first of its own will do."""
    found = upgrades(protocol, side)
    return found.get(EXAMPLES[side]) or next(iter(found.values()))


def longest(protocol: Protocol) -> Transcript:
    """The one in which the server says most."""
    return max(upgrades(protocol, Side.CLIENT).values(), key=heard)


def heard(conversation: Transcript) -> int:
    """Bytes that a client hears."""
    return sum(len(turn.data) for turn in conversation.turns if turn.side is Side.SERVER)


def begin(protocol: Protocol, side: Side, told: dict[str, str]) -> Talk:
    """A fresh Talk, told what the transcript's headers tell."""
    entropy = bytes.fromhex(told.get("entropy", "00" * 20))
    if side is Side.SERVER:
        return protocol.as_server(ServerSetup(entropy=entropy, name=told.get("name", "server.example.org")))
    host, me = told.get("host", "server.example.org"), told.get("me", "client.example.org")
    unoffered = told.get("unoffered", "no") == "yes"
    return protocol.as_client(ClientSetup(entropy=entropy, host=host, me=me, unoffered=unoffered))


def rate(protocol: Protocol, side: Side, conversation: Transcript, seconds: float) -> float:
    """Negotiations per CPU second."""
    told = dict(conversation.headers)
    segments = [turn.data for turn in conversation.turns if turn.side is not side]
    started, done = time.process_time(), 0
    while (spent := time.process_time() - started) < seconds:
        for _ in range(100):
            talk = begin(protocol, side, told)
            talk.data_to_send()
            for segment in segments:
                talk.receive_data(segment)
                talk.data_to_send()
            assert isinstance(talk.outcome, Upgrade)
        done += 100
    return done / spent


def run(*, short: bool) -> tuple[Table]:
    """Every protocol and role, rounds interleaved, the median of each."""
    rounds, seconds = (1, 0.02) if short else (7, 0.2)
    table = Table(
        "negotiation",
        f"Negotiations per second and core, without I/O (aim {AIM})",
        ("protocol", "client", "server", "client, longest", "its bytes"),
    )
    cases: dict[tuple[str, str], tuple[Protocol, Side, Transcript]] = {}
    for protocol in ALL:
        for side in Side:
            cases[protocol.name, side] = (protocol, side, example(protocol, side))
        cases[protocol.name, "longest"] = (protocol, Side.CLIENT, longest(protocol))
    seen: dict[tuple[str, str], list[float]] = {key: [] for key in cases}
    for _ in range(rounds):
        for key, case in cases.items():
            seen[key].append(rate(*case, seconds))
    for protocol in ALL:
        client, server, slow = (round(median(seen[protocol.name, case])) for case in ("client", "server", "longest"))
        table.add(protocol.name, client, server, slow, heard(cases[protocol.name, "longest"][2]))
    return (table,)
