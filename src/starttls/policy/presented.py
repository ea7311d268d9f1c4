"""The certificates that a server presented, and which of them a TLSA record matches."""

import enum
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from starttls.policy import der
from starttls.policy.answer import TLSA

__all__ = [
    "FULL",
    "KEY",
    "OWN",
    "SHA256",
    "SHA512",
    "WHOLE",
    "Check",
    "Match",
    "Presented",
    "Usage",
    "brief",
    "selected",
]


class Usage(enum.IntEnum):
    """Which certificate a record is about (RFC 7218 §2.1 has the names)."""

    PKIX_TA = 0
    """An authority, on a path that also leads to a public root."""
    PKIX_EE = 1
    """The server's own certificate, on such a path."""
    DANE_TA = 2
    """An authority, which nobody else has to know."""
    DANE_EE = 3
    """The server's own certificate; who issued it, for what name, until when does not count."""


WHOLE, KEY = range(2)
"""Selectors: the certificate, or its SubjectPublicKeyInfo."""

FULL, SHA256, SHA512 = range(3)
"""Matching types: as it is, or a digest."""

OWN = 0
"""The place of the server's own certificate in a chain."""

_DIGEST = {SHA256: hashlib.sha256, SHA512: hashlib.sha512}
_SHOWN = 16


class Check(enum.StrEnum):
    """What can be looked at beside a record."""

    PATH = "path"
    """Signatures up to an authority."""
    NAMES = "names"
    DATES = "dates"
    PURPOSE = "purpose"
    """What the certificate may be used for."""
    ANCHOR = "anchor"
    """The authority's own dates and limits, of which a bare key says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What proves the server.

    ``record`` matches the certificate, or the bare key, ``depth`` steps above the server's own (0). ``path`` leads from
    that to the authority, DER; where that is a bare key, to the last certificate below. ``skipped`` does not count with
    such a record, and was not looked at.
    """

    record: TLSA
    depth: int
    path: tuple[bytes, ...]
    skipped: frozenset[Check] = frozenset()


def selected(certificate: bytes, selector: int, mtype: int) -> bytes | None:
    """What a record with this selector and mtype has to hold to match ``certificate``; None where that is none."""
    data = certificate if selector == WHOLE else der.public_key(certificate)
    return data if data is None or mtype == FULL else _DIGEST[mtype](data).digest()


def brief(record: TLSA) -> str:
    """A record for a line of text: the start of its data is enough to find it."""
    data = record.data.hex()
    return f"{record.usage} {record.selector} {record.mtype} {data if len(data) <= _SHOWN else data[:_SHOWN] + '...'}"


class Presented:
    """The certificates, DER. Each is digested once, however many records there are."""

    __slots__ = ("_known", "certificates")

    def __init__(self, certificates: Sequence[bytes]) -> None:
        self.certificates = tuple(certificates)
        self._known: dict[tuple[int, int], tuple[bytes | None, ...]] = {}

    def places(self, record: TLSA) -> list[int]:
        """Where the certificates are that ``record`` matches."""
        kind = record.selector, record.mtype
        if kind not in self._known:
            self._known[kind] = tuple(selected(one, *kind) for one in self.certificates)
        return [place for place, data in enumerate(self._known[kind]) if data == record.data]

    def authorities(self, record: TLSA) -> list[bytes]:
        """The certificates that ``record`` matches, but the server's own, wherever it stands."""
        found = (self.certificates[place] for place in self.places(record))
        return [certificate for certificate in found if certificate != self.certificates[OWN]]
