"""Every error of the package: fields first, the text made from them.

::

    StartTLSError
      PeerError              what a peer said, or did not say, before TLS
        NotOffered             the upgrade is not among what the server offers
        NotRequested           the client left without asking for the upgrade
        Refused                the server said no: permanently, for now, or because of too many connections
        Unexpected             an answer that the protocol does not allow here
        PrematureReply         an answer to a command that was not yet sent: somebody else wrote it
        Preauthenticated       a session that claims to be logged in already, where TLS has become impossible
        TooLong                more bytes than the wait allows
        ClosedEarly            the connection ended in the middle
        PlaintextAfterGoAhead  bytes between the go-ahead and TLS: somebody tried to get plaintext into the session
      TLSError               what went wrong in TLS
        HandshakeFailed        no handshake, with the alert and who sent it
        CertificateRejected    a handshake whose certificate proves nothing
        Truncated              the stream ended without close_notify, or went on after it
      NetworkError           what went wrong below
        CannotResolve          the name has no address
        CannotConnect          no address answered
        TimedOut               the peer did not answer in time
      PolicyError            what a policy forbids: see `starttls.policy.errors`
      BadReport              a TLS report that makes no sense, from there too
      Misuse                 you did it: the only one that `Talk` and `TLSSession` raise
      BadConfig              a configuration file that cannot be used

Each is one line, lower case, no full stop. `Talk` and the pumps fill in where it happened. Inside a protocol
errors are raised, at the edge of `Talk` they are values, and `connect()` raises them again.
"""

import enum
from dataclasses import dataclass, field
from typing import Self

from starttls.core.transcript import Side, Transcript, one_line, printable
from starttls.core.wait import Wait

__all__ = [
    "BadConfig",
    "CannotConnect",
    "CannotResolve",
    "CertificateRejected",
    "ClosedEarly",
    "HandshakeFailed",
    "Misuse",
    "NetworkError",
    "NotOffered",
    "NotRequested",
    "PeerError",
    "PlaintextAfterGoAhead",
    "Preauthenticated",
    "PrematureReply",
    "Refusal",
    "Refused",
    "StartTLSError",
    "TLSError",
    "TimedOut",
    "TooLong",
    "Truncated",
    "Unexpected",
]


def _new(kind: type[Exception]) -> Exception:
    return kind.__new__(kind)


class StartTLSError(Exception):
    """The root. ``waiting_for`` and ``transcript`` say where in which conversation it happened."""

    protocol: str = ""
    side: Side | None = None
    waiting_for: Wait | None = None
    transcript: Transcript | None = None
    _text = ""
    """The words of an error whose fields need no more than to be put in."""
    _place = " while waiting for"

    def at(self, protocol: str, side: Side, waiting_for: Wait | None, transcript: Transcript) -> Self:
        """Say where it happened; what is known already stays."""
        self.protocol = self.protocol or protocol
        self.side = self.side or side
        self.waiting_for = self.waiting_for or waiting_for
        self.transcript = self.transcript or transcript
        return self

    def __reduce__(self) -> tuple[object, ...]:
        """Copy and pickle by the fields: `Exception` would do it by positional arguments, which these need not have."""
        return _new, (type(self),), self.__dict__.copy()

    @property
    def what(self) -> str:
        """The error without its place: one line, no control characters, no full stop."""
        return one_line(self._words())

    def _words(self) -> str:
        return self._text.format_map(vars(self)) or type(self).__name__

    def __str__(self) -> str:
        """One line: protocol, what happened, and what was waited for."""
        place = f"{self._place} {self.waiting_for}" if self.waiting_for else ""
        return f"{self.protocol}: {self.what}{place}" if self.protocol else f"{self.what}{place}"


class PeerError(StartTLSError):
    """What a peer said, or did not say, before TLS."""


@dataclass(eq=False)
class NotOffered(PeerError):
    """The upgrade is not among what the server offers. An attacker on the path can make it look so."""

    verb: str
    offered: tuple[str, ...] = ()
    _place = ", in"  # the answer came; it is what is wrong

    def _words(self) -> str:
        offered = printable(", ".join(self.offered).encode(), 200) or "nothing"
        return f"{self.verb} is not offered (offered: {offered})"


@dataclass(eq=False)
class NotRequested(PeerError):
    """The client left, politely, without asking for the upgrade."""

    verb: str
    _text = "the client left without {verb}"


