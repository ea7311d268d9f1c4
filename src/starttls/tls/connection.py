r"""The whole life of a connection, without I/O: a Talk, then a TLSSession.

::

    connection = Connection.client(SMTP, ClientSetup(entropy=token_bytes(16)), start_tls)
    while connection.phase in (Phase.TALK, Phase.HANDSHAKE):
        sock.sendall(connection.data_to_send())
        connection.receive_data(sock.recv(65536))  # b"" is the end of the stream
    if connection.error: raise connection.error
    connection.send(b"EHLO client.example.org\r\n")

Each byte of the peer's is owned by exactly one of: the Talk's buffer, the TLS session, an error's evidence.
At the switch the same connection hands later bytes to TLS: nothing is replaced, nothing is called back.
Implicit TLS (RFC 8314) is the same connection without a Talk.
"""

import enum
from collections.abc import Callable, Mapping
from typing import TypeAlias, TypeVar

from starttls.core.errors import Misuse, NotOffered, PlaintextAfterGoAhead, Refused, StartTLSError, Truncated
from starttls.core.facts import ClientSetup, Protocol, ServerSetup
from starttls.core.outcome import Finished, Upgrade
from starttls.core.talk import Talk
from starttls.core.transcript import Side, Transcript
from starttls.core.wait import Wait
from starttls.tls.level import Level
from starttls.tls.plain import Plain
from starttls.tls.session import ImplicitTLS, TLSSession

__all__ = ["Connection", "Phase", "StartTLS"]

ErrorT = TypeVar("ErrorT", bound=StartTLSError)
StartTLS: TypeAlias = Callable[[Upgrade | ImplicitTLS], TLSSession]
"""Makes the TLS session once there is a proof; it holds the context, the name to verify, the session to resume."""

HANDSHAKE = Wait("the TLS handshake", "RFC 8446 §2")


class Phase(enum.StrEnum):
    """Where a connection is in its life."""

    TALK = "talk"
    HANDSHAKE = "handshake"
    OPEN = "open"
    PLAIN = "plain"
    """No TLS, and plaintext was asked for by name for this case."""
    CLOSED = "closed"
    FAILED = "failed"


