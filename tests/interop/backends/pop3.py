"""POP3 inside TLS (RFC 1939, 2449): a login, and one mail."""

from starttls.asyncio.stream import Stream
from tests.interop.backends.visit import MAIL, Visit, line

__all__ = ["pop3"]

_CAPABILITIES = b"+OK Capabilities\r\nUSER\r\nUIDL\r\nTOP\r\n.\r\n"
_UID = b"first-1"


async def pop3(stream: Stream, visit: Visit) -> None:
    """A maildrop of one mail; nothing is ever deleted."""
    name = b""
    if stream.upgrade is None:  # implicit TLS
        await stream.write(b"+OK ready\r\n")
    while command := await line(stream):
        visit.hear(command)
        verb, _, argument = command.partition(b" ")
        match verb.upper():
            case b"CAPA":
                await stream.write(_CAPABILITIES)
            case b"USER":
                name = argument
                await stream.write(b"+OK And your password?\r\n")
            case b"PASS":
                await stream.write(b"+OK Come in\r\n" if visit.login(name, argument) else b"-ERR [AUTH] Not you\r\n")
            case b"QUIT":
                await stream.write(b"+OK Bye\r\n")
                return
            case word:
                await stream.write(_answer(word, argument) if visit.user else b"-ERR Log in first\r\n")


def _top(count: int) -> bytes:
    """The header and so many lines of the body; fetchmail asks for 99999999 and means all."""
    header, end, body = MAIL.partition(b"\r\n\r\n")
    return header + end + b"".join(body.splitlines(keepends=True)[:count])


def _answer(verb: bytes, argument: bytes) -> bytes:  # noqa: PLR0911 - one a command
    """What a client may ask that has logged in."""
    numbers = b"1 %d" % len(MAIL)
    match verb, argument:
        case b"STAT", b"":
            return b"+OK %b\r\n" % numbers
        case b"LIST", b"":
            return b"+OK One mail\r\n%b\r\n.\r\n" % numbers
        case b"LIST", b"1":
            return b"+OK %b\r\n" % numbers
        case b"UIDL", b"":
            return b"+OK One mail\r\n1 %b\r\n.\r\n" % _UID
        case b"UIDL", b"1":
            return b"+OK 1 %b\r\n" % _UID
        case b"RETR", b"1":
            return b"+OK %d octets\r\n%b.\r\n" % (len(MAIL), MAIL)
        case b"TOP", _:
            return b"+OK Its top\r\n%b.\r\n" % _top(int(argument.split(b" ")[1]))
        case ((b"NOOP" | b"RSET" | b"DELE"), _):
            return b"+OK\r\n"
        case _:
            return b"-ERR Not known\r\n"
