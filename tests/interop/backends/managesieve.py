"""ManageSieve inside TLS (RFC 5804): the list of capabilities first, a login, and scripts that are kept."""

import re

from starttls.asyncio.stream import Stream
from tests.interop.backends.visit import Visit, is_plain_login, line

__all__ = ["managesieve"]

# RFC 5804 §2.2: inside TLS the server speaks first, and no longer offers STARTTLS
_CAPABILITIES = (
    b'"IMPLEMENTATION" "starttls interop"\r\n"SASL" "PLAIN"\r\n"SIEVE" "fileinto vacation"\r\n"VERSION" "1.0"\r\n'
)
_LITERAL = re.compile(rb"\{(\d{1,5})\+?\}$")
_STRING = re.compile(rb'"((?:[^"\\]|\\.)*)"')


async def managesieve(stream: Stream, visit: Visit) -> None:
    """A store for the scripts of one person; ``mail`` of the visit holds those that came."""
    await stream.write(_CAPABILITIES + b'OK "TLS it is"\r\n')
    names: list[bytes] = []
    while command := await _command(stream):
        visit.hear(command)
        verb = command.split(b" ")[0].upper()
        strings = _STRING.findall(command)
        match verb:
            case b"AUTHENTICATE":
                await stream.write(await _authenticate(stream, visit, strings))
            case b"CAPABILITY":
                await stream.write(_CAPABILITIES + b"OK\r\n")
            case b"NOOP":  # RFC 5804 §2.13: so a client finds out whether the list above came unasked
                await stream.write(b'OK (TAG "%b") "Done"\r\n' % strings[0] if strings else b"OK\r\n")
            case b"LOGOUT":
                await stream.write(b"OK\r\n")
                return
            case b"PUTSCRIPT" if visit.user and len(strings) == 2:
                names.append(strings[0])
                visit.mail.append(strings[1])
                await stream.write(b"OK\r\n")
            case b"HAVESPACE" if visit.user:
                await stream.write(b"OK\r\n")
            case b"LISTSCRIPTS" if visit.user:
                await stream.write(b"".join(b'"%b"\r\n' % name for name in names) + b"OK\r\n")
            case _:
                await stream.write(b'NO "Not known, or not before a login"\r\n')


async def _command(stream: Stream) -> bytes:
    """One command, with its literals as quoted strings."""
    command = await line(stream)
    while announced := _LITERAL.search(command):
        text = await stream.readexactly(int(announced[1]))
        quoted = re.sub(rb'(["\\])', rb"\\\1", text)
        command = command[: announced.start()] + b'"' + quoted + b'"' + await line(stream)
    return command


async def _authenticate(stream: Stream, visit: Visit, strings: list[bytes]) -> bytes:
    match strings:
        case [mechanism, response] if mechanism.upper() == b"PLAIN":
            pass
        case [mechanism] if mechanism.upper() == b"PLAIN":
            await stream.write(b'""\r\n')
            response = (await _command(stream)).strip(b'"')
        case _:
            return b'NO "PLAIN alone"\r\n'
    return b"OK\r\n" if is_plain_login(visit, response) else b'NO "Not you"\r\n'
