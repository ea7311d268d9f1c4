"""Taking secrets out of what a client says in plaintext, for the protocols of lines.

No client of ours says a secret before TLS. Other people's clients do, to a server of ours, and an injected
command may carry one: what they said is evidence, the secret in it is not.
"""

import re

from starttls.core.transcript import Redact

__all__ = ["after"]


def after(*commands: str) -> Redact:
    """Redact what follows any of ``commands`` (regular expressions, matched at the start of a line).

    The rest of the line goes, and so do the lines behind it that hold nothing but base64: a client that does
    not wait for a challenge sends its answers there.
    """
    command = "|".join(commands).encode("ascii")
    pattern = re.compile(
        rb"(?im)^(" + command + rb")(?:[ \t]+([^\r\n]*))?((?:\r?\n[a-z0-9+/]+=*(?=\r?\n|\Z))*)",
    )

    def redact(data: bytes) -> bytes:
        return pattern.sub(_replace, data)

    return redact


def _replace(match: re.Match[bytes]) -> bytes:
    return match[1] + b" [redacted]" if match[2] or match[3] else match[0]
