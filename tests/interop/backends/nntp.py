"""NNTP inside TLS (RFC 3977, 4643): a login, one group, one article."""

from starttls.asyncio.stream import Stream
from tests.interop.backends.visit import MAIL, Visit, line

__all__ = ["nntp"]

_CAPABILITIES = b"101 Those\r\nVERSION 2\r\nREADER\r\nLIST ACTIVE\r\nAUTHINFO USER\r\n.\r\n"
_ARTICLE = b"1 <first@localhost>"


async def nntp(stream: Stream, visit: Visit) -> None:
    """A server for readers."""
    name = b""
    if stream.upgrade is None:  # implicit TLS
        await stream.write(b"201 No posting\r\n")
    while command := await line(stream):
        visit.hear(command)
        words = [word.upper() for word in command.split(b" ")]
        match words:
            case [b"AUTHINFO", b"USER", _]:
                name = command.split(b" ")[2]
                await stream.write(b"381 And your password?\r\n")
            case [b"AUTHINFO", b"PASS", _]:
                accepted = visit.login(name, command.split(b" ")[2])
                await stream.write(b"281 Come in\r\n" if accepted else b"481 Not you\r\n")
            case _:
                await stream.write(_answer(words))
        if words == [b"QUIT"]:
            return


def _answer(words: list[bytes]) -> bytes:  # noqa: PLR0911 - one a command
    match words:
        case [b"CAPABILITIES", *_]:
            return _CAPABILITIES
        case [b"MODE", b"READER"]:
            return b"201 No posting\r\n"
        case [b"GROUP", b"LOCAL.TEST"]:
            return b"211 1 1 1 local.test\r\n"
        case [b"LIST", *_]:
            return b"215 One group\r\nlocal.test 1 1 n\r\n.\r\n"
        case [b"STAT", *_]:
            return b"223 %b\r\n" % _ARTICLE
        case [b"ARTICLE", *_]:
            return b"220 %b\r\n%b.\r\n" % (_ARTICLE, MAIL)
        case [b"QUIT"]:
            return b"205 Bye\r\n"
        case _:
            return b"500 Not known\r\n"
