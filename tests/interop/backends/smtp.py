"""SMTP and LMTP inside TLS (RFC 5321, 2033, 4954): a login with PLAIN, and mail that is kept."""

from starttls.asyncio.stream import Stream
from tests.interop.backends.visit import Visit, is_plain_login, line

__all__ = ["lmtp", "smtp"]

_KEYWORDS = b"250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-AUTH PLAIN\r\n250 SIZE 1000000\r\n"


async def smtp(stream: Stream, visit: Visit) -> None:
    """A server of SMTP or submission."""
    await _Session(stream, visit, b"EHLO").run()


async def lmtp(stream: Stream, visit: Visit) -> None:
    """A mail store, which says for each recipient what became of the mail."""
    await _Session(stream, visit, b"LHLO").run()


class _Session:
    def __init__(self, stream: Stream, visit: Visit, hello: bytes) -> None:
        self._stream = stream
        self._visit = visit
        self._hello = hello
        self._recipients = 0

    async def run(self) -> None:
        # RFC 3207 §4.2: after STARTTLS the client begins again with its hello, and there is no second greeting.
        if self._stream.upgrade is None:
            await self._stream.write(b"220 localhost ESMTP\r\n")
        while command := await line(self._stream):
            self._visit.hear(command)
            verb, _, argument = command.partition(b" ")
            await self._stream.write(await self._answer(verb.upper(), argument))
            if verb.upper() == b"QUIT":
                return

    async def _answer(self, verb: bytes, argument: bytes) -> bytes:  # noqa: PLR0911 - one a command
        match verb:
            case self._hello:
                return b"250-localhost\r\n" + _KEYWORDS
            case b"AUTH":
                return await self._authenticate(argument)
            case b"MAIL":
                self._recipients = 0
                return b"250 2.1.0 Sender kept\r\n"
            case b"RCPT":
                self._recipients += 1
                return b"250 2.1.5 Recipient kept\r\n"
            case b"DATA":
                await self._stream.write(b"354 Go on\r\n")
                self._visit.mail.append(await self._mail())
                return b"250 2.0.0 Kept\r\n" * (self._recipients if self._hello == b"LHLO" else 1)
            case b"RSET" | b"NOOP":
                return b"250 2.0.0 OK\r\n"
            case b"QUIT":
                return b"221 2.0.0 Bye\r\n"
            case _:
                return b"500 5.5.2 Not known\r\n"

    async def _authenticate(self, argument: bytes) -> bytes:
        mechanism, _, response = argument.partition(b" ")
        if mechanism.upper() != b"PLAIN":
            return b"504 5.5.4 PLAIN alone\r\n"
        if not response:
            await self._stream.write(b"334 \r\n")
            response = await line(self._stream)
        return b"235 2.7.0 Come in\r\n" if is_plain_login(self._visit, response) else b"535 5.7.8 Not you\r\n"

    async def _mail(self) -> bytes:
        """The mail up to the lone dot, its stuffed dots removed."""
        lines: list[bytes] = []
        while (text := await self._stream.readline()) not in {b".\r\n", b""}:
            lines.append(text.removeprefix(b"."))
        return b"".join(lines)
