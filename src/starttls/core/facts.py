"""What a protocol declares about itself, and what a caller tells a dialogue."""

from collections.abc import Callable
from dataclasses import dataclass, field

from starttls.core.errors import Misuse
from starttls.core.redact import Redact
from starttls.core.talk import Steps, Talk
from starttls.core.transcript import Side

__all__ = ["ClientSetup", "Ports", "Protocol", "ServerSetup"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSetup:
    """What a client's dialogue must be told.

    ``entropy`` is 16 random bytes of the caller's, fresh for each connection: this floor has no source of its
    own. ``host`` is the name of the service one wants to reach (XMPP's ``to``), ``me`` one's own name (EHLO,
    XMPP's ``from``). ``unoffered`` asks for TLS also where the server does not offer it.
    """

    entropy: bytes = field(repr=False)
    host: str = ""
    me: str = "localhost"
    unoffered: bool = False

    def __post_init__(self) -> None:
        """Refuse names that would be more than a name on the wire."""
        _check_names(self.host, self.me)

    def headers(self) -> dict[str, str]:
        """The same, as a transcript's headers: what a replay needs."""
        told = {"host": self.host, "me": self.me, "entropy": self.entropy.hex()}
        return {**told, "unoffered": "yes"} if self.unoffered else told


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSetup:
    """What a server's dialogue must be told: its name, and 20 random bytes, fresh for each connection."""

    entropy: bytes = field(repr=False)
    name: str = "localhost"

    def __post_init__(self) -> None:
        """Refuse a name that would be more than a name on the wire."""
        _check_names(self.name)

    def headers(self) -> dict[str, str]:
        """The same, as a transcript's headers."""
        return {"name": self.name, "entropy": self.entropy.hex()}


def _check_names(*names: str) -> None:
    text = "".join(names)
    if "\r" in text or "\n" in text:  # what stands behind it would be a command of its own
        raise Misuse("a name holds the end of a line")


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of a protocol, the usual one first: plaintext with an upgrade, and implicit TLS."""

    upgrade: tuple[int, ...]
    implicit: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """The facts of a protocol. Everything outside ``protocols`` knows a protocol by these alone."""

    name: str
    """Scheme of its URL, and its name everywhere: ``"imap"``."""
    title: str
    """As people write it: ``"IMAP"``."""
    aliases: tuple[str, ...] = ()
    """Other schemes that mean the same."""
    implicit: str | None = None
    """Scheme of the same protocol inside implicit TLS: ``"imaps"``. None where there is no such thing."""
    ports: Ports
    rfcs: tuple[str, ...]
    """The documents that define the upgrade, the defining one first."""
    first: Side
    """Who speaks first in plaintext."""
    verb: str
    """What the client sends to ask for TLS."""
    go_ahead: str
    """What the server says to start TLS."""
    after_tls: str
    """What RFCs oblige a client to do first inside TLS."""
    first_inside: Side
    """Who speaks first inside TLS, after an upgrade."""
    alpn: tuple[str, ...] = ()
    """Registered ALPN names. What a client sends and a server accepts."""
    srv: tuple[str, ...] = ()
    """Labels of its SRV records: ``("_imap._tcp", "_imaps._tcp")``, upgrade first."""
    srv_id: str | None = None
    """Label of an SRV-ID that counts beside the DNS name in a certificate, with an XmppAddr: ``"_xmpp-client"``."""
    tlsa: str = "_{port}._tcp.{host}"
    """Owner of its TLSA records; ``{host}`` is the SRV or MX target."""
    survives_refusal: bool = True
    """Can the same connection go on in plaintext after TLS was not offered or refused?"""
    redact: Redact | None = None
    """Hides the secrets in what a client said in plaintext."""
    client: Callable[[Talk, ClientSetup], Steps[None]] = field(repr=False)
    server: Callable[[Talk, ServerSetup], Steps[None]] = field(repr=False)
    inside: Callable[[Talk, ClientSetup], Steps[None]] | None = field(default=None, repr=False)
    """What a client may say inside TLS to have more than the connection protected: FTP's data channels."""

    def as_client(self, setup: ClientSetup) -> Talk:
        """Begin the client's dialogue."""
        talk = Talk(self.name, Side.CLIENT, headers=setup.headers)
        talk.begin(self.client(talk, setup))
        return talk

    def as_inside(self, setup: ClientSetup) -> Talk:
        """Begin the client's dialogue inside TLS, of which it is `Finished` or a `PeerError` that comes out."""
        if self.inside is None:
            raise Misuse(f"{self.name} has nothing to say inside TLS")
        talk = Talk(self.name, Side.CLIENT, headers=lambda: {**setup.headers(), "inside": "yes"}, inside=True)
        talk.begin(self.inside(talk, setup))
        return talk

    def as_server(self, setup: ServerSetup) -> Talk:
        """Begin the server's dialogue. A client may send 16 KiB before TLS, in all."""
        talk = Talk(self.name, Side.SERVER, headers=setup.headers, redact=self.redact, whole=16384)
        talk.begin(self.server(talk, setup))
        return talk
