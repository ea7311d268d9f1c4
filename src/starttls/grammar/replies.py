"""Three-digit replies: RFC 5321 §4.2, which LMTP keeps, and the looser form of RFC 959 §4.2 (FTP)."""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from starttls.core.errors import Refusal, Refused, Unexpected
from starttls.core.talk import Steps, Talk
from starttls.core.transcript import printable
from starttls.core.wait import Wait

__all__ = ["Read", "Reply", "ask", "refused", "reply", "reply_of_ftp"]

_CODE = 3
_THROTTLED = 421


class Reply(NamedTuple):
    """A reply: its code, and its lines without code and separator."""

    code: int
    lines: tuple[bytes, ...]

    @property
    def text(self) -> str:
        """Code and last line, escaped."""
        return f"{self.code} {printable(self.lines[-1])}".rstrip()


Read: TypeAlias = Callable[[Talk, Wait], Steps[Reply]]
"""A reader of replies: `reply` or `reply_of_ftp`."""


def reply(talk: Talk, wait: Wait) -> Steps[Reply]:
    """Read one reply, of one line or many. A reply of two codes is an error: which counts, parsers disagree."""
    line = yield from talk.line(wait)
    code = _code(line, b"2", b"5")
    lines = [line[_CODE + 1 :]]
    while line[_CODE : _CODE + 1] == b"-":
        line = yield from talk.line(wait)
        # RFC 5321 §4.2.1: "In a multiline reply, the reply code on each of the lines MUST be the same."
        if line[:_CODE] != code or line[_CODE : _CODE + 1] not in b" -":
            raise Unexpected(line, f"code {code.decode()} on every line of this reply")
        lines.append(line[_CODE + 1 :])
    return Reply(int(code), tuple(lines))


def reply_of_ftp(talk: Talk, wait: Wait) -> Steps[Reply]:
    """Read one reply of FTP: between the first line and the last, lines may begin with anything (RFC 959 §4.2)."""
    line = yield from talk.line(wait)
    code = _code(line, b"1", b"6")
    lines = [line[_CODE + 1 :]]
    if line[_CODE : _CODE + 1] == b"-":
        while not ((line := (yield from talk.line(wait))).startswith(code + b" ") or line == code):
            lines.append(line)
        lines.append(line[_CODE + 1 :])
    return Reply(int(code), tuple(lines))


def _code(line: bytes, lowest: bytes, highest: bytes) -> bytes:
    """The three digits at the start of a reply, if the first is in its range and a blank or a hyphen follows."""
    code = line[:_CODE]
    if len(code) < _CODE or not code.isdigit() or line[_CODE : _CODE + 1] not in b" -":
        raise Unexpected(line, "a reply of three digits")
    if not lowest <= code[:1] <= highest:
        raise Unexpected(line, f"a code that begins with {lowest.decode()} to {highest.decode()}")
    return code


def ask(talk: Talk, command: bytes, wait: Wait, read: Read = reply) -> Steps[Reply]:
    """Send one command line and read its reply."""
    talk.send(command + b"\r\n")
    return (yield from read(talk, wait))


def refused(got: Reply, expected: str) -> Refused | Unexpected:
    """The error for a reply that is not the wanted one: 421 is throttling, 4xx is "not now", 5xx is "no"."""
    if got.code == _THROTTLED:
        return Refused(got.text, Refusal.THROTTLED)
    if got.code // 100 == 4:
        return Refused(got.text, Refusal.TEMPORARY)
    if got.code // 100 == 5:
        return Refused(got.text, Refusal.PERMANENT)
    return Unexpected(got.text.encode("ascii"), expected)
