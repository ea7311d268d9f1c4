"""From a name to the one that it stands for: CNAME, and the CNAME that a DNAME makes (RFC 6672)."""

from dataclasses import dataclass

import dns.name
import dns.rdatatype
import dns.rdtypes.ANY.CNAME
import dns.rdtypes.ANY.DNAME

from starttls.policy.answer import Alias, Answer, ExtendedError, Link, Question, Record, Status
from starttls.policy.authentic import Judged
from starttls.policy.canonical import Labels, labels_of, name_of, text_of
from starttls.policy.messages import Reply, SignedSet
from starttls.policy.rrsets import rdatas
from starttls.policy.unproven import Unproven, bogus, unknown

__all__ = ["Step", "Trail", "alias_of"]


@dataclass(frozen=True, slots=True)
class Step:
    """The name stands for ``target``; ``signed`` is the record that says so."""

    signed: SignedSet
    target: Labels


def alias_of(reply: Reply, name: Labels) -> Step | None:
    """The alias that a message has at ``name``, or makes by a DNAME above it. Raises `Unproven`."""
    cname = reply.answer.get((name, dns.rdatatype.CNAME))
    target = None if cname is None else _target(cname)
    if cname is not None and target is not None and cname.signatures:
        return Step(cname, target)
    for count in range(len(name) - 1, -1, -1):
        dname = reply.answer.get((name[:count], dns.rdatatype.DNAME))
        if dname is not None and (above := _target(dname)) is not None:
            made = (*above, *name[count:])
            # RFC 6672 §5.3.1: the CNAME itself is not signed; it must be what the DNAME makes.
            if target not in {None, made}:
                raise bogus(f"{cname} is not what {dname} makes")
            _writable(made, dname)
            return Step(dname, made)
    return None if cname is None or target is None else Step(cname, target)


def _target(signed: SignedSet) -> Labels | None:
    for rdata in rdatas(signed.rrset):
        if isinstance(rdata, dns.rdtypes.ANY.CNAME.CNAME | dns.rdtypes.ANY.DNAME.DNAME):
            return labels_of(rdata.target)
    return None


def _writable(made: Labels, dname: SignedSet) -> None:
    try:
        name_of(made)
    except dns.name.NameTooLong:
        raise unknown(f"{dname} makes a name that is too long") from None


class Trail:
    """What is known of an answer so far, from the question over its aliases."""

    __slots__ = ("_chain", "_seen", "_status", "_ttl", "aliases", "direct", "extended", "name", "question", "rdtype")

    def __init__(self, question: Question) -> None:
        self.question = question
        self.name = labels_of(dns.name.from_text(question.name))
        """The name that is being looked at."""
        self.rdtype = dns.rdatatype.from_text(question.rdtype)
        self.direct = True
        """Was the message that is being looked at asked for this very name?"""
        self.aliases: list[Alias] = []
        self.extended: tuple[ExtendedError, ...] = ()
        self._chain: tuple[Link, ...] = ()
        self._seen = {self.name}
        self._status = Status.SECURE
        self._ttl: int | None = None

    def judge(self, judged: Judged) -> None:
        """One more thing that the answer rests on."""
        self._status = self._status.weaker(judged.status)
        self._ttl = judged.ttl if self._ttl is None else min(self._ttl, judged.ttl)
        self._walked(judged.chain)

    def _walked(self, chain: tuple[Link, ...]) -> None:
        self._chain += tuple(link for link in chain if link not in self._chain) if self._chain else chain

    def follow(self, step: Step, status: Status) -> None:
        """Go on from the name that an alias leads to."""
        self.aliases.append(Alias(text_of(self.name), text_of(step.target), status))
        self.name = step.target
        self.direct = False
        if self.name in self._seen and status.usable:
            raise unknown(f"the aliases lead back to {text_of(self.name)}")
        self._seen.add(self.name)

    def asked(self, reply: Reply) -> None:
        """The message was asked for the name that is being looked at."""
        self.direct = True
        self.extended += reply.extended

    def end(self, judged: Judged, found: tuple[Record, ...] = ()) -> Answer:
        """The answer, its last step judged."""
        self.judge(judged)
        return self._answer(self._status, found, exists=judged.exists, reason=judged.reason)

    def alias(self) -> Answer:
        """The answer to a question for the first alias alone."""
        return self._answer(self._status)

    def broken(self, no: Unproven) -> Answer:
        """The answer where a step is not proven: no records, and why."""
        self._walked(no.chain)
        self._ttl = None
        return self._answer(no.status, reason=no.reason)

    def _answer(
        self, status: Status, found: tuple[Record, ...] = (), *, exists: bool = True, reason: str = ""
    ) -> Answer:
        return Answer(
            question=self.question,
            status=status,
            records=found,
            exists=exists,
            aliases=tuple(self.aliases),
            ttl=self._ttl or 0,
            reason=reason,
            extended=self.extended,
            chain=self._chain,
        )
