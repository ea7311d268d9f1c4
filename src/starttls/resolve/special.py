"""Names as a person types them, and those that are never asked of the DNS."""

import ipaddress

from starttls.core.errors import Misuse
from starttls.policy.answer import Address, Answer, Question, Status
from starttls.resolve.resolver import TYPES
from starttls.tls.names import a_label

__all__ = ["answered_here", "as_asked"]

_LOOPBACK = {"A": "127.0.0.1", "AAAA": "::1"}


def as_asked(name: str) -> str:
    """A name in the one form in which it is asked: A-labels, lower case, no final dot; the root is ``"."``.

    Raises `Misuse` for what is no name.
    """
    return name if name == "." else a_label(name)


def answered_here(name: str, rdtype: str) -> Answer | None:
    """The answer to what is not asked of the DNS, or None for every other name.

    That is what cannot be asked at all (an MX record may name anything: the answer is `INDETERMINATE`, so that nobody
    goes there); an IP address, which is no name and has no records; and some special-use names (RFC 6761, RFC 7686).
    ``localhost`` is the loopback address; ``invalid`` and ``onion`` do not exist. No signature covers these answers,
    and so they are `INSECURE`. Raises `Misuse` for a type that nobody is asked for.
    """
    if rdtype not in TYPES:
        raise Misuse(f"no resolver is asked for {rdtype!a}, only for {', '.join(TYPES)}")
    question = Question(name, rdtype)
    if _is_address(name):
        reason = "an IP address has no DNS records"
        return Answer(question=question, status=Status.INSECURE, exists=False, reason=reason)
    try:
        question = Question(as_asked(name), rdtype)
    except Misuse as error:
        return Answer(question=question, status=Status.INDETERMINATE, reason=error.what)
    # RFC 6761 §6.3: "Name resolution APIs and libraries SHOULD recognize localhost names as special and SHOULD always
    # return the IP loopback address"; RFC 6761 §6.4 and RFC 7686 §2 on the two others.
    match question.name.rpartition(".")[2]:
        case "localhost":
            address = _LOOPBACK.get(rdtype)
            records = (Address(address),) if address else ()
            return Answer(question=question, status=Status.INSECURE, records=records, reason="localhost is this host")
        case "invalid" | "onion" as special:
            reason = f"no name in .{special} is in the DNS"
            return Answer(question=question, status=Status.INSECURE, exists=False, reason=reason)
        case _:
            return None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
