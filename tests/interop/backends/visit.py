"""What a back end writes down of a client, and the one account that all back ends know."""

import base64
import binascii
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from starttls.asyncio.stream import Stream

__all__ = ["MAIL", "PASSWORD", "USER", "Backend", "Visit", "is_plain_login", "line"]

USER = "tester"
PASSWORD = "horse-battery"
# What lies in the mail box, the news group and the folder of files.
MAIL = (
    b"From: Author <author@localhost>\r\n"
    b"To: Reader <tester@localhost>\r\n"
    b"Subject: inside TLS\r\n"
    b"Date: Mon, 06 Jan 2025 12:00:00 +0000\r\n"
    b"Message-ID: <first@localhost>\r\n"
    b"Newsgroups: local.test\r\n"
    b"\r\n"
    b"The words that were kept.\r\n"
)

LIMIT = 65536


@dataclass(slots=True)
class Visit:
    """What one client did inside TLS.

    ``heard`` are its commands, in the words of the protocol or ours where those are binary; ``user`` is who
    logged in; ``mail`` is what it delivered. ``certificate`` and ``key`` are those of the server it visits.
    """

    stream: Stream
    certificate: Path
    key: Path
    heard: list[str] = field(default_factory=list)
    user: str = ""
    mail: list[bytes] = field(default_factory=list)
    ended: bool = False

    def hear(self, command: bytes | str) -> None:
        """Note a command."""
        self.heard.append(command if isinstance(command, str) else command.decode("utf-8", "backslashreplace"))

    def login(self, user: bytes | str, password: bytes | str) -> bool:
        """Let in the one account, and nobody else."""
        name = user if isinstance(user, str) else user.decode()
        word = password if isinstance(password, str) else password.decode()
        if (name, word) != (USER, PASSWORD):
            return False
        self.user = name
        return True

    @property
    def verbs(self) -> list[str]:
        """The first word of each command, in upper case."""
        return [command.split(" ")[0].upper() for command in self.heard]


Backend: TypeAlias = Callable[[Stream, Visit], Awaitable[None]]


async def line(stream: Stream) -> bytes:
    """One line without its end; b"" also where the client has gone."""
    return (await stream.readline(LIMIT)).rstrip(b"\r\n")


def is_plain_login(visit: Visit, response: bytes) -> bool:
    """Take a login of SASL PLAIN in base64 (RFC 4616 §2: authzid, NUL, authcid, NUL, passwd)."""
    try:
        _, user, password = base64.b64decode(response, validate=True).split(b"\0")
    except (binascii.Error, ValueError):
        return False
    return visit.login(user, password)
