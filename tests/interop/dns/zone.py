"""What a zone of the signed world is, and the records that all of them have."""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from starttls.policy.answer import Status

__all__ = ["CONTENT", "Denial", "Lines", "Zone", "as_it_is"]

Lines: TypeAlias = list[str]
"""A zone as `dnssec-signzone -O full` writes it: a record is a line ``owner. TTL IN TYPE data``."""


def as_it_is(lines: Lines) -> Lines:
    """No harm."""
    return lines


class Denial(enum.StrEnum):
    """How a zone proves what it does not have."""

    NSEC = "nsec"
    NSEC3 = "nsec3"
    OPT_OUT = "opt-out"


# Every zone but the root and the top has these: each sort of answer, positive and negative.
CONTENT = """\
@ MX 10 mail
@ A 192.0.2.1
@ TXT "the apex"
mail A 192.0.2.25
mail AAAA 2001:db8::25
_25._tcp.mail TLSA 3 1 1 0000000000000000000000000000000000000000000000000000000000000001
_imap._tcp SRV 0 1 143 mail
_mta-sts TXT "v=STSv1; " "id=20260101000000;"
*.wild A 192.0.2.7
*.wild TXT "made of a wildcard"
a.b.ent TXT "below two names that have nothing"
alias CNAME mail
aliases CNAME alias
*.cwild CNAME mail
secure CNAME mail.nsec3.test.
insecure CNAME mail.unsigned.test.
forged CNAME mail.corrupt.test.
dangling CNAME nowhere
tree DNAME branch
mail.branch A 192.0.2.8
far DNAME unsigned.test.
"""
_LARGE = "".join(f'large TXT "{number:0250d}"\n' for number in range(20))
CONTENT += _LARGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """One zone. ``name`` has no final dot, but the root is ``"."``.

    ``status`` is what DNSSEC says, by the RFCs, of what is in it; ``denied`` of a name without the type that is asked
    for, ``missing`` of a name that is not there, or only by a wildcard; each as the one before, if not given. ``keys``
    are the algorithms that sign it, each by one key that does all, or by two as ``"RSASHA256+"``; none where it is not
    signed. ``signed`` is when the signatures begin and end, in days from now. ``harm`` is done to the zone once it is
    signed. ``digests`` are those of the DS records in the parent, and ``entrust`` is done to these.
    """

    name: str
    status: Status
    denied: Status | None = None
    missing: Status | None = None
    keys: tuple[str, ...] = ("ECDSAP256SHA256",)
    denial: Denial = Denial.NSEC
    iterations: int = 0
    salt: str = "-"
    signed: tuple[int, int] = (-1, 30)
    digests: tuple[str, ...] = ("SHA256",)
    harm: Callable[[Lines], Lines] = as_it_is
    entrust: Callable[[Lines], Lines] = as_it_is
    records: str = CONTENT

    @property
    def when_denied(self) -> Status:
        """What is said of a name that has not the type."""
        return self.denied or self.status

    @property
    def when_missing(self) -> Status:
        """What is said of a name that is not there."""
        return self.missing or self.when_denied

    @property
    def origin(self) -> str:
        """The name with its final dot."""
        return self.name if self.name == "." else f"{self.name}."

    def holds(self, name: str) -> bool:
        """Is it the zone, or above it?"""
        return self.name in {".", name} or name.endswith(f".{self.name}")
