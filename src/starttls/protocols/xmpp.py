"""XMPP, of clients and between servers: STARTTLS (RFC 6120 §5, RFC 7590).

::

    C: <?xml version='1.0'?><stream:stream to='example.org' version='1.0' xml:lang='en'
       xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>
    S: <?xml version='1.0'?><stream:stream from='example.org' id='t7AMCin9' version='1.0' xml:lang='en'
       xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>
    S: <stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>
    C: <starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>
    S: <proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>
    (TLS)
    C: <?xml version='1.0'?><stream:stream to='example.org' version='1.0' ...>

The one trap: no line ends here. TLS begins at the ``>`` of ``<proceed/>``, so nothing may follow ``<starttls/>``,
not even a newline, and no byte behind ``<proceed/>`` is XML; where an element ends, only an XML reader can tell.
"""

from dataclasses import replace
from functools import partial

from starttls.core.errors import ClosedEarly, NotOffered, NotRequested, PrematureReply, Refusal, Refused, Unexpected
from starttls.core.facts import ClientSetup, Ports, Protocol, ServerSetup
from starttls.core.talk import Steps, Talk
from starttls.core.transcript import Side, printable
from starttls.core.wait import Wait
from starttls.grammar.xmlstream import Element, Reader
from starttls.grammar.xmlsyntax import escape, hide_inside

__all__ = ["XMPP", "XMPP_SERVER"]

HEADER = Wait("the stream header", "RFC 6120 §4.7", 4096)
FEATURES = Wait("the stream features", "RFC 6120 §4.3.2", 16384)
GO_AHEAD = Wait("the go-ahead", "RFC 6120 §5.4.2.3, <proceed/>", 4096)
REQUEST = Wait("the request", "RFC 6120 §5.4.2.1, <starttls/>", 8192)

_STREAMS, _TLS = "http://etherx.jabber.org/streams", "urn:ietf:params:xml:ns:xmpp-tls"
_STREAM, _FEATURES, _ERROR = (f"{{{_STREAMS}}}{name}" for name in ("stream", "features", "error"))
_STARTTLS, _PROCEED, _FAILURE = (f"{{{_TLS}}}{name}" for name in ("starttls", "proceed", "failure"))
_CONDITIONS = "urn:ietf:params:xml:ns:xmpp-streams"

# RFC 6120 §4.9.3: the conditions that say "not now". All others say "not you", "not here" or "not this way";
# see-other-host is among them: whoever wrote it in plaintext does not choose where we connect next.
_KINDS = {"resource-constraint": Refusal.THROTTLED} | dict.fromkeys(
    ("connection-timeout", "internal-server-error", "remote-connection-failed", "reset", "system-shutdown"),
    Refusal.TEMPORARY,
)


def client(talk: Talk, setup: ClientSetup, namespace: str) -> Steps[None]:
    """Open a stream, read the features, ask for TLS whatever they say, and accept ``<proceed/>`` alone."""
    # RFC 6120 §4.7.1: a server says who it is, a client does not before TLS, as its user's name is private.
    # XEP-0220's namespace is not declared: that would offer dialback, and this stream ends before it.
    me = setup.me.replace("[IPv6:", "[") if ":" in setup.me else setup.me.strip("[]")  # an address as RFC 7622 has it
    talk.send(_header(namespace, ("from", me if namespace == "jabber:server" else ""), ("to", setup.host)))
    reader = Reader(talk)
    root = yield from reader.open(HEADER)
    talk.note("greeting", *_said(root))
    if root.name != _STREAM:
        raise Unexpected(root.tag, f"<stream> of {_STREAMS}")
    features, offered = tuple[str, ...](), False
    if _is_of_today(root):
        first = yield from reader.element(FEATURES)
        features = _read_features(first, root, reader, namespace)
        talk.note("capabilities", *features)
        offered = first is not None and first.child(_STARTTLS) is not None
    elif not setup.unoffered:
        # RFC 6120 §4.7.5: a stream without a version is of before 1.0, which knows neither features nor TLS
        raise NotOffered("starttls", ("no features: the stream has no version",))

    # RFC 7590 §3.1: where the feature is missing an attacker may have taken it away, so one asks all the same.
    # RFC 6120 §5.3.3: "the entities MUST NOT send any whitespace as separators between XML elements"
    talk.send(f"<starttls xmlns='{_TLS}'/>".encode())
    answer = yield from reader.element(GO_AHEAD)
    if answer is not None and answer.name == _PROCEED and answer.is_empty:
        talk.upgrade()
        return
    refused = _refused(answer, "<proceed/>")
    if not offered and isinstance(refused, Refused) and refused.kind is Refusal.PERMANENT:
        raise NotOffered("starttls", features)
    raise refused


def _read_features(first: Element | None, root: Element, reader: Reader, namespace: str) -> tuple[str, ...]:
    """What the features offer, one line each: ``starttls required``, ``mechanisms PLAIN SCRAM-SHA-1``."""
    if first is not None and first.name in (_PROCEED, _FAILURE):
        raise PrematureReply(first.tag)
    if first is None or first.name != _FEATURES:
        raise _refused(first, "<stream:features>")
    if reader.default_namespace not in (namespace, _STREAMS, ""):
        raise Unexpected(root.tag, f"a stream of {namespace}")
    return tuple(_described(feature) for feature in first.children)


