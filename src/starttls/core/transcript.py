r"""The record of a plaintext conversation, and its one text form.

The same text is printed under an error, stored by a scan, shown in the documentation and read as a test
vector, so that a bug report is a failing test as it stands::

    protocol: smtp
    side: client
    expect: NotOffered

    S: 220 mail.example.org ESMTP
    C: EHLO client.example.org
    S: 250-mail.example.org
    S: 250 SIZE 1000

After the headers and an empty line, each row is one side's bytes. ``C`` and ``S`` say who spoke; the mark
behind says how the bytes are written:

``:``  text, and the CRLF that ends it
``|``  text without an end of line (escapes: ``\r \n \t \\ \xNN``)
``#``  hexadecimal

Rows of one side that follow each other are one segment; a row ``...`` between them starts a new one.
A row ``# ...`` is a comment.
"""

import enum
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from starttls.core.redact import HIDDEN, Redact

__all__ = ["Headers", "Record", "Side", "Transcript", "Turn", "one_line", "printable"]

Headers: TypeAlias = Callable[[], Mapping[str, str]]
"""Tells the headers of a transcript, when somebody asks for it."""

LIMIT = 16384
"""Bytes that a transcript keeps: three quarters from its start, one quarter from its end."""

_NEW_SEGMENT = "..."
_HEX_ROW = 24
_NOT_ASCII = re.compile(rb"[^\x20-\x7e]")
_ESCAPE = re.compile(rb"[^\x20-\x5b\x5d-\x7e]")
_UNESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|([rnt\\]))")
_NAMED = {9: "\\t", 10: "\\n", 13: "\\r", 92: "\\\\"}
_VALUES = {"t": b"\t", "n": b"\n", "r": b"\r", "\\": b"\\"}
_HEADER = re.compile(r"([a-z][a-z-]*): ?(.*)")


class Side(enum.StrEnum):
    """A role in the conversation. Its mark in a transcript is ``C`` or ``S``."""

    CLIENT = "client"
    SERVER = "server"

    @property
    def peer(self) -> "Side":
        """The other side."""
        return Side.SERVER if self is Side.CLIENT else Side.CLIENT

    @property
    def mark(self) -> str:
        """The capital that marks this side's rows."""
        return "C" if self is Side.CLIENT else "S"


def printable(data: bytes, limit: int = 160) -> str:
    """One line of printable ASCII for a peer's bytes: controls and 8-bit bytes are escaped, the rest is cut.

    Text learned in plaintext is an attacker's to choose; escapes keep it from moving a terminal's cursor or
    forging a line of a log.
    """
    text = _ESCAPE.sub(_escape, data[:limit]).decode("ascii")
    return text if len(data) <= limit else f"{text}... ({len(data) - limit} bytes more)"


def one_line(text: str) -> str:
    """Words of a peer, a resolver or a library, without what moves a cursor or ends a line, or a sentence."""
    if not text.isprintable():
        text = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
    return text.rstrip(". ")


def _escape(match: re.Match[bytes]) -> bytes:
    byte = match[0][0]
    return _NAMED.get(byte, f"\\x{byte:02x}").encode("ascii")


def _unescape(text: str) -> bytes:
    out, done = bytearray(), 0
    for match in _UNESCAPE.finditer(text):
        out += text[done : match.start()].encode("latin-1")
        out += bytes.fromhex(match[1]) if match[1] else _VALUES[match[2]]
        done = match.end()
    return bytes(out + text[done:].encode("latin-1"))


@dataclass(frozen=True, slots=True)
class Turn:
    """What one side sent before the other answered."""

    side: Side
    data: bytes


