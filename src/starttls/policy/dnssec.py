"""The DNSSEC validator: whether an answer of the DNS is authentic (RFC 4033 to 4035, 5155, 6840, 9276).

It asks nobody and knows no time. Who asks runs `Validator.validate`, a generator, and sends it what a resolver says to
the questions that it yields (with the flags CD and DO set, for the resolver's own opinion does not count)::

    validation = validator.validate(question, response, now)
    try:
        asked = next(validation)
        while True:
            asked = validation.send(answer_of_a_resolver_or_None(asked))
    except StopIteration as done:
        answer = done.value

A message proves nothing by its flags, its code or the order of its records: only what is signed counts, and what is
proven not to be signed. Where the two disagree, the proof wins.
"""

import dns.message
import dns.rdatatype

from starttls.policy.aliases import Step, Trail, alias_of
from starttls.policy.anchors import Anchors
from starttls.policy.answer import Answer, Question
from starttls.policy.authentic import Judged, denied, present
from starttls.policy.budget import Limits, Work
from starttls.policy.delegations import Asking, Delegations, ask
from starttls.policy.keys import ALGORITHMS, SHA1_ALGORITHMS
from starttls.policy.messages import Reply
from starttls.policy.rrsets import records
from starttls.policy.unproven import Unproven, unknown

__all__ = ["Validator"]


class Validator:
    """Validates answers, and remembers the zones that it meets on the way (their keys, or that they have none).

    ``anchors`` are the root's where none are given. ``sha1`` lets signatures of the algorithms 5 and 7 count. It is
    off, as RFC 9905 §2 wants it: SHA-1 does not withstand collisions, so that who may put a record into a zone may be
    able to have another one signed. A zone that has nothing better is then insecure, as if it were not signed. DS
    records by SHA-1 count, where there is no better one: to forge a key for them takes more than a collision.
    What no anchor is above is indeterminate (RFC 4033 §5).
    """

    def __init__(self, anchors: Anchors | None = None, *, sha1: bool = False, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        algorithms = ALGORITHMS | SHA1_ALGORITHMS if sha1 else ALGORITHMS
        self._delegations = Delegations(anchors or Anchors.root(), algorithms, self._limits)

    def validate(self, question: Question, response: dns.message.Message, now: float) -> Asking[Answer]:
        """Judge ``response`` to ``question`` at ``now``, in seconds since 1970, aliases followed.

        Yields each question that must be answered for it, in turn: DS and DNSKEY, and for the target of an alias that
        ``response`` does not have, the question itself. It is sent the answer, or None where that could not be had.
        Never raises for what a message says. With the type CNAME, only the first alias is told, and no records.
        """
        work = Work(int(now), self._limits)
        trail = Trail(question)
        try:
            return (yield from self._follow(response, trail, work))
        except Unproven as no:
            return trail.broken(no)

    def _follow(self, response: dns.message.Message, trail: Trail, work: Work) -> Asking[Answer]:
        reply = Reply(response)
        trail.extended = reply.extended
        if reply.failure:
            raise unknown(f"{trail.question}: {reply.failure}")
        while True:
            signed = None if trail.rdtype == dns.rdatatype.CNAME else reply.answer.get((trail.name, trail.rdtype))
            if signed is not None:
                judged = yield from present(signed, reply, self._delegations, work)
                return trail.end(judged, records(signed.rrset))
            step = alias_of(reply, trail.name)
            if step is not None:
                yield from self._alias(step, reply, trail, work)
                if trail.rdtype == dns.rdatatype.CNAME:
                    return trail.alias()
                continue
            none = yield from self._denied(reply, trail, work)
            if none is not None:
                return trail.end(none)
            reply = yield from ask(trail.name, trail.rdtype, work)
            trail.asked(reply)

    def _alias(self, step: Step, reply: Reply, trail: Trail, work: Work) -> Asking[None]:
        try:
            judged = yield from present(step.signed, reply, self._delegations, work)
        except Unproven as no:
            trail.follow(step, no.status)
            raise
        trail.judge(judged)
        trail.follow(step, judged.status)
        if len(trail.aliases) > self._limits.aliases:
            raise unknown(f"more than {self._limits.aliases} aliases")

    def _denied(self, reply: Reply, trail: Trail, work: Work) -> Asking[Judged | None]:
        """Judge the denial in a message. None: it was asked for another name, and only ends at an alias to this one."""
        if trail.direct:
            return (yield from denied(reply, trail.name, trail.rdtype, self._delegations, work))
        if reply.negative_ttl is None:
            return None
        try:
            return (yield from denied(reply, trail.name, trail.rdtype, self._delegations, work))
        except Unproven:
            return None
