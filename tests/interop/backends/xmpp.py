"""XMPP inside TLS (RFC 6120, 6121): a stream, SASL PLAIN, a stream again, a resource, and stanzas answered."""

from collections.abc import AsyncIterator
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser
from xml.sax.saxutils import quoteattr

from starttls.asyncio.stream import Stream
from tests.interop.backends.visit import Visit, is_plain_login

__all__ = ["client_to_server", "server_to_server"]

_STREAMS = "http://etherx.jabber.org/streams"
_SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
_BIND = "urn:ietf:params:xml:ns:xmpp-bind"
_MECHANISMS = f"<mechanisms xmlns='{_SASL}'><mechanism>PLAIN</mechanism></mechanisms>"
_EXTERNAL = _MECHANISMS.replace("PLAIN", "EXTERNAL")
_RESOURCE = f"<bind xmlns='{_BIND}'/>"
_ROSTER = "jabber:iq:roster"


async def client_to_server(stream: Stream, visit: Visit) -> None:
    """A server that one user can log in to."""
    await _converse(stream, visit, "jabber:client")


async def server_to_server(stream: Stream, visit: Visit) -> None:
    """A server for other servers; it offers EXTERNAL and goes no further."""
    await _converse(stream, visit, "jabber:server")


async def _converse(stream: Stream, visit: Visit, namespace: str) -> None:
    """Streams on one connection, until one of them is not followed by another."""
    again = True
    while again:
        again = False
        async for element in _elements(stream):
            name = element.tag.rpartition("}")[2]
            visit.hear(name)
            if element.tag == f"{{{_STREAMS}}}stream":
                await stream.write(_opening(namespace, logged_in=bool(visit.user)))
            elif element.tag == f"{{{_SASL}}}auth":
                again = is_plain_login(visit, (element.text or "").encode())
                await stream.write(f"<success xmlns='{_SASL}'/>".encode() if again else _not_authorized())
                if again:
                    break
            elif name == "iq":
                await stream.write(_reply(element, visit.user))
            elif name == "message":
                visit.mail.append("".join(element.itertext()).encode())
        else:
            await stream.write(b"</stream:stream>")


async def _elements(stream: Stream) -> AsyncIterator[Element]:
    """The stream's header as an element without children, then each whole element below it."""
    target = _Watcher()
    parser = XMLParser(target=target)
    while data := await stream.read():
        try:
            parser.feed(data)
        except ParseError:
            return
        while target.found:
            yield target.found.pop(0)
        if target.closed:
            return


class _Watcher(TreeBuilder):
    """Builds what stands below the root, one element at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Element] = []
        self.closed = False
        self._depth = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._depth += 1
        if self._depth == 1:
            self.found.append(Element(tag, attrs))
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        element = super().end(tag)
        if self._depth == 1:
            self.found.append(element)
        self.closed = self._depth == 0
        return element


def _opening(namespace: str, *, logged_in: bool) -> bytes:
    """The header and the features of a stream: what they offer depends on what was done before."""
    features = _RESOURCE if logged_in else _MECHANISMS if namespace == "jabber:client" else _EXTERNAL
    return (
        f"<?xml version='1.0'?><stream:stream from='localhost' id='inside' version='1.0' xml:lang='en'"
        f" xmlns='{namespace}' xmlns:stream='{_STREAMS}'><stream:features>{features}</stream:features>"
    ).encode()


def _not_authorized() -> bytes:
    return f"<failure xmlns='{_SASL}'><not-authorized/></failure>".encode()


def _reply(query: Element, user: str) -> bytes:
    """The resource and an empty roster; of all else RFC 6120 §8.3.3.19 says service-unavailable."""
    head = f"id={quoteattr(query.get('id', ''))} from='localhost'"
    namespaces = {child.tag.partition("}")[0].removeprefix("{") for child in query}
    if _BIND in namespaces:
        bound = f"<bind xmlns='{_BIND}'><jid>{user}@localhost/there</jid></bind>"
        return f"<iq type='result' {head}>{bound}</iq>".encode()
    if _ROSTER in namespaces:
        return f"<iq type='result' {head}><query xmlns='{_ROSTER}'/></iq>".encode()
    if query.get("type") not in {"get", "set"}:
        return b""
    missing = "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
    return f"<iq type='error' {head}><error type='cancel'>{missing}</error></iq>".encode()