@dataclass(frozen=True, slots=True)
class Transcript:
    """Turns in the order in which they crossed the wire, with the headers that make them a test vector.

    ``left_out`` counts bytes that were cut from the middle to stay within `LIMIT`.
    """

    turns: tuple[Turn, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    left_out: int = 0

    @property
    def text(self) -> str:
        """The text form described at the top of this module."""
        return "\n".join(self._rows()) + "\n"

    def _rows(self) -> Iterator[str]:
        for name, value in self.headers.items():
            yield f"{name}: {_NOT_ASCII.sub(_escape, value.encode('utf-8', 'replace')).decode('ascii')}".rstrip()
        yield ""
        before: Side | None = None
        for turn in self.turns:
            if turn.side is before:
                yield _NEW_SEGMENT
            yield from _turn_rows(turn)
            before = turn.side
        if self.left_out:
            yield f"# {self.left_out} bytes left out of the middle"

    @classmethod
    def parse(cls, text: str) -> "Transcript":
        """Read the text form. Raises `ValueError` naming the row that is none."""
        headers: dict[str, str] = {}
        turns: list[Turn] = []
        join, in_headers = False, True
        for number, row in enumerate(text.split("\n"), 1):
            if row.startswith("#") or not row:
                in_headers = in_headers and not (headers and not row)
            elif in_headers and (match := _HEADER.fullmatch(row)):
                headers[match[1]] = match[2]
            elif row == _NEW_SEGMENT:
                join = False
            else:
                turn = _read_row(number, row)
                if join and turns and turns[-1].side is turn.side:
                    turn = Turn(turn.side, turns.pop().data + turn.data)
                turns.append(turn)
                join = True
        return cls(tuple(turns), headers)


class Record:
    """The growing list behind a `Transcript`: cheap to add to, made into text only when somebody asks.

    Who adds bounds it; `Transcript` bounds what is kept. ``redact`` is applied to the client's turns.
    """

    __slots__ = ("_headers", "_protocol", "_redact", "_side", "_sides", "_turns")

    def __init__(self, protocol: str, side: Side, headers: Headers = dict, redact: Redact | None = None) -> None:
        """Begin; ``headers`` tells what else a replay needs to know."""
        self._headers = headers
        self._protocol = protocol
        self._redact = redact
        self._side = side
        self._sides: list[Side] = []
        self._turns: list[bytes | bytearray] = []

    def add(self, side: Side, data: bytes) -> None:
        """Note what one side sent. A turn in many small pieces takes no more memory than its bytes."""
        if not self._sides or self._sides[-1] is not side:
            self._sides.append(side)
            self._turns.append(data)
            return
        turn = self._turns[-1]
        if not isinstance(turn, bytearray):
            turn = self._turns[-1] = bytearray(turn)
        turn += data

    def shown(self, evidence: bytes) -> bytes:
        """Return what a peer said as the transcript shows it: what is a secret there is one in an error too."""
        if self._redact is None:
            return evidence
        said = self._said()
        if evidence in b"".join(self._redact.turns(said)):
            return evidence
        clear = b"".join(said)
        at = clear.rfind(evidence)
        return self._redact.turns((clear[:at], evidence, clear[at + len(evidence) :]))[1] if at >= 0 else HIDDEN

    def behind(self, evidence: bytes) -> bytes:
        """Return what a client said behind all of this, without its secrets."""
        return evidence if self._redact is None else self._redact.turns((*self._said(), evidence))[-1]

    def transcript(self, expect: str = "") -> Transcript:
        """Make the transcript, with ``expect`` naming the outcome if there is one."""
        headers = {"protocol": self._protocol, "side": str(self._side), **self._headers()}
        if expect:
            headers["expect"] = expect
        shown = iter(() if self._redact is None else self._redact.turns(self._said()))
        turns = (
            Turn(side, bytes(turn) if side is Side.SERVER else next(shown, bytes(turn)))
            for side, turn in zip(self._sides, self._turns, strict=True)
        )
        kept, left_out = _bounded([turn for turn in turns if turn.data])
        return Transcript(tuple(kept), headers, left_out)

    def _said(self) -> list[bytes | bytearray]:
        return [turn for side, turn in zip(self._sides, self._turns, strict=True) if side is Side.CLIENT]


def _bounded(turns: list[Turn]) -> tuple[list[Turn], int]:
    excess = sum(len(turn.data) for turn in turns) - LIMIT
    if excess <= 0:
        return turns, 0
    kept: list[Turn] = []
    first, last, at = LIMIT * 3 // 4, LIMIT * 3 // 4 + excess, 0
    for turn in turns:
        head = turn.data[: max(0, first - at)]
        tail = turn.data[max(0, last - at) :]
        at += len(turn.data)
        if head or tail:
            kept.append(Turn(turn.side, head + tail))
    return kept, excess


def _turn_rows(turn: Turn) -> Iterator[str]:
    mark = turn.side.mark
    if _is_text(turn.data):
        *lines, rest = turn.data.split(b"\r\n")
        yield from (f"{mark}: {_text(line)}".rstrip() for line in lines)
        if rest:
            yield f"{mark}| {_text(rest)}"
    else:
        for start in range(0, len(turn.data), _HEX_ROW):
            yield f"{mark}# {turn.data[start : start + _HEX_ROW].hex(' ')}"


def _text(data: bytes) -> str:
    text = printable(data, len(data))
    return f"{text[:-1]}\\x20" if text.endswith(" ") else text  # an editor would cut a bare one


def _is_text(data: bytes) -> bool:
    """Is this better read as text than as hexadecimal? One control in eight bytes says no."""
    head = data[:256]
    return sum(byte < 32 and byte not in b"\r\n\t" for byte in head) * 8 <= len(head)


def _read_row(number: int, row: str) -> Turn:
    side = {"C": Side.CLIENT, "S": Side.SERVER}.get(row[:1])
    mark, body = row[1:2], row[3:]
    if side is None or mark not in tuple(":|#") or row[2:3] not in {"", " "} or not row.isascii():
        raise ValueError(f"row {number} is neither 'C:', 'S:', '|', '#' nor '...': {row[:60]!r}")
    if mark == "#":
        try:
            return Turn(side, bytes.fromhex(body))
        except ValueError:
            raise ValueError(f"row {number} is not hexadecimal: {row[:60]!r}") from None
    return Turn(side, _unescape(body) + (b"\r\n" if mark == ":" else b""))
