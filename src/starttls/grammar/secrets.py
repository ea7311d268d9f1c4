"""Taking secrets out of what a client says in plaintext, for the protocols of lines.

No client of ours says a secret before TLS. Other people's clients do, to a server of ours, and an injected
command may carry one: what they said is evidence, the secret in it is not.
"""

import re

from starttls.core.transcript import Redact
from starttls.grammar import status

__all__ = ["after"]

_HIDDEN = b"[redacted]"
# What a client says to a challenge that it does not wait for: base64, bare or quoted, or a literal of it.
_ANSWER = re.compile(rb'([a-zA-Z0-9+/]+=*|"[a-zA-Z0-9+/]*=*"|\{[0-9]+\+?\})\r?(?:\n|\Z)')
# Commands without arguments look like base64. No secret is so short and so unlucky.
_VERBS = frozenset({b"CAPA", b"CAPABILITY", b"DATA", b"LOGOUT", b"NOOP", b"QUIT", b"RSET", b"STARTTLS", b"STLS"})


def after(*commands: str) -> Redact:
    """Redact what follows any of ``commands`` (regular expressions, matched at the start of a line, in any case).

    The rest of the line goes, with the literals that it announces, and so do the lines behind it that hold
    nothing but base64: a client that does not wait for a challenge sends its answers there.
    """
    pattern = re.compile(b"(?im)^(?:" + b"|".join(text.encode("ascii") for text in commands) + rb")(?=\s|\Z)")

    def redact(data: bytes) -> bytes:
        kept: list[bytes] = []
        done = 0
        while match := pattern.search(data, done):
            end = _end_of_line(data, match.end())
            kept += data[done : match.end()], b" " + _HIDDEN if data[match.end() : end].strip() else b""
            while (start := data.find(b"\n", end) + 1) and _is_answer(data, start):
                kept += data[end:start], _HIDDEN
                end = _end_of_line(data, start)
            done = end
        return b"".join(kept) + data[done:] if done else data

    return redact


def _is_answer(data: bytes, start: int) -> bool:
    match = _ANSWER.match(data, start)
    return match is not None and match[1].upper() not in _VERBS


def _end_of_line(data: bytes, at: int) -> int:
    """Where the line that goes on at ``at`` ends, behind the literals that it announces; before its CRLF."""
    while True:
        newline = data.find(b"\n", at)
        end = newline if newline >= 0 else len(data)
        size = status.announced(data[at:end].rstrip(b"\r"))
        if size is None or end + 1 >= len(data):
            return end - data.endswith(b"\r", at, end)
        at = min(end + 1 + size, len(data))
