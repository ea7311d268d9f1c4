"""Questions and answers as they go over the wire: what is sent, and what counts as an answer to it.

dnspython writes and reads the messages. What is here is what it leaves to its caller: that the answer is to this
question, that it is not too much, and that nothing in it can raise anything but `Unanswered`.
"""

import struct
from dataclasses import dataclass
from typing import Self

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype

from starttls.core.transcript import one_line
from starttls.policy.answer import Question
from starttls.resolve.failures import NotTheAnswer, Unanswered
from starttls.resolve.message import from_wire

__all__ = ["PAYLOAD", "Query", "code_of", "is_referral"]

PAYLOAD = 1232
"""The most bytes in one datagram: no network cuts it up (the DNS flag day of 2020 settled on it)."""

_HEADER = struct.Struct("!HHHHHH")
_TRUNCATED, _RESPONSE = 0x0200, 0x8000
_OPCODE = 0x7800
_WITHOUT_QUESTION = frozenset({dns.rcode.FORMERR, dns.rcode.SERVFAIL, dns.rcode.NOTIMP, dns.rcode.REFUSED})


@dataclass(frozen=True, slots=True)
class Query:
    """One question, ready to be sent.

    ``body`` is the message without its identifier, which is drawn anew for each time that it is sent; ``section`` its
    question section.
    """

    question: Question
    body: bytes
    section: bytes

    @classmethod
    def make(cls, question: Question, *, checking: bool) -> Self:
        """With ``checking`` the server is to validate, and to say by AD that it did; without, it is told not to (CD).

        Raises `Unanswered` for a name that cannot be sent.
        """
        # RFC 6840 §5.7: "Setting the AD bit in a query as a signal indicating that the requester understands and is
        # interested in the value of the AD bit in the response"; RFC 4035 §3.2.2 on CD.
        flags = dns.flags.RD | (dns.flags.AD if checking else dns.flags.CD)
        rdtype = dns.rdatatype.from_text(question.rdtype)
        try:
            name = dns.name.from_text(question.name)
            message = dns.message.make_query(name, rdtype, want_dnssec=True, payload=PAYLOAD, flags=flags, id=0)
            wire = message.to_wire()
        except (dns.exception.DNSException, ValueError) as error:
            raise Unanswered(f"{question.name!a} cannot be asked: {one_line(str(error))}") from None
        section = name.to_digestable() + struct.pack("!HH", rdtype, dns.rdataclass.IN)
        return cls(question, wire[2:], section)

    def packet(self, identifier: int) -> bytes:
        """The message as it is sent."""
        return identifier.to_bytes(2) + self.body

    def is_cut(self, data: bytes, identifier: int) -> bool:
        """Is this our answer, cut to fit into a datagram?"""
        return self._check(data, identifier) & _TRUNCATED != 0

    def read(self, data: bytes, identifier: int) -> dns.message.Message:
        """The answer to this question. Raises `NotTheAnswer`, or `Unanswered` where it is, and cannot be used."""
        if self._check(data, identifier) & _TRUNCATED:
            raise Unanswered("an answer that is cut")
        try:
            return from_wire(data)
        except (dns.exception.DNSException, ValueError, struct.error, LookupError, TypeError):
            raise NotTheAnswer("an answer that cannot be read") from None

    def _check(self, data: bytes, identifier: int) -> int:
        """The flags of an answer that is to this question."""
        if len(data) < _HEADER.size:
            raise NotTheAnswer("an answer that cannot be read")
        answered, flags, questions, *_ = _HEADER.unpack_from(data)
        if answered != identifier:
            raise NotTheAnswer("an answer with another identifier")
        if not flags & _RESPONSE or flags & _OPCODE:
            raise NotTheAnswer("a message that is no answer")
        if questions == 0 and flags & 0xF in _WITHOUT_QUESTION:
            return int(flags)  # a server that could not read the question need not repeat it
        asked = data[_HEADER.size : _HEADER.size + len(self.section)]
        # Names are the same in upper and in lower case (RFC 4343); the four bytes behind them are not letters.
        same = asked[:-4].lower() == self.section[:-4].lower() and asked[-4:] == self.section[-4:]
        if questions != 1 or not same:
            raise NotTheAnswer("an answer to another question")
        return int(flags)


def code_of(message: dns.message.Message) -> str:
    """The response code in words: ``"SERVFAIL"``."""
    return dns.rcode.to_text(message.rcode())


def is_referral(message: dns.message.Message) -> bool:
    """Does it lead to other servers instead of answering, as one does that is not asked to recurse?"""
    # RFC 2308 §2.2.1 tells it from "no data": a referral has NS records and no SOA.
    types = {rrset.rdtype for rrset in message.authority}
    named = not message.answer and dns.rdatatype.NS in types and dns.rdatatype.SOA not in types
    return named and message.rcode() == dns.rcode.NOERROR
