"""LDAP: the StartTLS operation (RFC 4511 §4.14).

::

    C: 30 1d 02 01 01 77 18 80 16 "1.3.6.1.4.1.1466.20037"     messageID 1, ExtendedRequest
    S: 30 0c 02 01 01 78 07 0a 01 00 04 00 04 00               messageID 1, ExtendedResponse, success
    (TLS)

The one trap: an answer is whatever carries the messageID of the question, and 1 is easily guessed. Other clients
look at one octet of the reply, or at none. Here the messageID is random, a message under another one is not our
answer, and of those under ours only an ExtendedResponse with the result ``success`` upgrades.

There is no offer: the root DSE lists the operation, but a client may as well just ask, and the answer to the
question is the only one that counts. Referrals are reported and never followed.
"""

from collections.abc import Iterator
from typing import NamedTuple

from starttls.core.errors import NotRequested, Refusal, Refused, TooLong, Unexpected
from starttls.core.facts import ClientSetup, Ports, Protocol, ServerSetup
from starttls.core.redact import Redact
from starttls.core.talk import Steps, Talk
from starttls.core.transcript import Side, printable
from starttls.core.wait import Wait
from starttls.grammar import ber

__all__ = ["LDAP"]

RESPONSE = Wait("the StartTLS response", "RFC 4511 §4.14.2, success(0)", 65536)
REQUEST = Wait("a request", "RFC 4511 §4.14.1, StartTLS", 8192)

START_TLS = b"1.3.6.1.4.1.1466.20037"
DISCONNECTION = b"1.3.6.1.4.1.1466.20036"
_OTHER_MESSAGES = 16

_NAME, _REFERRAL, _RESPONSE_NAME, _RESPONSE_VALUE = 0x80, 0xA3, 0x8A, 0x8B
_BIND, _UNBIND, _SEARCH, _ABANDON, _EXTENDED, _EXTENDED_RESPONSE = 0x60, 0x42, 0x63, 0x50, 0x77, 0x78
# Requests and their responses: bind, search, modify, add, delete, rename, compare, extended; two have none.
_ANSWERS = {_BIND: 0x61, _SEARCH: 0x65, 0x66: 0x67, 0x68: 0x69, 0x4A: 0x6B, 0x6C: 0x6D, 0x6E: 0x6F, _EXTENDED: 0x78}
_REQUESTS = {*_ANSWERS, _UNBIND, _ABANDON}

# RFC 4511 §4.1.9
# fmt: off
_RESULTS = {
    0: "success", 1: "operationsError", 2: "protocolError", 3: "timeLimitExceeded", 4: "sizeLimitExceeded",
    5: "compareFalse", 6: "compareTrue", 7: "authMethodNotSupported", 8: "strongerAuthRequired", 10: "referral",
    11: "adminLimitExceeded", 12: "unavailableCriticalExtension", 13: "confidentialityRequired",
    14: "saslBindInProgress", 16: "noSuchAttribute", 17: "undefinedAttributeType", 18: "inappropriateMatching",
    19: "constraintViolation", 20: "attributeOrValueExists", 21: "invalidAttributeSyntax", 32: "noSuchObject",
    33: "aliasProblem", 34: "invalidDNSyntax", 36: "aliasDereferencingProblem", 48: "inappropriateAuthentication",
    49: "invalidCredentials", 50: "insufficientAccessRights", 51: "busy", 52: "unavailable",
    53: "unwillingToPerform", 54: "loopDetect", 64: "namingViolation", 65: "objectClassViolation",
    66: "notAllowedOnNonLeaf", 67: "notAllowedOnRDN", 68: "entryAlreadyExists", 69: "objectClassModsProhibited",
    71: "affectsMultipleDSAs", 80: "other",
}
# fmt: on
_SUCCESS, _OPERATIONS_ERROR, _PROTOCOL_ERROR, _CONFIDENTIALITY_REQUIRED = 0, 1, 2, 13
_TEMPORARY = {51, 52}


class Answer(NamedTuple):
    """An ExtendedResponse."""

    code: int
    message: bytes
    referral: tuple[bytes, ...]
    name: bytes | None
    value: bytes | None

    @classmethod
    def read(cls, content: bytes) -> "Answer":
        """Read the fields of an ExtendedResponse. Unknown fields at the end are ignored (RFC 4511 §4: "MUST")."""
        match ber.elements(content):
            case [(ber.ENUMERATED, code), (ber.STRING, _), (ber.STRING, message), *rest]:
                more = dict(rest)
            case _:
                raise Unexpected(content, "an ExtendedResponse")
        if len(more) < len(rest):
            raise Unexpected(content, "no field of an ExtendedResponse twice")
        referral = tuple(uri for _, uri in ber.elements(more.get(_REFERRAL, b"")))
        return cls(ber.number(code), message, referral, more.get(_RESPONSE_NAME), more.get(_RESPONSE_VALUE))

    def refused(self) -> Refused:
        """Say no in the server's words: name and number of the result, diagnostic message, referral."""
        text = f"{_RESULTS.get(self.code, 'unknown result')} ({self.code})"
        for words in (self.message, *self.referral[:4]):
            text += f", {printable(words)}" if words else ""
        return Refused(text, Refusal.TEMPORARY if self.code in _TEMPORARY else Refusal.PERMANENT)


