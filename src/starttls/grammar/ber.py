"""The part of BER that LDAP allows (RFC 4511 §5.1): definite lengths, and strings in one piece.

Lengths need not be minimal: Active Directory writes ``84 00 00 00 28`` where ``28`` would do. Nothing else is
lenient: an element that runs over the end of its container is an error, never cut; so is a tag of more than one
octet, and a number that is negative, or longer than it must be.
"""

from typing import TypeAlias

from starttls.core.errors import Unexpected
from starttls.core.talk import Steps, Talk
from starttls.core.wait import Wait

__all__ = [
    "ENUMERATED",
    "SEQUENCE",
    "STRING",
    "Element",
    "bounds",
    "element",
    "elements",
    "header",
    "integer",
    "message",
    "number",
]

Element: TypeAlias = tuple[int, bytes]
"""A tag, and the content under it."""

STRING = 0x04
ENUMERATED = 0x0A
SEQUENCE = 0x30

_INTEGER = 0x02

_LONG = 0x80
_LENGTH_OCTETS = 4
_NUMBER_OCTETS = 4
_MANY_OCTETS = 0x1F


def message(talk: Talk, wait: Wait) -> Steps[tuple[int, int, bytes]]:
    """Read one LDAPMessage and return its messageID, and tag and content of its operation (RFC 4511 §4.1.1).

    One over the limit of ``wait`` is `TooLong`. What follows the operation, controls for example, is ignored.
    """
    first = yield from talk.exact(2, wait)
    if first[0] != SEQUENCE:
        raise Unexpected(first, "an LDAPMessage")
    length = first[1]
    if length >= _LONG:
        length = int.from_bytes((yield from talk.exact(_length_octets(first), wait)), "big")
    match elements((yield from talk.exact(length, wait))):
        case [(2, identity), (tag, content), *_]:  # an INTEGER
            return number(identity), tag, content
        case other:
            raise Unexpected(bytes(tag for tag, _ in other[:2]), "an LDAPMessage")


def elements(content: bytes) -> list[Element]:
    """Split the content of a constructed element."""
    found: list[Element] = []
    at = 0
    while at < len(content):
        tag, start, at = bounds(content, at)
        found.append((tag, content[start:at]))
    return found


def bounds(data: bytes, at: int) -> tuple[int, int, int]:
    """The tag of the element at ``at``, and where in ``data`` its content starts and ends."""
    tag, start, length = header(data, at)
    if start + length > len(data):
        raise Unexpected(data[at : at + 2], "an element that ends within its container")
    return tag, start, start + length


def header(data: bytes, at: int) -> tuple[int, int, int]:
    """The tag of the element at ``at``, where its content starts, and its length, which may be more than there is.

    What an error shows of an element is two octets: more might be a secret.
    """
    octets = data[at : at + 2]
    at += 2
    if len(octets) < 2 or octets[0] & _MANY_OCTETS == _MANY_OCTETS:
        raise Unexpected(octets, "a tag of one octet, and a length")
    length = octets[1]
    if length >= _LONG:
        more = _length_octets(octets)
        length = int.from_bytes(data[at : at + more], "big")
        at += more
    return octets[0], at, length


def _length_octets(first: bytes) -> int:
    octets = first[1] - _LONG
    if not 0 < octets <= _LENGTH_OCTETS:  # 0 is the indefinite form
        raise Unexpected(first, f"a definite length, of at most {_LENGTH_OCTETS} octets")
    return octets


def number(content: bytes) -> int:
    """Read an INTEGER or ENUMERATED of 0 to 2³¹ - 1 (RFC 4511 §4.1.1: maxInt), in its shortest form (X.690 §8.3.2)."""
    if not 0 < len(content) <= _NUMBER_OCTETS or content[0] >= _LONG:
        raise Unexpected(content[:_NUMBER_OCTETS], "a number of 0 to 2147483647")
    if len(content) > 1 and content[0] == 0 and content[1] < _LONG:
        raise Unexpected(content, "a number in its shortest form")
    return int.from_bytes(content, "big")


def element(tag: int, *parts: bytes) -> bytes:
    """Write an element, its length in the shortest form."""
    content = b"".join(parts)
    length = len(content)
    if length < _LONG:
        return bytes((tag, length)) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, _LONG + len(octets))) + octets + content


def integer(value: int, tag: int = _INTEGER) -> bytes:
    """Write a number of 0 or more."""
    return element(tag, value.to_bytes(value.bit_length() // 8 + 1, "big"))
