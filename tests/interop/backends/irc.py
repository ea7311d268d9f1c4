"""IRC inside TLS (RFC 2812 §3.1): registration, PING, QUIT."""

from starttls.asyncio.stream import Stream
from tests.interop.backends.visit import Visit, line

__all__ = ["irc"]


async def irc(stream: Stream, visit: Visit) -> None:
    """A server with nobody else on it."""
    nick, user = b"", b""
    while command := await line(stream):
        visit.hear(command)
        verb, _, argument = command.partition(b" ")
        match verb.upper():
            case b"CAP" if argument.upper().startswith(b"LS"):
                await stream.write(b":localhost CAP * LS :\r\n")
            case b"NICK":
                nick = argument.removeprefix(b":")
            case b"USER":
                user = argument.split(b" ")[0]
            case b"PING":
                await stream.write(b":localhost PONG localhost " + argument + b"\r\n")
            case b"QUIT":
                await stream.write(b"ERROR :Bye\r\n")
                return
            case b"CAP":
                pass  # REQ and END, of what we do not have
            case _:
                await stream.write(b":localhost 421 %b %b :Not known\r\n" % (nick or b"*", verb))
        if nick and user and not visit.user:
            visit.user = nick.decode()
            await stream.write(b":localhost 001 %b :Welcome\r\n" % nick)
            await stream.write(b":localhost 422 %b :No message of the day\r\n" % nick)
