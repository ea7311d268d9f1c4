"""Taking secrets out of what a client says in plaintext, for the protocols of lines.

No client of ours says a secret before TLS. Other people's clients do, to a server of ours, and an injected
command may carry one: what they said is evidence, the secret in it is not.
"""

import re

from starttls.core.transcript import Redact
from starttls.grammar import status

__all__ = ["after"]

# What a client says to a challenge that it does not wait for: base64, bare or quoted, or a literal of it.
_ANSWER = re.compile(rb'(?:"?[a-zA-Z0-9+/]*={0,2}"?|\{[0-9]+\+?\})\r?(?:\n|\Z)')


def after(*commands: str) -> Redact:
    """Redact what follows any of ``commands`` (regular expressions, matched at the start of a line, in any case).

    The rest of the line goes, with the literals that it announces, and so do the lines behind it that hold
    nothing but base64: a client that does not wait for a challenge sends its answers there. A command there
    that happens to look like base64 goes with them: a transcript may lose a word, but not keep a secret.
    """
    pattern = re.compile(b"(?im)^(?:" + b"|".join(text.encode("ascii") for text in commands) + rb")(?=\s|\Z)")

    def redact(data: bytes) -> bytes:
        kept: list[bytes] = []
        done = 0
        while match := pattern.search(data, done):
            end = _end(data, match.end())
            kept += data[done : match.end()], b" [redacted]" if data[match.end() : end].strip() else b""
            done = end
        return b"".join(kept) + data[done:] if done else data

    return redact


def _end(data: bytes, at: int) -> int:
    """Where the secret that begins at ``at``, behind its command, ends: at the CRLF of its last line."""
    while True:
        newline = data.find(b"\n", at)
        end = newline if newline >= 0 else len(data)
        size = status.announced(data[at:end].rstrip(b"\r"))
        if size is not None:  # the line goes on behind the literal
            at = min(end + 1 + size, len(data))
        elif end + 1 < len(data) and _ANSWER.match(data, end + 1):
            at = end + 1
        else:
            return end - data.endswith(b"\r", at, end)