def _described(feature: Element) -> str:
    name = feature.name.removeprefix(f"{{{_TLS}}}").removeprefix("{urn:ietf:params:xml:ns:xmpp-sasl}")
    return " ".join([name, *((inner.text or inner.name.rpartition("}")[2]) for inner in feature.children)])


def _refused(answer: Element | None, expected: str) -> Refused | Unexpected | ClosedEarly:
    """The error for an answer that is not the wanted one."""
    if answer is None:
        return ClosedEarly()  # </stream:stream>
    if answer.name == _FAILURE:
        return Refused("<failure/>")  # RFC 6120 §5.4.2.2
    if answer.name != _ERROR:
        return Unexpected(answer.tag, expected)
    condition, said = "undefined-condition", ""
    for child in answer.children:
        namespace, _, name = child.name.rpartition("}")
        if namespace == f"{{{_CONDITIONS}":
            said += f" {child.text}" if child.text else ""
            condition = condition if name == "text" else name
    return Refused(printable(f"{condition}{said}".encode(), 200), _KINDS.get(condition, Refusal.PERMANENT))


def server(talk: Talk, setup: ServerSetup, namespace: str) -> Steps[None]:
    """Answer the stream header with the one feature, and ``<starttls/>`` with ``<proceed/>``; all else ends it."""
    header = _header(namespace, ("from", setup.name), ("id", setup.entropy.hex()))
    # RFC 6120 §4.9.1.2: an error in the header is told behind a header of one's own
    fail = partial(_fail, talk, header)
    reader = Reader(talk, fail)
    root = yield from reader.open(HEADER)
    talk.note("hello", *_said(root))
    if root.name != _STREAM or reader.default_namespace not in (namespace, _STREAMS, ""):
        fail("invalid-namespace")
        raise Unexpected(root.tag, f"a stream of {namespace}")
    if not _is_of_today(root):
        fail("unsupported-version")
        raise Unexpected(root.tag, "version='1.0'")

    # RFC 6120 §5.3.1: where TLS is required, nothing else is offered before it
    required = f"<stream:features><starttls xmlns='{_TLS}'><required/></starttls></stream:features>"
    talk.send(header + required.encode())
    reader.complain = fail = partial(_fail, talk, b"")
    asked = yield from reader.element(REQUEST)
    if asked is None or asked.name == _ERROR:
        talk.send(b"</stream:stream>")
        raise NotRequested("starttls")
    if asked.name != _STARTTLS or not asked.is_empty:
        fail("policy-violation")
        raise Unexpected(asked.tag, "<starttls/>")
    # RFC 6120 §5.4.2.3: TLS begins behind the ">" of <proceed/>; a byte behind <starttls/> was not said inside TLS
    refusal = f"<failure xmlns='{_TLS}'/></stream:stream>"
    talk.upgrade(f"<proceed xmlns='{_TLS}'/>".encode(), refusal=refusal.encode())


def _header(namespace: str, *attributes: tuple[str, str]) -> bytes:
    given = "".join(f" {name}='{escape(value)}'" for name, value in attributes if value)
    given += f" version='1.0' xml:lang='en' xmlns='{namespace}' xmlns:stream='{_STREAMS}'"
    return f"<?xml version='1.0'?><stream:stream{given}>".encode()


def _fail(talk: Talk, header: bytes, condition: str) -> None:
    error = f"<stream:error><{condition} xmlns='{_CONDITIONS}'/></stream:error></stream:stream>"
    talk.send(header + error.encode())


def _said(root: Element) -> list[str]:
    return [f"{name}={root.attributes[name]}" for name in ("from", "to", "id", "version") if name in root.attributes]


def _is_of_today(root: Element) -> bool:
    """RFC 6120 §4.7.5: the two numbers of a version are compared one by one, and leading zeros ignored."""
    major, _, minor = root.attributes.get("version", "").partition(".")
    return major.isascii() and major.isdigit() and minor.isascii() and minor.isdigit() and major.strip("0") != ""


XMPP = Protocol(
    name="xmpp",
    title="XMPP",
    implicit="xmpps",
    ports=Ports((5222,), (5223,)),  # 5223 and 5270 are custom: IANA has none for implicit TLS, XEP-0368 has SRV records
    rfcs=("RFC 6120", "RFC 7590", "XEP-0368"),
    first=Side.CLIENT,
    verb="<starttls/>",
    go_ahead="<proceed/>",
    after_tls="forget the features and the stream id; open a new stream (RFC 6120 §5.4.3.3)",
    first_inside=Side.CLIENT,
    alpn=("xmpp-client",),
    srv=("_xmpp-client._tcp", "_xmpps-client._tcp"),
    srv_id="_xmpp-client",  # RFC 6120 §13.7.1.2
    survives_refusal=False,
    redact=hide_inside("auth", "response", "initial-response", "password", "digest"),  # SASL, XEP-0388, XEP-0078
    client=partial(client, namespace="jabber:client"),
    server=partial(server, namespace="jabber:client"),
)

XMPP_SERVER = replace(
    XMPP,
    name="xmpp-server",
    title="XMPP between servers",
    implicit="xmpps-server",
    ports=Ports((5269,), (5270,)),
    alpn=("xmpp-server",),
    srv=("_xmpp-server._tcp", "_xmpps-server._tcp"),
    srv_id="_xmpp-server",
    client=partial(client, namespace="jabber:server"),
    server=partial(server, namespace="jabber:server"),
)
