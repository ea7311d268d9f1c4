"""What denials by NSEC and NSEC3 have in common: what they prove, and what their list of types says."""

import enum
from dataclasses import dataclass

import dns.rdatatype

from starttls.policy.canonical import Labels

__all__ = ["Outcome", "Proof", "Types"]

_NXNAME = 128


class Outcome(enum.Enum):
    """What is proven not to be there."""

    NAME = "the name does not exist"
    TYPE = "the name has no such records"
    UNKNOWN = "the zone does not say of unsigned names below it"
    """Opt-out, or a zone that may not be asked (RFC 9276): the name may be there, unsigned."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What a set of NSEC or NSEC3 records proves of one name and type."""

    outcome: Outcome
    delegation: bool = False
    """The name is a delegation to another zone."""
    detail: str = ""
    """Why it is UNKNOWN."""


class Types:
    """The types that a name has, as NSEC and NSEC3 list them (RFC 4034 §4.1.2)."""

    __slots__ = ("_windows",)

    def __init__(self, windows: tuple[tuple[int, bytes], ...]) -> None:
        self._windows = windows

    def __contains__(self, rdtype: int) -> bool:
        window, low = divmod(rdtype, 256)
        for number, bits in self._windows:
            if number == window:
                return low // 8 < len(bits) and bool(bits[low // 8] & (0x80 >> low % 8))
        return False

    @property
    def delegates(self) -> bool:
        """Is this the upper side of a zone cut?"""
        return dns.rdatatype.NS in self and dns.rdatatype.SOA not in self

    @property
    def says_nothing_below(self) -> bool:
        """Whoever has such types, no name below it can be denied by it (RFC 6840 §4.1, RFC 6672 §5.3.4.1)."""
        return self.delegates or dns.rdatatype.DNAME in self

    def prove(self, name: Labels, rdtype: int) -> Proof | None:
        """What it proves of this type that a name has these types and no others."""
        if not self._lack(name, rdtype):
            return None
        # RFC 9824 §3.1: a name that is made up for the denial has this mark.
        outcome = Outcome.NAME if _NXNAME in self else Outcome.TYPE
        return Proof(outcome, delegation=self.delegates)

    def _lack(self, name: Labels, rdtype: int) -> bool:
        # RFC 6840 §4.3: an alias has every type by way of its target, so its bit must be clear too.
        if rdtype in self or dns.rdatatype.CNAME in self:
            return False
        if rdtype == dns.rdatatype.DS:
            # RFC 4035 §5.2: the record of the child's own apex says nothing of what the parent holds.
            return dns.rdatatype.SOA not in self or not name
        # RFC 6840 §4.1: the parent's record at a cut says nothing of what the child holds.
        return not self.delegates
