"""The proof of an upgrade, and what was learned in plaintext on the way to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self, final

from starttls.core.errors import Misuse
from starttls.core.transcript import Record, Side, Transcript, printable

__all__ = ["Finished", "Note", "Upgrade", "said"]

_TALK_ONLY = object()
"""What `Talk` shows to be let in. A test asserts that no other module names it."""

_VALUE_LIMIT = 512


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that was said in plaintext: ``name`` ("greeting", "capabilities"), and its values, raw.

    The values are **untrusted**: whoever is on the path may have written them.
    """

    name: str
    values: tuple[bytes, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """The values as escaped, bounded text."""
        return tuple(printable(value, _VALUE_LIMIT) for value in self.values)


def said(notes: Sequence[Note]) -> dict[str, tuple[str, ...]]:
    """The texts of ``notes``, gathered by name."""
    texts: dict[str, tuple[str, ...]] = {}
    for note in notes:
        texts[note.name] = texts.get(note.name, ()) + note.texts
    return texts


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of a dialogue that was held inside TLS. It proves nothing: the session around it does.

    ``leftover`` came behind the dialogue, inside TLS as well: it is the first that the caller reads.
    """

    leftover: bytes = field(default=b"", repr=False)


@final
class Upgrade:
    """The proof that both sides agreed to start TLS and that not one byte of plaintext was left behind.

    Only `Talk.upgrade` makes one, on an empty buffer; `TLSSession` demands one. Everything that was learned in
    plaintext is in ``said``, marked by its place as untrusted: RFC 3207 §4.2 and its likes oblige both sides to
    forget it, and it ends here.

    ``early`` are the bytes of a client that may send its hello behind its request because the protocol has no
    go-ahead (MySQL); they are TLS's first bytes and nobody else's.
    """

    __slots__ = ("_notes", "_record", "_side", "_spent", "early", "protocol")

    early: bytes
    protocol: str
    _notes: Sequence[Note]
    _record: Record
    _side: Side
    _spent: bool

    def __new__(
        cls, seal: object, protocol: str, side: Side, notes: Sequence[Note], record: Record, early: bytes
    ) -> Self:
        """For `Talk` alone; anybody else gets `Misuse`."""
        if seal is not _TALK_ONLY:
            raise Misuse("only a finished Talk can prove an upgrade")
        self = super().__new__(cls)
        self.protocol = protocol
        self.early = early
        self._notes = notes
        self._record = record
        self._side = side
        self._spent = False
        return self

    def __init_subclass__(cls) -> None:
        """Refuse to be a part of something else that could be made otherwise."""
        raise Misuse("the proof of an upgrade cannot be subclassed")

    @property
    def side(self) -> Side:
        """Which of the two sides it is for."""
        return self._side

    def spend(self) -> None:
        """Use it, once: of a second connection it would prove nothing."""
        if self._spent:
            raise Misuse("this proof of an upgrade has been used already")
        self._spent = True

    @property
    def said(self) -> Mapping[str, tuple[str, ...]]:
        """Everything that was said before TLS, by name: escaped text, bounded, and untrusted."""
        return said(self._notes)

    @property
    def transcript(self) -> Transcript:
        """The conversation in plaintext."""
        return self._record.transcript(type(self).__name__)

    def behind(self, evidence: bytes) -> bytes:
        """What a client said behind it, where TLS should begin, without the secrets in it."""
        return self._record.behind(evidence)

    def __reduce__(self) -> str:
        """Refuse to be copied or pickled: a proof is of one connection."""
        raise Misuse("the proof of an upgrade cannot be copied")

    def __repr__(self) -> str:
        """Name the protocol and the side."""
        return f"<Upgrade {self.protocol} {self.side}>"
