"""One plaintext conversation, without I/O: the only buffer and the only pen.

A dialogue is three to six turns, strictly in order. Written as a generator it reads like the example in its
RFC, and `Talk` runs it. What a generator lacks, a visible state, comes back because every wait has a name.

The caller's side moves bytes and decides nothing::

    talk = SMTP.as_client(ClientSetup(host="mail.example.org", me="client.example.org", entropy=...))
    while talk.outcome is None:
        sock.sendall(talk.data_to_send())
        talk.receive_data(sock.recv(65536))  # b"" is the end of the stream

`receive_data` never raises for anything that a peer does. The protocol's side is `line`, `exact`, `until`,
`send`, `ask`, `note` and `upgrade`; every read of it names its limit, so none is unbounded.

A few protocols go on inside TLS before the caller can begin (FTP's PBSZ and PROT). Such a dialogue runs in a
Talk that is ``inside``: fed with plaintext from the TLS session, ended by `finish`, and unable to upgrade.
"""

from collections.abc import Generator, Mapping
from types import GeneratorType
from typing import TypeAlias, TypeVar

from starttls.core.errors import (
    ClosedEarly,
    Misuse,
    PeerError,
    PlaintextAfterGoAhead,
    PrematureReply,
    TooLong,
    Unexpected,
)
from starttls.core.outcome import _TALK_ONLY, Finished, Note, Upgrade, said  # pyright: ignore[reportPrivateUsage]
from starttls.core.redact import Redact
from starttls.core.transcript import Headers, Record, Side, Transcript
from starttls.core.wait import Wait

__all__ = ["Steps", "Talk"]

T = TypeVar("T")
Steps: TypeAlias = Generator[None, None, T]
"""A dialogue, or a part of one: it yields where bytes are missing and returns a T."""

WHOLE = 131072
"""Bytes that a peer may send in a whole conversation, however small its pieces."""


