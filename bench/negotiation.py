"""How many negotiations a core does, without I/O: one Talk from its first byte to its outcome.

The peer's bytes are those of a transcript, one segment a turn, so what is measured is our side alone.
"""

import time
from pathlib import Path

from bench.report import Table, median
from starttls.core.facts import ClientSetup, Protocol, ServerSetup
from starttls.core.outcome import Upgrade
from starttls.core.talk import Talk
from starttls.core.transcript import Side, Transcript
from starttls.protocols import ALL

TRANSCRIPTS = Path(__file__).parent.parent / "tests" / "transcripts"
AIM = 40000


def vector(protocol: Protocol, side: Side) -> Transcript:
    """The longest successful conversation of this protocol and role: the hardest to be fast on."""
    read = (Transcript.parse(path.read_text("ascii")) for path in (TRANSCRIPTS / protocol.name).glob("*.txt"))
    fit = [one for one in read if (one.headers["side"], one.headers["expect"]) == (side, "Upgrade")]
    ordinary = [one for one in fit if sum(len(turn.data) for turn in one.turns) <= 2048] or fit
    return max(ordinary, key=lambda one: sum(len(turn.data) for turn in one.turns))


def begin(protocol: Protocol, side: Side, told: dict[str, str]) -> Talk:
    """A fresh Talk, told what the vector's headers tell."""
    entropy = bytes.fromhex(told.get("entropy", "00" * 20))
    if side is Side.SERVER:
        return protocol.as_server(ServerSetup(entropy=entropy, name=told.get("name", "server.example.org")))
    host, me = told.get("host", "server.example.org"), told.get("me", "client.example.org")
    return protocol.as_client(
        ClientSetup(entropy=entropy, host=host, me=me, unoffered=told.get("unoffered", "no") == "yes")
    )


def rate(protocol: Protocol, side: Side, conversation: Transcript, seconds: float) -> float:
    """Negotiations per CPU second."""
    told = dict(conversation.headers)
    segments = [turn.data for turn in conversation.turns if turn.side is not side]
    started, done = time.process_time(), 0
    while (spent := time.process_time() - started) < seconds:
        for _ in range(200):
            talk = begin(protocol, side, told)
            talk.data_to_send()
            for segment in segments:
                talk.receive_data(segment)
                talk.data_to_send()
            assert isinstance(talk.outcome, Upgrade)
        done += 200
    return done / spent


def run(*, short: bool) -> tuple[Table]:
    """Every protocol and role, rounds interleaved, the median of each."""
    rounds, seconds = (1, 0.1) if short else (5, 0.4)
    cases = [(protocol, side, vector(protocol, side)) for protocol in ALL for side in Side]
    seen: dict[tuple[str, str], list[float]] = {(protocol.name, str(side)): [] for protocol, side, _ in cases}
    for _ in range(rounds):
        for protocol, side, conversation in cases:
            seen[protocol.name, str(side)].append(rate(protocol, side, conversation, seconds))
    table = Table(
        "negotiation",
        f"Negotiations per second and core, without I/O (aim {AIM})",
        ("protocol", "client", "server", "peer's bytes"),
    )
    for protocol in ALL:
        length = sum(len(turn.data) for turn in vector(protocol, Side.CLIENT).turns if turn.side is Side.SERVER)
        client, server = (median(seen[protocol.name, side]) for side in ("client", "server"))
        table.add(protocol.name, round(client), round(server), length)
    return (table,)