class Connection:
    """One connection.

    ``phase`` says where it is; ``error`` is set when that is FAILED, and `data_to_send` may then still hold a
    last word or an alert. ``upgrade`` is the proof once there is one.
    """

    __slots__ = (
        "_fallback",
        "_last_word",
        "_plain",
        "_session",
        "_start_tls",
        "_talk",
        "closing",
        "error",
        "phase",
        "protocol",
        "side",
        "upgrade",
    )

    def __init__(
        self, protocol: Protocol, side: Side, talk: Talk | None, start_tls: StartTLS, *, fallback: bool = False
    ) -> None:
        """Begin with ``talk``, or with TLS at once where there is none.

        ``fallback`` lets the connection go on in plaintext where the upgrade is not offered or refused.
        """
        self.protocol = protocol
        self.side = side
        self.phase = Phase.TALK
        self.error: StartTLSError | None = None
        self.upgrade: Upgrade | None = None
        self._fallback = fallback and protocol.survives_refusal
        self._last_word = b""
        self._plain: Plain | None = None
        self._session: TLSSession | None = None
        self._start_tls = start_tls
        self._talk = talk
        self.closing: Callable[[Connection], None] | None = None
        """Called when an open connection is closed: the moment to keep its session ticket."""
        if talk is None:
            self._begin_tls(ImplicitTLS(protocol.name, side))

    @classmethod
    def client(
        cls,
        protocol: Protocol,
        setup: ClientSetup,
        start_tls: StartTLS,
        *,
        implicit: bool = False,
        fallback: bool = False,
    ) -> "Connection":
        """A client's connection."""
        talk = None if implicit else protocol.as_client(setup)
        return cls(protocol, Side.CLIENT, talk, start_tls, fallback=fallback)

    @classmethod
    def server(
        cls, protocol: Protocol, setup: ServerSetup, start_tls: StartTLS, *, implicit: bool = False
    ) -> "Connection":
        """A server's connection."""
        return cls(protocol, Side.SERVER, None if implicit else protocol.as_server(setup), start_tls)

    # -- bytes -----------------------------------------------------------------------------------------------

    def receive_data(self, data: bytes | bytearray | memoryview) -> None:
        """Take what the peer sent; b"" says that it will send no more. Never raises for what a peer does."""
        if self._session is not None:
            self._session.receive_data(data)
            self._after_tls(self._session)
        elif self._plain is not None:
            self._plain.receive_data(data)
        elif self._talk is not None and self.phase is Phase.TALK:
            self._talk.receive_data(data)
            self._after_talk(self._talk)

    def connection_reset(self) -> None:
        """Say that the connection was torn down."""
        if self._talk is not None and self.phase is Phase.TALK:
            self._talk.connection_reset()
            self._after_talk(self._talk)
        else:
            self.receive_data(b"")

    def data_to_send(self) -> bytes:
        """Take what must go to the peer now."""
        if self._session is not None:
            spoken, self._last_word = self._last_word, b""
            return spoken + self._session.data_to_send()
        spoken = self._talk.data_to_send() if self._talk is not None else b""
        return spoken + self._plain.data_to_send() if self._plain is not None else spoken

    # -- what came of it -------------------------------------------------------------------------------------

    @property
    def waiting_for(self) -> Wait | None:
        """What is awaited on the way to an open connection; None once it is open or has ended."""
        if self.phase is Phase.HANDSHAKE:
            return HANDSHAKE
        return self._talk.waiting_for if self._talk is not None and self.phase is Phase.TALK else None

    def place(self, error: ErrorT) -> ErrorT:
        """Say in ``error`` where it happened: in this conversation, at this wait."""
        return error.at(self.protocol.name, self.side, self.waiting_for, self.transcript)

    @property
    def said(self) -> Mapping[str, tuple[str, ...]]:
        """What was said before TLS: escaped, bounded and untrusted."""
        talk = self._talk or self.upgrade
        return talk.said if talk is not None else {}

    @property
    def transcript(self) -> Transcript:
        """The conversation before TLS, so far."""
        talk = self._talk or self.upgrade
        return talk.transcript if talk is not None else Transcript()

    @property
    def level(self) -> Level:
        """What the stream is worth; NONE until there is one."""
        return self._session.level if self._session is not None else Level.NONE

    @property
    def session(self) -> TLSSession | None:
        """The TLS session, once there is one."""
        return self._session

    # -- the stream ------------------------------------------------------------------------------------------

    def send(self, data: bytes | bytearray | memoryview) -> None:
        """Queue ``data`` for the peer, encrypted where there is TLS. Raises `Misuse` unless the stream is open."""
        self._stream().send(data)

    def read(self, limit: int = 65536) -> bytes:
        """Take at most ``limit`` bytes that the peer sent in the stream; b"" where there are none now."""
        stream = self._session or self._plain
        if stream is None or self.phase is Phase.HANDSHAKE:
            return b""
        data = stream.read(limit)
        if not data and self._session is not None:
            self._after_tls(self._session)
            if self._session.truncated and self.phase is Phase.OPEN:
                self._fail(Truncated("the stream ended without close_notify: what was read may be cut short"))
        return data

    @property
    def unread(self) -> int:
        """Bytes of the peer's that nobody has read yet, most of them encrypted still."""
        stream = self._session or self._plain
        return stream.unread if stream is not None else 0

    @property
    def peer_closed(self) -> bool:
        """Has the peer said, or shown, that it will send no more?"""
        stream = self._session or self._plain
        return stream is not None and stream.peer_closed

    def close(self) -> None:
        """Say that nothing more will be sent: close_notify inside TLS, nothing before it."""
        if self.phase is Phase.OPEN and self._session is not None:
            self._session.close()
            if self.closing is not None:
                self.closing(self)
        if self.phase is not Phase.FAILED:
            self.phase = Phase.CLOSED

    # -- the switch ------------------------------------------------------------------------------------------

    def _stream(self) -> "TLSSession | Plain":
        stream = self._session or self._plain
        if self.error is not None:
            raise self.error
        if stream is None or self.phase not in {Phase.OPEN, Phase.PLAIN}:
            raise Misuse(f"nothing can be sent in phase '{self.phase}'")
        return stream

    def _after_talk(self, talk: Talk) -> None:
        match talk.outcome:
            case None | Finished():  # a Talk before TLS never finishes
                pass
            case Upgrade() as proof:
                self.upgrade, self._last_word = proof, talk.data_to_send()
                self._talk = None  # thousands of connections may be open and idle: the proof is enough for each
                self._begin_tls(proof)
                if proof.early:
                    self.receive_data(proof.early)
            case NotOffered() | Refused() if self._fallback and not talk.untaken:
                self._plain = Plain()
                self.phase = Phase.PLAIN
            case error:
                self._fail(error)

    def _begin_tls(self, proof: Upgrade | ImplicitTLS) -> None:
        self.phase = Phase.HANDSHAKE
        self._session = self._start_tls(proof)
        del self._start_tls  # used once

    def _after_tls(self, session: TLSSession) -> None:
        error = session.error
        if error is not None:
            if self.phase is not Phase.FAILED:
                if isinstance(error, PlaintextAfterGoAhead) and self.upgrade is not None:
                    # Clients exist that do not wait for TLS to log in
                    error.leftover = self.upgrade.behind(error.leftover)
                self._fail(error)
        elif self.phase is Phase.HANDSHAKE and session.handshake_done:
            self.phase = Phase.OPEN

    def _fail(self, error: StartTLSError) -> None:
        self.error = self.place(error)
        self.phase = Phase.FAILED
