"""What is known of an open connection, and how it is read, whichever runtime moves its bytes."""

from collections.abc import Mapping

from starttls.core.errors import PeerError
from starttls.core.facts import ClientSetup
from starttls.core.outcome import Finished, Upgrade
from starttls.core.talk import Talk
from starttls.tls.connection import Connection
from starttls.tls.facts import TLSFacts
from starttls.tls.level import Level
from starttls.tls.reader import Reader

__all__ = ["Opened"]


class Opened:
    """The part that the streams of both runtimes share."""

    __slots__ = ("_connection", "_reader")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._reader = Reader(connection)

    @property
    def level(self) -> Level:
        """``none``, ``encrypted``, ``verified`` or ``dane``: see `Level`."""
        return self._connection.level

    @property
    def tls(self) -> TLSFacts | None:
        """Version, cipher, group, chain and the rest of the handshake; None in plaintext."""
        session = self._connection.session
        return session.facts if session is not None else None

    @property
    def upgrade(self) -> Upgrade | None:
        """The proof of the upgrade; None for implicit TLS and in plaintext."""
        return self._connection.upgrade

    @property
    def said(self) -> Mapping[str, tuple[str, ...]]:
        """What was said before TLS, by name: escaped, bounded and untrusted."""
        return self._connection.said

    def _talk_inside(self) -> Talk:
        """The dialogue that this protocol has inside TLS. Raises `Misuse` where there is none."""
        return self._connection.protocol.as_inside(ClientSetup(entropy=b""))

    def _finished(self, talk: Talk) -> None:
        """Take what came behind the dialogue for the next read; raise the error in which it ended."""
        if isinstance(talk.outcome, PeerError):
            raise talk.outcome
        if isinstance(talk.outcome, Finished):
            self._reader.put_back(talk.outcome.leftover)
