"""Status lines and literals: IMAP (RFC 9051 §7.1, §4.3), POP3 (RFC 2449 §8), ManageSieve (RFC 5804 §1.2).

::

    OK [CAPABILITY IMAP4rev1 STARTTLS] ready        IMAP, behind the tag or the star
    -ERR [SYS/TEMP] try again                       POP3
    NO (TRYLATER) "try again"                       ManageSieve
    "IMPLEMENTATION" {6}                            a literal: six bytes follow the CRLF, whatever they are
"""

from typing import NamedTuple

from starttls.core.errors import Refusal, Refused
from starttls.core.talk import Steps, Talk
from starttls.core.transcript import printable
from starttls.core.wait import Wait

__all__ = ["Status", "announced", "continued", "parse", "refused"]

# How long a refusal lasts, by response code. None of them means one thing here and another there: one table will do.
_KINDS = {
    b"UNAVAILABLE": Refusal.TEMPORARY,  # RFC 5530 §3: "Temporary failure because a subsystem is down"
    b"INUSE": Refusal.TEMPORARY,  # RFC 5530 §3
    b"LIMIT": Refusal.THROTTLED,  # RFC 5530 §3
    b"IN-USE": Refusal.TEMPORARY,  # RFC 2449 §8.1.2
    b"LOGIN-DELAY": Refusal.THROTTLED,  # RFC 2449 §8.1.1
    b"SYS/TEMP": Refusal.TEMPORARY,  # RFC 3206 §4
    b"TRYLATER": Refusal.TEMPORARY,  # RFC 5804 §1.3
    b"REFERRAL": Refusal.PERMANENT,  # RFC 5804 §1.3, with BYE; where it leads is no business of ours
}
_CLOSING = {b"[": b"]", b"(": b")"}
_DIGITS = 10  # of a 32-bit number
_NO_SUCH_SIZE = 1 << 32  # more than any limit: the read that is asked for it is too long


class Status(NamedTuple):
    """A status line: its first word, in capitals; the name of its response code, if any; and what it says."""

    word: bytes
    code: bytes
    text: bytes

    @property
    def reply(self) -> str:
        """The line, escaped."""
        return f"{printable(self.word)} {printable(self.text)}".rstrip()


def parse(line: bytes) -> Status:
    """Take a status line apart, without its tag or star. The word may be any: who calls compares it whole."""
    word, _, text = line.partition(b" ")
    code = b""
    if (closing := _CLOSING.get(text[:1])) and (end := text.find(closing)) > 0:
        code = text[1:end].partition(b" ")[0].upper()
    return Status(word.upper(), code, text)


def refused(status: Status, otherwise: Refusal = Refusal.PERMANENT) -> Refused:
    """The error for a refusal: its response code tells how long it lasts, ``otherwise`` where none does."""
    return Refused(status.reply, _KINDS.get(status.code, otherwise))


def announced(line: bytes) -> int | None:
    """The size of the literal that ``line`` announces at its end: ``{28}``, or ``{28+}`` (RFC 7888)."""
    if not line.endswith(b"}"):
        return None
    digits = line[line.rfind(b"{") + 1 : -1].removesuffix(b"+")
    if not digits.isdigit() or b"{" not in line:
        return None
    return int(digits) if len(digits) <= _DIGITS else _NO_SUCH_SIZE


def continued(talk: Talk, line: bytes, wait: Wait, literal: Wait, *, pushed: bool = False) -> Steps[bytes]:
    """Read on behind a ``line`` that announces a literal, to the end of the last line; return all of it.

    RFC 9051 §4.3: a literal is counted, not searched. A reader of lines that does not count takes what is
    written inside it ("A1 OK begin TLS") for the peer's own. With ``pushed``, only ``{28+}`` counts: the other
    form is sent when it is asked for.
    """
    pieces = [line]
    while (size := announced(line)) is not None and (line.endswith(b"+}") or not pushed):
        data = yield from talk.exact(size, literal)
        line = yield from talk.line(wait)
        pieces += b"\r\n", data, line
    return b"".join(pieces)
