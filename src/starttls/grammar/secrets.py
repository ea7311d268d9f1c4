"""Where the secrets are in what a client says in plaintext, for the protocols of lines."""

import re
from collections.abc import Iterator

from starttls.core.redact import Redact
from starttls.grammar import status

__all__ = ["after"]

# What a client says to a challenge, or where it waits for none: base64, bare or quoted, or a literal of it.
_ANSWER = re.compile(rb'([a-zA-Z0-9+/]+=*|"[a-zA-Z0-9+/]*=*"|\{[0-9]+\+?\})\r?(?:\n|\Z)')
# Commands without arguments look like base64. No secret is so short and so unlucky.
_VERBS = frozenset(
    b"CAPA CAPABILITIES CAPABILITY DATA DATE HELP LIST LOGOUT NOOP QUIT RSET STARTTLS STAT STLS UIDL".split()
)
# Behind a {5} that nobody asked for comes the next command, or, from who does not wait to be asked, a secret.
_TAGGED = re.compile(rb"(?i)[^\s]+ (?:CAPABILITY|ID|LOGIN|LOGOUT|NOOP|AUTHENTICATE|STARTTLS)(?=[ \r\n]|\Z)")


def after(*commands: str, sasl: str = r"(?!)") -> Redact:
    """Find what follows any of ``commands`` (regular expressions, matched at the start of a line, in any case).

    What is no letter and no digit may stand before them, as may a NUL behind them: a command that nobody understands
    may hold a secret as well.
    The rest of the line goes, with the literals that it announces. Behind ``sasl``, the command that begins a login
    of many turns, the lines that hold nothing but base64 go too, whatever was answered in between.
    """
    words = (*commands, f"(?P<sasl>{sasl})")
    either = b"|".join(text.encode("ascii") for text in words)
    pattern = re.compile(rb"(?im)^[^a-z0-9\r\n]*+(?:" + either + rb")(?=[\s\0]|\Z)")

    def find(data: bytes) -> Iterator[tuple[int, int]]:
        done = 0
        while match := pattern.search(data, done):
            start, done = match.end() + 1, _end_of_line(data, match.end())
            if data[start:done].strip():
                yield start, done
            while match["sasl"] and (start := data.find(b"\n", done) + 1) and _is_answer(data, start):
                done = _end_of_line(data, start)
                yield start, done

    return Redact(find)


def _is_answer(data: bytes, start: int) -> bool:
    match = _ANSWER.match(data, start)
    return match is not None and match[1].upper() not in _VERBS


def _end_of_line(data: bytes, at: int) -> int:
    """Where the line that goes on at ``at`` ends, behind the literals that it announces; before its CRLF."""
    while True:
        newline = data.find(b"\n", at)
        end = newline if newline >= 0 else len(data)
        line = data[at:end].rstrip(b"\r")
        size = status.announced(line)
        unasked = not line.endswith(b"+}") and _TAGGED.match(data, end + 1)
        if size is None or unasked or end + 1 >= len(data):
            return end - data.endswith(b"\r", at, end)
        at = min(end + 1 + size, len(data))
