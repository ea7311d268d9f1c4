"""Coverage-guided fuzzing of every dialogue and parser: ``python -m fuzz [TARGET [SIDE]] [--seconds N]``.

Invariant: no matter what bytes a peer sends, in whatever pieces, a Talk ends in an `Upgrade` or in a declared
`PeerError` whose text is one printable line, and never raises anything. The parsers' are beside them.

The conformance transcripts are the seeds of the dialogues. Each protocol and role is a target of its own, in a process
of its own, because the fuzzer never returns; without a choice all of them share the time.
"""

import argparse
import contextlib
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

try:
    import atheris
except ImportError:  # its wheels exist for some Pythons only
    atheris = None

with (
    atheris.instrument_imports(include=["starttls"]) if atheris and "--corpus" in sys.argv else contextlib.nullcontext()
):
    from fuzz import answers, dnssec, policies
    from fuzz.target import Target
    from starttls.core.errors import PeerError
    from starttls.core.facts import ClientSetup, Protocol, ServerSetup
    from starttls.core.outcome import Upgrade
    from starttls.core.talk import Talk
    from starttls.core.transcript import Side, Transcript
    from starttls.protocols import ALL

TRANSCRIPTS = Path(__file__).parent.parent / "tests" / "transcripts"
FOUND = Path(".cache/fuzz")
"""Where the inputs go that found something."""

CUT = b"\xf0cut\xf0"
"""Where the input is cut into segments; seeds carry it, so the fuzzer learns it."""


def talk_of(protocol: Protocol, side: Side) -> Talk:
    """A fresh conversation with the entropy of the transcripts."""
    if side is Side.CLIENT:
        setup = ClientSetup(entropy=bytes(20), host="server.example.org", me="client.example.org")
        return protocol.as_client(setup)
    return protocol.as_server(ServerSetup(entropy=bytes(20), name="server.example.org"))


def one_input(protocol: Protocol, side: Side, data: bytes) -> None:
    """One conversation; an AssertionError or any other exception is a finding."""
    talk = talk_of(protocol, side)
    for piece in (*(piece for piece in data.split(CUT) if piece), b""):
        if talk.outcome is None:
            talk.receive_data(piece)
            talk.data_to_send()
    assert isinstance(talk.outcome, Upgrade | PeerError), talk.outcome
    assert str(talk.outcome).isprintable(), str(talk.outcome)
    assert Transcript.parse(talk.transcript.text) is not None


def seeds(protocol: Protocol, side: Side) -> list[bytes]:
    """What the peer says in each transcript of this protocol and role."""
    vectors = (Transcript.parse(path.read_text("ascii")) for path in (TRANSCRIPTS / protocol.name).glob("*.txt"))
    return [
        CUT.join(turn.data for turn in vector.turns if turn.side is not side)
        for vector in vectors
        if vector.headers["side"] == side
    ]


def dialogues() -> list[Target]:
    """Every protocol, in both roles."""
    return [
        Target((protocol.name, str(side)), partial(seeds, protocol, side), partial(one_input, protocol, side))
        for protocol in ALL
        for side in Side
    ]


def fuzz(target: Target, seconds: int, corpus: Path) -> None:
    """Fuzz one target in this process, growing ``corpus``; does not return."""
    for number, seed in enumerate(target.seeds()):
        (corpus / str(number)).write_bytes(seed)
    FOUND.mkdir(parents=True, exist_ok=True)
    limits = [f"-max_total_time={seconds}", "-max_len=8192", "-timeout=10"]
    quiet = ["-print_final_stats=0", "-verbosity=0", f"-artifact_prefix={FOUND}/{'-'.join(target.words)}-"]
    atheris.Setup([sys.argv[0], *limits, *quiet, str(corpus)], target.one_input)
    atheris.Fuzz()


def in_a_child(target: Target, seconds: int) -> bool:
    """Fuzz one target in a process of its own, whose corpus goes when it ends; True when it found nothing."""
    with tempfile.TemporaryDirectory(prefix="starttls-fuzz-") as corpus:
        command = [sys.executable, "-m", "fuzz", *target.words, "--seconds", str(seconds)]
        ended = subprocess.run([*command, "--corpus", corpus], capture_output=True, text=True, check=False)
    print(f"{' '.join(target.words):20} {'FOUND SOMETHING' if ended.returncode else 'ok'}", flush=True)
    if ended.returncode:
        print(ended.stdout[-4000:], ended.stderr[-8000:], f"the input is in {FOUND}", sep="\n", file=sys.stderr)
    return not ended.returncode


def main() -> int:
    """Run one target, or all of them in turn. Exit 1 when any finds something, 2 where there is no fuzzer."""
    targets = [*dialogues(), *policies.TARGETS, *answers.TARGETS, *dnssec.TARGETS]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", nargs="?", choices=dict.fromkeys(target.words[0] for target in targets))
    parser.add_argument("side", nargs="?", choices=[str(side) for side in Side])
    parser.add_argument("--seconds", type=int, default=10, help="for each target (default 10)")
    parser.add_argument("--corpus", type=Path, help="fuzz one target in this process, growing this folder")
    asked = parser.parse_args()
    if atheris is None:
        parser.error("atheris has no release for this Python; tests/property does the same without coverage")
    words = tuple(word for word in (asked.target, asked.side) if word is not None)
    chosen = [target for target in targets if target.words[: len(words)] == words]
    if asked.corpus is not None and len(chosen) == 1:
        fuzz(chosen[0], asked.seconds, asked.corpus)
    clean = [in_a_child(target, asked.seconds) for target in chosen]
    return 0 if all(clean) else 1


if __name__ == "__main__":
    sys.exit(main())
