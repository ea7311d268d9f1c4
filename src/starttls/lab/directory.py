"""A small, honest LDAP service inside TLS: an anonymous bind, and the root DSE (RFC 4511, RFC 4512 §5.1)."""

import asyncio

from starttls.asyncio.stream import Stream
from starttls.core.errors import ClosedEarly
from starttls.grammar import ber

__all__ = ["ldap"]

PATIENCE = 60.0
LIMIT = 65536

_SUCCESS, _NO_SUCH_OBJECT, _INVALID_CREDENTIALS, _UNWILLING = 0, 32, 49, 53
_SET, _BIND, _UNBIND, _SEARCH, _ENTRY, _DONE = 0x31, 0x60, 0x42, 0x63, 0x64, 0x65
_ANSWERS = {0x60: 0x61, 0x66: 0x67, 0x68: 0x69, 0x4A: 0x6B, 0x6C: 0x6D, 0x6E: 0x6F, 0x77: 0x78}
"""Which operation answers which; what is not here has no answer (RFC 4511 §4.3, §4.11)."""

_ROOT_DSE = {
    b"objectClass": (b"top",),
    b"namingContexts": (b"dc=example,dc=org",),
    b"supportedLDAPVersion": (b"3",),
    b"vendorName": (b"starttls lab",),
}


async def ldap(stream: Stream) -> None:
    """Answer until the client unbinds; whatever is no LDAP message ends the connection."""
    while (message := await _message(stream)) is not None:
        number, operation = _split(message)
        if number is None or not operation or operation[0] == _UNBIND:
            return
        for answer in _answers(operation):
            await stream.write(ber.element(ber.SEQUENCE, number, answer))


def _answers(operation: bytes) -> tuple[bytes, ...]:
    tag, body = operation[0], _body(operation)
    if tag == _SEARCH:
        return (_root_dse(), _result(_DONE, _SUCCESS)) if _asks_root(body) else (_result(_DONE, _NO_SUCH_OBJECT),)
    if tag == _BIND:
        # version 3, an empty name, an empty password: anonymous (RFC 4513 §5.1.1)
        anonymous = body == b"\x02\x01\x03\x04\x00\x80\x00"
        return (_result(_ANSWERS[tag], _SUCCESS if anonymous else _INVALID_CREDENTIALS),)
    return (_result(_ANSWERS[tag], _UNWILLING),) if tag in _ANSWERS else ()


def _asks_root(search: bytes) -> bool:
    return search.startswith(b"\x04\x00\x0a\x01\x00")  # base "", scope baseObject


def _root_dse() -> bytes:
    attributes = (
        ber.element(ber.SEQUENCE, _string(name), ber.element(_SET, *map(_string, values)))
        for name, values in _ROOT_DSE.items()
    )
    return ber.element(_ENTRY, _string(), ber.element(ber.SEQUENCE, *attributes))


def _result(tag: int, code: int) -> bytes:
    return ber.element(tag, ber.integer(code, ber.ENUMERATED), _string(), _string())


def _string(value: bytes = b"") -> bytes:
    return ber.element(ber.STRING, value)


async def _message(stream: Stream) -> bytes | None:
    """The contents of the next message; None at the end, after a silence, or where it is none."""
    try:
        async with asyncio.timeout(PATIENCE):
            head = await stream.readexactly(2)
            size, more = (head[1], 0) if head[1] < 128 else (0, head[1] & 0x7F)
            if 0 < more <= 4:
                size = int.from_bytes(await stream.readexactly(more), "big")
            return await stream.readexactly(size) if head[0] == ber.SEQUENCE and 0 < size <= LIMIT else None
    except (TimeoutError, ClosedEarly):
        return None


def _split(message: bytes) -> tuple[bytes | None, bytes]:
    """The message's number, as it was encoded, and its operation."""
    if len(message) < 3 or message[0] != 0x02 or not 1 <= message[1] <= 4:
        return None, b""
    end = 2 + message[1]
    return message[:end], message[end:]


def _body(operation: bytes) -> bytes:
    """What is inside an operation."""
    if len(operation) < 2:
        return b""
    long = operation[1] & 0x7F if operation[1] & 0x80 else 0
    return operation[2 + long :]