def client(talk: Talk, setup: ClientSetup) -> Steps[None]:
    """Ask, wait for the answer under our messageID, and accept success alone."""
    asked = int.from_bytes(setup.entropy[:4], "big") & 0x7FFFFFFF or 1
    talk.send(ber.element(ber.SEQUENCE, ber.integer(asked), ber.element(_EXTENDED, ber.element(_NAME, START_TLS))))
    others = 0
    while True:
        number, tag, content = yield from ber.message(talk, RESPONSE)
        if number == asked:
            break
        # RFC 4511 §4.4: in an unsolicited notification "the messageID is zero"; §4.4.1 defines the only one of them
        if number == 0 and tag == _EXTENDED_RESPONSE and (notice := Answer.read(content)).name == DISCONNECTION:
            raise notice.refused()
        others += 1
        if others == _OTHER_MESSAGES:
            raise Unexpected(content[:16], f"an answer within {_OTHER_MESSAGES} messages")
    if tag != _EXTENDED_RESPONSE:
        raise Unexpected(bytes((tag,)), "an ExtendedResponse")
    answer = Answer.read(content)
    if answer.referral:
        talk.note("referral", *answer.referral)
    if answer.code != _SUCCESS:
        raise answer.refused()
    # RFC 4511 §4.14.2: the responseName may be left out; "The responseValue is always absent."
    if answer.name not in {None, START_TLS} or answer.value is not None:
        raise Unexpected(answer.name or answer.value or b"", "the response of StartTLS")
    talk.upgrade()


def _answer(number: int, tag: int, code: int, text: bytes = b"", name: bytes = b"") -> bytes:
    fields = ber.integer(code, ber.ENUMERATED) + ber.element(ber.STRING) + ber.element(ber.STRING, text)
    named = ber.element(_RESPONSE_NAME, name) if name else b""
    return ber.element(ber.SEQUENCE, ber.integer(number), ber.element(tag, fields, named))


_NOTICE = _answer(0, _EXTENDED_RESPONSE, _PROTOCOL_ERROR, b"not LDAP", DISCONNECTION)


def server(talk: Talk, _setup: ServerSetup) -> Steps[None]:
    """Answer StartTLS with success, and every other operation with confidentialityRequired."""
    while True:
        try:
            number, tag, operation = yield from _request(talk)
        except (Unexpected, TooLong):
            # RFC 4511 §4.1.1: "the server SHOULD return the Notice of Disconnection", with protocolError
            talk.send(_NOTICE)
            raise
        if operation == [(_NAME, START_TLS)]:
            # RFC 4511 §4.14.1: "The client MUST NOT send any LDAP PDUs ... following this request"
            behind = _answer(number, _EXTENDED_RESPONSE, _OPERATIONS_ERROR, b"data behind StartTLS", START_TLS)
            talk.upgrade(_answer(number, _EXTENDED_RESPONSE, _SUCCESS, name=START_TLS), refusal=behind)
            return
        if tag == _UNBIND:
            raise NotRequested("StartTLS")
        if operation[:1] == [(_NAME, START_TLS)]:  # RFC 4511 §4.14.1: "the requestValue field is always absent"
            talk.send(_answer(number, _EXTENDED_RESPONSE, _PROTOCOL_ERROR, b"StartTLS has no value", START_TLS))
        elif tag != _ABANDON:  # RFC 4511 §4.11: "There is no response defined"
            talk.send(_answer(number, _ANSWERS[tag], _CONFIDENTIALITY_REQUIRED, b"StartTLS first"))


def _request(talk: Talk) -> Steps[tuple[int, int, list[ber.Element]]]:
    number, tag, content = yield from ber.message(talk, REQUEST)
    if number == 0 or tag not in _REQUESTS:  # RFC 4511 §4.1.1.1: "MUST have a non-zero value"
        raise Unexpected(bytes((tag,)), "a request")
    return number, tag, ber.elements(content) if tag == _EXTENDED else []


def _secrets(data: bytes) -> Iterator[tuple[int, int]]:
    # The proof in a bind, the value of an extended request, and all of a change. What is no whole message goes
    # altogether, but for its header; noise from the start is kept.
    at = 0
    while at < len(data) and data[0] == ber.SEQUENCE:
        start = min(at + 2, len(data))
        try:
            _, start, _ = ber.header(data, at)
            start, end, at = _secret(data, at, start)
        except Unexpected:
            end = at = len(data)
        yield start, end


def _secret(data: bytes, at: int, start: int) -> tuple[int, int, int]:
    """Where in the message at ``at`` the secret starts and ends, and where the message ends."""
    after = ber.bounds(data, at)[2]
    tag, start, end = ber.bounds(data, ber.bounds(data, start)[2])
    if tag in {_SEARCH, _UNBIND, _ABANDON}:
        return end, end, after
    known = {_BIND: 2, _EXTENDED: 1}.get(tag, 0)  # version and name; requestName
    for _ in range(known):
        start = ber.bounds(data, start)[2]
    return (ber.bounds(data, start)[1] if known and start < end else start), end, after


LDAP = Protocol(
    name="ldap",
    title="LDAP",
    implicit="ldaps",
    ports=Ports((389, 3268), (636, 3269)),  # 3268 and 3269: Active Directory's global catalogue
    rfcs=("RFC 4511", "RFC 4513"),
    first=Side.CLIENT,
    verb="StartTLS",
    go_ahead="success(0)",
    after_tls="forget what the root DSE said, and read it again (RFC 4513 §3.1.5)",
    first_inside=Side.CLIENT,
    srv=("_ldap._tcp",),
    redact=Redact(_secrets, counted=True),
    client=client,
    server=server,
)
