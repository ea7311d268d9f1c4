"""From a server's message to an `Answer`, where the server is believed: its AD bit says whether it validated."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import cast

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.CNAME
import dns.rrset

from starttls.policy.answer import Alias, Answer, Question, Record, Status
from starttls.policy.budget import ALIASES
from starttls.policy.messages import Reply, extended_errors
from starttls.policy.rrsets import name_text, records
from starttls.resolve.wire import code_of, is_referral

__all__ = ["failure", "read"]

# RFC 8914 §4: what a validator finds wrong with signatures. Not 1 and 2, an algorithm or a digest that is not known:
# that makes a zone insecure, and no failure. Not 5, which is "indeterminate" in its own words. IANA added 25 later.
_BOGUS = frozenset({6, 7, 8, 9, 10, 11, 12, 25})


def failure(question: Question, status: Status, reason: str) -> Answer:
    """An answer without records, and why."""
    return Answer(question=question, status=status, reason=reason)


def read(question: Question, message: dns.message.Message) -> Answer:
    """What a message says. With AD it is secure, without insecure; a failure is bogus where it says so itself."""
    answer = _read(question, message)
    return replace(answer, extended=extended_errors(message))


def _read(question: Question, message: dns.message.Message) -> Answer:
    code = message.rcode()
    if code not in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
        return _refused(question, message)
    if is_referral(message):
        return failure(question, Status.INDETERMINATE, "a referral: the server does not look any further")
    status = Status.SECURE if message.flags & dns.flags.AD else Status.INSECURE
    walk = _Walk(message, status)
    found = walk.to(dns.name.from_text(question.name), dns.rdatatype.from_text(question.rdtype))
    if len(walk.aliases) > ALIASES:
        return failure(question, Status.INDETERMINATE, f"more than {ALIASES} aliases")
    exists = code != dns.rcode.NXDOMAIN
    if found and not exists:
        return failure(question, Status.INDETERMINATE, "records of a name that is said not to exist")
    if not found and not (question.rdtype == "CNAME" and walk.aliases):
        walk.ttls.append(Reply(message).negative_ttl or 0)  # without an SOA it is not kept
    return Answer(
        question=question,
        status=status,
        records=found,
        exists=exists,
        aliases=tuple(walk.aliases),
        ttl=min(walk.ttls, default=0),
    )


def _refused(question: Question, message: dns.message.Message) -> Answer:
    extended = extended_errors(message)
    told = next((error for error in extended if error.code in _BOGUS), None)
    code = code_of(message)
    if message.rcode() == dns.rcode.SERVFAIL and told:
        why = told.text or f"extended DNS error {told.code}"
        return failure(question, Status.BOGUS, f"{code}: {why}")
    why = "; ".join(error.text or f"extended DNS error {error.code}" for error in extended)
    return failure(question, Status.INDETERMINATE, f"{code}: {why}" if why else code)


@dataclass(slots=True)
class _Walk:
    """The way from a name along its aliases, within one message."""

    message: dns.message.Message
    status: Status
    aliases: list[Alias] = field(default_factory=list[Alias])
    ttls: list[int] = field(default_factory=list[int])

    def to(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> tuple[Record, ...]:
        """The records at the end of the way. For CNAME it ends behind the first."""
        sets = {(rrset.name, rrset.rdtype): rrset for rrset in self.message.answer if _is_plain(rrset)}
        while len(self.aliases) <= ALIASES:
            rrset = sets.get((name, rdtype))
            if rrset is not None and rdtype != dns.rdatatype.CNAME:
                self.ttls.append(rrset.ttl)
                return records(rrset)
            alias = sets.get((name, dns.rdatatype.CNAME))
            target = _first(alias) if alias is not None else None
            if alias is None or not isinstance(target, dns.rdtypes.ANY.CNAME.CNAME):
                return ()
            self.ttls.append(alias.ttl)
            self.aliases.append(Alias(name_text(name), name_text(target.target), self.status))
            if rdtype == dns.rdatatype.CNAME:
                return ()
            name = target.target
        return ()


def _is_plain(rrset: dns.rrset.RRset) -> bool:
    return rrset.rdclass == dns.rdataclass.IN and len(rrset) > 0


def _first(rrset: dns.rrset.RRset) -> dns.rdata.Rdata:
    return next(iter(cast(Iterable[dns.rdata.Rdata], rrset)))