class Talk:
    """Runs one dialogue. ``outcome`` is None until it ends in an `Upgrade`, in a `PeerError`, or in `Finished`.

    ``waiting_for`` is the wait the dialogue stands in. ``headers`` tells what opens the transcript. ``redact`` hides
    secrets in it. ``whole`` bounds the peer's bytes in all; memory is twice that plus one chunk of the caller's.
    """

    __slots__ = (
        "_beyond",
        "_buffer",
        "_heard",
        "_notes",
        "_out",
        "_peer",
        "_record",
        "_shown",
        "_steps",
        "inside",
        "outcome",
        "protocol",
        "side",
        "waiting_for",
        "whole",
    )

    def __init__(
        self,
        protocol: str,
        side: Side,
        *,
        headers: Headers = dict,
        redact: Redact | None = None,
        whole: int = WHOLE,
        inside: bool = False,
    ) -> None:
        """Make a conversation that has not begun; `begin` gives it its dialogue."""
        self.inside = inside
        self.protocol = protocol
        self.side = side
        self._peer = side.peer
        self.whole = whole
        self.outcome: Upgrade | Finished | PeerError | None = None
        self.waiting_for: Wait | None = None
        self._buffer = bytearray()
        self._beyond = b""
        self._heard = 0
        self._out: list[bytes] = []
        self._record = Record(protocol, side, headers, redact)
        self._notes: list[Note] = []
        self._shown = 0
        self._steps: Steps[None] | None = None

    # -- the caller's side -----------------------------------------------------------------------------------

    def begin(self, steps: Steps[None]) -> None:
        """Start the dialogue; it runs to its first wait."""
        if self._steps is not None:
            raise Misuse("this talk has begun already")
        self._steps = steps
        self._run(None)

    def receive_data(self, data: bytes | bytearray | memoryview) -> None:
        """Take what the peer sent; b"" says that it will send no more. What comes after an error is dropped."""
        outcome = self.outcome
        if outcome is not None:
            if not isinstance(outcome, PeerError):
                raise Misuse("these bytes belong to TLS, or to the caller inside it: the conversation has ended")
            return
        if not data:
            self._run(ClosedEarly())
            return
        self._heard += len(data)
        self._record.add(self._peer, bytes(data))
        over = self._heard - self.whole
        if over <= 0:
            self._buffer += data
            self._run(None)
            return
        # However the bytes are cut: what is within the limit is heard first, and may be the end
        self._beyond = bytes(data[-over:])
        if over < len(data):
            self._buffer += data[:-over]
            self._run(None)
        if self.outcome is None:
            self._run(TooLong(self.whole))

    def connection_reset(self) -> None:
        """Say that the connection was torn down."""
        if self.outcome is None:
            self._run(ClosedEarly(reset=True))

    def data_to_send(self) -> bytes:
        """Take what must go to the peer now."""
        if not self._out:
            return b""
        data = b"".join(self._out)
        self._out.clear()
        return data

    def events(self) -> tuple[Note, ...]:
        """Take the notes that came since the last call."""
        new = tuple(self._notes[self._shown :])
        self._shown = len(self._notes)
        return new

    @property
    def said(self) -> Mapping[str, tuple[str, ...]]:
        """Everything that was noted so far, by name: escaped, bounded and untrusted."""
        return said(self._notes)

    @property
    def untaken(self) -> int:
        """How many bytes of the peer's nobody has taken."""
        return len(self._buffer) + len(self._beyond)

    @property
    def transcript(self) -> Transcript:
        """The conversation so far, bounded, with secrets redacted."""
        return self._record.transcript(type(self.outcome).__name__ if self.outcome is not None else "")

    # -- the protocol's side ---------------------------------------------------------------------------------

    def line(self, wait: Wait) -> Steps[bytes]:
        """Read one line, returned without its CRLF.

        CRLF alone ends a line. A bare LF, a bare CR or a NUL is an error: parsers differ on them, and where
        parsers differ an attacker has room (RFC 5321 §2.3.8: "MUST NOT").
        """
        buffer = self._buffer
        searched = 0
        while (end := buffer.find(b"\n", searched)) < 0:
            searched = len(buffer)
            if searched > wait.limit:
                raise TooLong(wait.limit)
            self.waiting_for = wait
            yield
        self.waiting_for = wait
        if end >= wait.limit:
            raise TooLong(wait.limit)
        line = bytes(buffer[: end - 1]) if end else b""
        if end == 0 or buffer[end - 1] != 13 or b"\r" in line or b"\0" in line:
            raise Unexpected(bytes(buffer[: end + 1]), "a line that CRLF ends, without NUL, CR or LF inside")
        del buffer[: end + 1]
        return line

    def exact(self, count: int, wait: Wait) -> Steps[bytes]:
        """Read exactly ``count`` bytes. A count over the wait's limit is `TooLong` before a byte is read."""
        self.waiting_for = wait
        if count > wait.limit:
            raise TooLong(wait.limit)
        buffer = self._buffer
        while len(buffer) < count:
            yield
        data = bytes(buffer[:count])
        del buffer[:count]
        return data

    def until(self, marker: bytes, wait: Wait) -> Steps[bytes]:
        """Read up to and including ``marker``."""
        self.waiting_for = wait
        buffer = self._buffer
        searched = 0
        while (at := buffer.find(marker, searched)) < 0:
            if len(buffer) > wait.limit:
                raise TooLong(wait.limit)
            searched = max(0, len(buffer) - len(marker) + 1)
            yield
        end = at + len(marker)
        if end > wait.limit:
            raise TooLong(wait.limit)
        data = bytes(buffer[:end])
        del buffer[:end]
        return data

    def send(self, data: bytes) -> None:
        """Write to the peer."""
        if self.outcome is not None:
            raise Misuse("the conversation has ended: nothing more is said in it")
        self._out.append(data)
        self._record.add(self.side, data)

    def ask(self, data: bytes, wait: Wait) -> Steps[bytes]:
        """Write, then read the line that answers."""
        self.send(data)
        return (yield from self.line(wait))

    def note(self, name: str, *values: bytes | str) -> None:
        """Keep what was said in plaintext; it becomes an event, and part of `Upgrade.said`."""
        raw = [value.encode("utf-8", "replace") if isinstance(value, str) else value for value in values]
        self._notes.append(Note(name, tuple(raw)))

    def upgrade(self, go_ahead: bytes = b"", *, refusal: bytes = b"", early: bool = False) -> None:
        """End the conversation in an `Upgrade`, provided that the buffer is empty.

        A client calls it when it has read the go-ahead. A server passes the ``go_ahead`` to send, and the
        ``refusal`` to send instead where bytes stand behind the request. ``early`` is for a protocol without
        a go-ahead: those bytes then go to TLS, and to TLS alone.
        """
        if self.inside:
            raise Misuse("a dialogue inside TLS cannot upgrade")
        if not (isinstance(self._steps, GeneratorType) and self._steps.gi_running):
            raise Misuse("only the dialogue itself can upgrade")
        leftover = bytes(self._buffer) + self._beyond
        if leftover and not early:
            if refusal:
                self.send(refusal)
            raise PlaintextAfterGoAhead(leftover)
        if go_ahead:
            self.send(go_ahead)
        self._buffer.clear()
        self._beyond = b""
        self.waiting_for = None
        self.outcome = Upgrade(_TALK_ONLY, self.protocol, self.side, self._notes, self._record, leftover)

    def finish(self) -> None:
        """End a dialogue inside TLS. Bytes behind it belong to the caller."""
        if not self.inside:
            raise Misuse("a dialogue before TLS ends in an upgrade or in an error")
        self.outcome = Finished(bytes(self._buffer) + self._beyond)
        self._buffer.clear()
        self._beyond = b""
        self.waiting_for = None

    # -- the engine ------------------------------------------------------------------------------------------

    def _run(self, error: PeerError | None) -> None:
        steps = self._steps
        if steps is None:
            raise Misuse("this talk has not begun: call begin() first")
        try:
            if error is None:
                steps.send(None)
            else:
                steps.throw(error)
        except StopIteration:
            if self.outcome is None:
                raise Misuse(f"the {self.protocol} dialogue ended without an outcome") from None
        except PeerError as failure:
            self._fail(failure)
        else:
            if error is not None:  # a dialogue may say goodbye, but it may not go on
                steps.close()
                self._fail(error)

    def _fail(self, failure: PeerError) -> None:
        self.outcome = failure
        # The evidence is printed with the error: it shows no more of what a client said than the transcript does.
        if isinstance(failure, Unexpected | PrematureReply):
            failure.got = self._record.shown(failure.got)
        elif isinstance(failure, PlaintextAfterGoAhead):
            failure.leftover = self._record.shown(failure.leftover)
        failure.at(self.protocol, self.side, self.waiting_for, self.transcript)
        failure.__traceback__ = failure.__context__ = None  # their frames would keep the dialogue alive
