"""A DNS message as the validator sees it: sets of records, each with the signatures that came with it."""

from dataclasses import dataclass

import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from dns.rdtypes.ANY.RRSIG import RRSIG
from dns.rdtypes.ANY.SOA import SOA

from starttls.core.transcript import one_line
from starttls.policy.answer import ExtendedError
from starttls.policy.canonical import Labels, labels_of, text_of
from starttls.policy.rrsets import rdatas

__all__ = ["Reply", "SignedSet", "extended_errors"]

_EXTENDED = 10
"""Extended errors that are kept."""
_EXTENDED_TEXT = 200
"""Characters of an extended error's text that are kept."""


@dataclass(frozen=True, slots=True)
class SignedSet:
    """A set of records; ``signatures`` are those that claim to cover it."""

    owner: Labels
    rdtype: int
    rrset: dns.rrset.RRset
    signatures: tuple[RRSIG, ...]
    ttl: int
    """The least of the records' and the signatures'."""

    def __str__(self) -> str:
        return f"{text_of(self.owner)} {dns.rdatatype.to_text(self.rrset.rdtype)}"


class Reply:
    """What a message says. Nothing in it is believed for being in it: neither its flags nor its sections are signed."""

    __slots__ = ("_authority", "_message", "answer", "rcode")

    def __init__(self, message: dns.message.Message) -> None:
        self.answer = _sets(message.answer)
        self.rcode = message.rcode()
        self._message = message
        self._authority: dict[tuple[Labels, int], SignedSet] | None = None

    @property
    def authority(self) -> dict[tuple[Labels, int], SignedSet]:
        """The sets of the authority section, where denials are."""
        if self._authority is None:
            self._authority = _sets(self._message.authority)
        return self._authority

    @property
    def negative_ttl(self) -> int | None:
        """How long the zone wants a denial to be kept (RFC 2308 §5). It need not be proven: it only shortens."""
        ttls = [
            min(signed.ttl, soa.minimum)
            for (_, rdtype), signed in self.authority.items()
            if rdtype == dns.rdatatype.SOA
            for soa in rdatas(signed.rrset)
            if isinstance(soa, SOA)
        ]
        return min(ttls, default=None)

    @property
    def failure(self) -> str:
        """Why the message is no answer, if it is none."""
        if self._message.flags & dns.flags.TC:
            return "the answer is cut short"
        if self.rcode in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
            return ""
        said = "".join(f", {error.code} {error.text}".rstrip() for error in self.extended)
        return f"the resolver answers {dns.rcode.to_text(self.rcode)}{said}"

    @property
    def extended(self) -> tuple[ExtendedError, ...]:
        """Its extended errors."""
        return extended_errors(self._message)


def extended_errors(message: dns.message.Message) -> tuple[ExtendedError, ...]:
    """The extended errors of a message (RFC 8914), ten at the most, their texts cut to one line."""
    errors = message.extended_errors()[:_EXTENDED]
    return tuple(ExtendedError(int(error.code), one_line((error.text or "")[:_EXTENDED_TEXT])) for error in errors)


def _sets(section: list[dns.rrset.RRset]) -> dict[tuple[Labels, int], SignedSet]:
    sets: dict[tuple[Labels, int], dns.rrset.RRset] = {}
    signatures: dict[tuple[Labels, int], dns.rrset.RRset] = {}
    for rrset in section:
        if rrset.rdclass != dns.rdataclass.IN:
            continue
        if rrset.rdtype == dns.rdatatype.RRSIG:
            signatures.setdefault((labels_of(rrset.name), rrset.covers), rrset)
        else:
            sets.setdefault((labels_of(rrset.name), rrset.rdtype), rrset)
    return {key: _signed(key[0], rrset, signatures.get(key)) for key, rrset in sets.items()}


def _signed(owner: Labels, rrset: dns.rrset.RRset, signatures: dns.rrset.RRset | None) -> SignedSet:
    if signatures is None:
        return SignedSet(owner, rrset.rdtype, rrset, (), rrset.ttl)
    found = tuple([rdata for rdata in rdatas(signatures) if isinstance(rdata, RRSIG)])
    return SignedSet(owner, rrset.rdtype, rrset, found, min(rrset.ttl, signatures.ttl))
