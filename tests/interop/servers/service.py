"""What a real server offers, and what a test needs to know to reach it."""

import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import trustme

from tests.interop.servers.authority import NAME, Credentials

# The server speaks first here, so a first byte proves that the protocol answers, not only the listener.
GREETS = frozenset({"smtp", "lmtp", "imap", "pop3", "managesieve", "ftp", "nntp", "mysql"})


@dataclass(frozen=True, slots=True)
class Offer:
    """One port of one server, known before anything runs (tests are parametrised over these)."""

    server: str
    scheme: str
    protocol: str
    port: int
    implicit: bool = False
    note: str = ""

    @property
    def name(self) -> str:
        """`dovecot-imap`, `postfix-smtp-rsa`: unique among all offers."""
        return "-".join(part for part in (self.server, self.scheme, self.note) if part)

    @property
    def greets(self) -> bool:
        """Whether the server speaks first, in plaintext."""
        return self.protocol in GREETS and not self.implicit


@dataclass(frozen=True, slots=True)
class Service:
    """An offer of a server that is running now."""

    offer: Offer
    host: str
    ca_file: Path
    verify: str = NAME

    @property
    def name(self) -> str:
        return self.offer.name

    @property
    def scheme(self) -> str:
        return self.offer.scheme

    @property
    def protocol(self) -> str:
        return self.offer.protocol

    @property
    def port(self) -> int:
        return self.offer.port

    @property
    def implicit(self) -> bool:
        return self.offer.implicit

    @property
    def url(self) -> str:
        """Where it listens; the certificate names both this address and `verify`."""
        return f"{self.scheme}://{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server may write, listen and find its certificate."""

    folder: Path
    address: str
    unpacked: Path
    certify: Callable[[trustme.KeyType], Credentials]

    def write(self, name: str, text: str, *, owner: str | None = None, mode: int = 0o644) -> Path:
        """Write a file below the folder of this server."""
        path = self.folder / name
        if path.parent != self.folder and not path.parent.exists():
            self.make_folder(str(path.parent.relative_to(self.folder)))
        path.write_text(text)
        return self._hand_over(path, owner, mode)

    def make_folder(self, name: str, *, owner: str | None = None, mode: int = 0o755) -> Path:
        """Make a folder below the folder of this server."""
        path = self.folder / name
        path.mkdir()
        return self._hand_over(path, owner, mode)

    @staticmethod
    def _hand_over(path: Path, owner: str | None, mode: int) -> Path:
        path.chmod(mode)
        if owner is not None:
            shutil.chown(path, owner)
        return path


@dataclass(frozen=True, slots=True)
class Launch:
    """How to run a daemon in the foreground."""

    command: tuple[str | Path, ...]
    user: str | None = None
    environment: dict[str, str] = field(default_factory=dict)
    logs: tuple[Path, ...] = ()
    stop: signal.Signals = signal.SIGTERM


@dataclass(frozen=True, slots=True)
class Server:
    """One real server: what it needs, what it offers, and how its world is laid out.

    `prepare` writes the configuration and returns the command; it starts nothing that stays.
    """

    name: str
    octet: int
    offers: tuple[Offer, ...]
    prepare: Callable[[Place], Launch]
    programs: tuple[str, ...] = ()
    unpacked: tuple[str, ...] = ()
