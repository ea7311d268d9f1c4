"""LDAP inside TLS (RFC 4511): simple bind, a search of the root DSE, unbind."""

from starttls.asyncio.stream import Stream
from starttls.grammar import ber
from tests.interop.backends.visit import Visit

__all__ = ["ldap"]

_SUCCESS, _PROTOCOL_ERROR, _NO_SUCH_OBJECT, _INVALID_CREDENTIALS = 0, 2, 32, 49
_BIND, _BIND_RESPONSE, _UNBIND, _EXTENDED_RESPONSE = 0x60, 0x61, 0x42, 0x78
_SEARCH, _ENTRY, _SEARCH_DONE = 0x63, 0x64, 0x65
_INTEGER, _SET = 0x02, 0x31
_ROOT = {b"supportedLDAPVersion": b"3", b"vendorName": b"starttls interop"}


async def ldap(stream: Stream, visit: Visit) -> None:
    """A directory that knows one person and describes itself."""
    while True:
        number, tag, content = await _message(stream)
        if tag == _UNBIND:
            visit.hear("unbind")
            return
        for answer in _answers(visit, tag, content):
            await stream.write(ber.element(ber.SEQUENCE, ber.element(_INTEGER, number), answer))


def _answers(visit: Visit, tag: int, content: bytes) -> tuple[bytes, ...]:
    fields = [value for _, value in ber.elements(content)]
    if tag == _BIND:  # version, name, password; both empty: nobody in particular (RFC 4513 §5.1.1)
        visit.hear(b"bind " + fields[1])
        known = fields[1:] == [b"", b""] or visit.login(fields[1].removeprefix(b"cn="), fields[2])
        return (_result(_BIND_RESPONSE, _SUCCESS if known else _INVALID_CREDENTIALS),)
    if tag == _SEARCH:
        visit.hear(b"search " + fields[0])
        if fields[0]:
            return (_result(_SEARCH_DONE, _NO_SUCH_OBJECT),)
        return _root(), _result(_SEARCH_DONE, _SUCCESS)
    visit.hear(f"operation {tag:#x}")
    return (_result(_EXTENDED_RESPONSE, _PROTOCOL_ERROR),)


def _root() -> bytes:
    """The root DSE (RFC 4512 §5.1)."""
    attributes = b"".join(
        ber.element(ber.SEQUENCE, ber.element(ber.STRING, name), ber.element(_SET, ber.element(ber.STRING, value)))
        for name, value in _ROOT.items()
    )
    return ber.element(_ENTRY, ber.element(ber.STRING), ber.element(ber.SEQUENCE, attributes))


def _result(tag: int, code: int) -> bytes:
    empty = ber.element(ber.STRING)  # matchedDN, diagnosticMessage
    return ber.element(tag, ber.element(ber.ENUMERATED, bytes((code,))), empty, empty)


async def _message(stream: Stream) -> tuple[bytes, int, bytes]:
    """The number of one message, and tag and content of its operation."""
    head = await stream.readexactly(2)
    length = head[1]
    if length >= 0x80:
        length = int.from_bytes(await stream.readexactly(length - 0x80), "big")
    (_, number), (tag, content), *_ = ber.elements(await stream.readexactly(length))
    return number, tag, content