class Refusal(enum.StrEnum):
    """How long a refusal lasts."""

    PERMANENT = "permanent"
    TEMPORARY = "temporary"
    THROTTLED = "throttled"


@dataclass(eq=False)
class Refused(PeerError):
    """The server said no. ``kind`` tells "not now" and "too many connections" from "never"."""

    reply: str
    kind: Refusal = Refusal.PERMANENT
    _text = "refused: {reply} ({kind})"


@dataclass(eq=False)
class Unexpected(PeerError):
    """An answer that the protocol does not allow here."""

    got: bytes
    expected: str

    def _words(self) -> str:
        return f"unexpected '{printable(self.got)}', expected {self.expected}"


@dataclass(eq=False)
class PrematureReply(PeerError):
    """An answer to a command that was not yet sent. No honest server can give one: somebody else wrote it."""

    got: bytes

    def _words(self) -> str:
        return f"answer to a command that was not sent: '{printable(self.got)}'"


@dataclass(eq=False)
class Preauthenticated(PeerError):
    """The greeting claims a session that is logged in, in which an upgrade is not allowed any more."""

    greeting: str
    _text = "the session claims to be logged in before TLS: {greeting}"


@dataclass(eq=False)
class TooLong(PeerError):
    """The peer sent more bytes than the wait allows."""

    limit: int
    _text = "more than {limit} bytes"


@dataclass(eq=False)
class ClosedEarly(PeerError):
    """The connection ended in the middle; ``reset`` when it was torn down."""

    reset: bool = False

    def _words(self) -> str:
        return "connection reset by the peer" if self.reset else "connection closed by the peer"


@dataclass(eq=False)
class PlaintextAfterGoAhead(PeerError):
    """Bytes where TLS should begin: between the go-ahead and TLS, or behind the client's request.

    Who read them later, inside TLS, would take an attacker's words for the peer's. Never purged in silence.
    """

    leftover: bytes

    def _words(self) -> str:
        behind = "the upgrade request" if self.side is Side.SERVER else "the go-ahead"
        count, start = len(self.leftover), printable(self.leftover, 60)
        return f"{count} bytes of plaintext behind {behind}, an injection: '{start}'"


class TLSError(StartTLSError):
    """What went wrong in TLS."""


@dataclass(eq=False)
class HandshakeFailed(TLSError):
    """No handshake. ``alert`` is the TLS alert's name, ``sender`` who sent it; None where there was none."""

    detail: str
    alert: str | None = None
    sender: Side | None = None

    def _words(self) -> str:
        alert = f", alert {self.alert} from the {self.sender}" if self.alert else ""
        return f"TLS handshake failed: {self.detail}{alert}"


@dataclass(eq=False)
class CertificateRejected(TLSError):
    """The certificate does not prove the peer. ``code`` is OpenSSL's verify code; ``chain`` is DER, leaf first."""

    reason: str
    code: int = 0
    chain: tuple[bytes, ...] = field(default=(), repr=False)
    _text = "certificate rejected: {reason}"
    _place = ", in"


@dataclass(eq=False)
class Truncated(TLSError):
    """The TLS stream ended without close_notify, or went on after it: what was read may be cut or forged."""

    detail: str
    _text = "{detail}"


class NetworkError(StartTLSError):
    """What went wrong below TLS."""


@dataclass(eq=False)
class CannotResolve(NetworkError):
    """The name has no address."""

    host: str
    detail: str
    _text = "cannot resolve {host}: {detail}"


@dataclass(eq=False)
class CannotConnect(NetworkError):
    """No address answered."""

    address: str
    detail: str
    _text = "cannot connect to {address}: {detail}"


@dataclass(eq=False)
class TimedOut(NetworkError):
    """The peer did not answer in time. ``phase`` names what was under way when no dialogue was."""

    seconds: float
    phase: str = ""

    def _words(self) -> str:
        return f"timed out after {self.seconds:g} s" + (f" in {self.phase}" if self.phase else "")


@dataclass(eq=False)
class Misuse(StartTLSError):
    """The caller did something that cannot be meant."""

    detail: str
    _text = "{detail}"


@dataclass(eq=False)
class BadConfig(StartTLSError):
    """A configuration file that cannot be used. ``hint`` says what may have been meant."""

    source: str
    problem: str
    line: int | None = None
    hint: str = ""

    def _words(self) -> str:
        place = self.source if self.line is None else f"{self.source}:{self.line}"
        return f"{place}: {self.problem}" + (f": {self.hint}" if self.hint else "")
