"""IMAP inside TLS (RFC 3501): a login, and an INBOX with one mail in it."""

import re

from starttls.asyncio.stream import Stream
from tests.interop.backends.visit import MAIL, Visit, is_plain_login, line

__all__ = ["imap"]

_CAPABILITIES = b"IMAP4rev1 AUTH=PLAIN SASL-IR NAMESPACE UIDPLUS"
_LITERAL = re.compile(rb"\{(\d{1,5})(\+?)\}$")
_STRING = re.compile(rb'"((?:[^"\\]|\\.)*)"|([^\s"(){}]+)')
_SELECTED = (
    b"* FLAGS (\\Seen \\Deleted)\r\n* 1 EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY 7] One for ever\r\n"
    b"* OK [UIDNEXT 2] The next\r\n* OK [PERMANENTFLAGS (\\Seen \\Deleted)] Kept\r\n"
)


async def imap(stream: Stream, visit: Visit) -> None:
    """A mail store for one person."""
    if stream.upgrade is None:  # implicit TLS
        await stream.write(b"* OK [CAPABILITY %b] ready\r\n" % _CAPABILITIES)
    while command := await _command(stream):
        tag, _, rest = command.partition(b" ")
        visit.hear(rest)
        verb, _, arguments = rest.partition(b" ")
        verb = verb.upper()
        if verb == b"AUTHENTICATE":
            answer = await _authenticate(stream, visit, arguments)
        elif verb == b"LOGIN":
            words = _strings(arguments)
            answer = b"OK Come in" if len(words) == 2 and visit.login(*words) else b"NO [AUTHENTICATIONFAILED] Not you"
        elif verb in {b"CAPABILITY", b"NOOP", b"LOGOUT"} or visit.user:
            untagged, answer = _answer(verb, arguments)
            await stream.write(untagged)
        else:
            answer = b"BAD Log in first"
        await stream.write(tag + b" " + answer + b"\r\n")
        if verb == b"LOGOUT":
            return


async def _command(stream: Stream) -> bytes:
    """One command with its literals."""
    command = await line(stream)
    while announced := _LITERAL.search(command):
        if not announced[2]:
            await stream.write(b"+ Go on\r\n")
        text = await stream.readexactly(int(announced[1]))
        command = command[: announced.start()] + b'"' + text + b'"' + await line(stream)
    return command


def _strings(arguments: bytes) -> list[bytes]:
    return [quoted.replace(b"\\", b"") if quoted else atom for quoted, atom in _STRING.findall(arguments)]


async def _authenticate(stream: Stream, visit: Visit, arguments: bytes) -> bytes:
    mechanism, _, response = arguments.partition(b" ")
    if mechanism.upper() != b"PLAIN":
        return b"NO PLAIN alone"
    if not response:
        await stream.write(b"+ \r\n")
        response = await line(stream)
    return b"OK Come in" if is_plain_login(visit, response) else b"NO [AUTHENTICATIONFAILED] Not you"


def _answer(verb: bytes, arguments: bytes) -> tuple[bytes, bytes]:  # noqa: PLR0911 - one a command
    """Untagged data, and what follows the tag."""
    match verb:
        case b"CAPABILITY":
            return b"* CAPABILITY %b\r\n" % _CAPABILITIES, b"OK Those"
        case b"LOGOUT":
            return b"* BYE Bye\r\n", b"OK Bye"
        case b"NAMESPACE":
            return b'* NAMESPACE (("" "/")) NIL NIL\r\n', b"OK One"
        case b"LIST" | b"LSUB":
            return b'* %b () "/" INBOX\r\n' % verb, b"OK One"
        case b"SELECT" | b"EXAMINE":
            return _SELECTED, b"OK [READ-WRITE] Selected"
        case b"SEARCH":
            return b"* SEARCH 1\r\n", b"OK One"
        case b"FETCH":
            return _fetched(arguments, uid=False), b"OK That"
        case b"UID":
            return _by_uid(arguments)
        case b"NOOP" | b"CHECK" | b"STORE" | b"EXPUNGE" | b"CLOSE":
            return b"", b"OK"
        case _:
            return b"", b"BAD Not known"


def _by_uid(arguments: bytes) -> tuple[bytes, bytes]:
    verb, _, rest = arguments.partition(b" ")
    if verb.upper() == b"FETCH":
        return _fetched(rest, uid=True), b"OK That"
    return _answer(verb.upper(), rest)


def _fetched(arguments: bytes, *, uid: bool) -> bytes:
    """The attributes of the one mail that were asked for."""
    asked = arguments.upper()
    found = [b"UID 1"] if uid or b"UID" in asked else []
    if b"FLAGS" in asked:
        found.append(b"FLAGS ()")
    if b"RFC822.SIZE" in asked:
        found.append(b"RFC822.SIZE %d" % len(MAIL))
    if b"INTERNALDATE" in asked:
        found.append(b'INTERNALDATE "06-Jan-2025 12:00:00 +0000"')
    if b"[]" in asked:
        found.append(b"BODY[] {%d}\r\n%b" % (len(MAIL), MAIL))
    return b"* 1 FETCH (%b)\r\n" % b" ".join(found)
