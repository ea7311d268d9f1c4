"""PostgreSQL: SSLRequest (PostgreSQL documentation, "Message Flow", section "SSL Session Encryption").

::

    C: 00 00 00 08 04 d2 16 2f      length 8, code 80877103: SSLRequest
    S: S
    (TLS)
    C: 00 00 00 .. 00 03 00 00      the StartupMessage, protocol 3.0

The one trap: the go-ahead is a single byte without an end. A client that reads more than that byte takes an
attacker's plaintext for the server's first words inside TLS (CVE-2021-23222); a server that has read more than
the request takes it for the client's (CVE-2021-23214). The first lets an attacker answer the login, the second
lets him send commands as the user who logs in.

``N`` leaves the connection as it was: plaintext may follow on it, and whoever is on the path can write that
``N``. Here it is a refusal. Since version 17 a server may also be spoken to in TLS from the first byte, on the
same port, when the client sends the ALPN name ``postgresql``; that is no upgrade, and has no scheme of its own.
"""

from collections.abc import Iterator

from starttls.core.errors import NotRequested, Refusal, Refused, Unexpected
from starttls.core.facts import ClientSetup, Ports, Protocol, ServerSetup
from starttls.core.redact import Redact
from starttls.core.talk import Steps, Talk
from starttls.core.transcript import Side, printable
from starttls.core.wait import Wait
from starttls.grammar import packets

__all__ = ["POSTGRESQL"]

GO_AHEAD = Wait("the answer to SSLRequest", "PostgreSQL, SSL Session Encryption: S or N", 1)
ERROR = Wait("the rest of an error", "PostgreSQL, ErrorResponse", 8192)
# PostgreSQL, pqcomm.h: MAX_STARTUP_PACKET_LENGTH is 10000.
REQUEST = Wait("SSLRequest", "PostgreSQL, SSL Session Encryption", 10000)

SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"
_SSL, _GSS, _CANCEL = 80877103, 80877104, 80877102
_VERSIONS = range(2 << 16, 4 << 16)
_LENGTHS = range(8, REQUEST.limit + 1)

# SQLSTATE: too_many_connections; insufficient_resources; admin_shutdown, crash_shutdown, cannot_connect_now.
_KINDS = {
    b"53300": Refusal.THROTTLED,
    b"53000": Refusal.TEMPORARY,
    b"53200": Refusal.TEMPORARY,
    b"57P01": Refusal.TEMPORARY,
    b"57P02": Refusal.TEMPORARY,
    b"57P03": Refusal.TEMPORARY,
}


def _error(state: bytes, message: bytes) -> bytes:
    body = b"SFATAL\0VFATAL\0C%b\0M%b\0\0" % (state, message)
    return b"E" + (len(body) + 4).to_bytes(4, "big") + body


_INSECURE = _error(b"28000", b"no encryption: send SSLRequest first")
_BEHIND = _error(b"08P01", b"received unencrypted data after SSL request")


def _length(header: bytes) -> int:
    """The bytes behind the length of a request. It counts itself, so 8 is the least: a length and a code."""
    length = int.from_bytes(header, "big")
    if length not in _LENGTHS:  # a TLS hello, HTTP, or noise
        raise Unexpected(header, f"a length of {_LENGTHS[0]} to {_LENGTHS[-1]}")
    return length - 4


def _refused(talk: Talk) -> Steps[Refused]:
    """Read an error behind its ``E``: fields in protocol 3, and one string in what came before it.

    A server of today still sends that string where it cannot even start a process for the connection.
    """
    head = yield from talk.exact(4, ERROR)
    if head[0]:  # no length, which would be over 16 MiB
        text, end, _ = head.partition(b"\0")
        if not end:
            text += (yield from talk.until(b"\0", ERROR))[:-1]
        return Refused(printable(text.strip()))
    length = int.from_bytes(head, "big")
    if length <= len(head):
        raise Unexpected(head, "the length of an error")
    fields = packets.Fields((yield from talk.exact(length - len(head), ERROR)), "an error of fields that NUL ends")
    said: dict[bytes, bytes] = {}
    while (kind := fields.take(1)) != b"\0":
        said[kind] = fields.text()
    state = said.get(b"C", b"")
    what = b"%b %b" % (said.get(b"S", b"ERROR"), state)
    text = b": ".join(part for part in (what.strip(), said.get(b"M")) if part)
    return Refused(printable(text), _KINDS.get(state, Refusal.PERMANENT))


def client(talk: Talk, _setup: ClientSetup) -> Steps[None]:
    """Send SSLRequest and read exactly one byte."""
    talk.send(SSL_REQUEST)
    match (yield from talk.exact(1, GO_AHEAD)):
        case b"S":
            talk.upgrade()
        case b"N":  # "the server is unwilling to perform SSL"
            raise Refused("N")
        case b"E":  # a server that does not know the request, or cannot serve at all
            raise (yield from _refused(talk))
        case other:
            raise Unexpected(other, "S, N or an error")


def server(talk: Talk, _setup: ServerSetup) -> Steps[None]:
    """Answer SSLRequest with ``S``; GSSENCRequest with ``N``; anything that would begin a session with an error."""
    gss = False
    while True:
        _, request = yield from packets.packet(talk, REQUEST, 4, _length)
        code = int.from_bytes(request[:4], "big")
        if code == _SSL and len(request) == 4:
            talk.upgrade(b"S", refusal=_BEHIND)
            return
        if code == _GSS and len(request) == 4 and not gss:
            gss = True  # a client may ask for either, in any order, but for each once
            talk.send(b"N")
        elif code == _CANCEL:  # a cancel has no answer, and its key belongs into TLS too
            raise NotRequested("SSLRequest")
        elif code in _VERSIONS:
            talk.send(_INSECURE)
            raise NotRequested("SSLRequest")
        else:
            raise Unexpected(request[:4], "SSLRequest")


def _secrets(data: bytes) -> Iterator[tuple[int, int]]:
    """The key of a cancel, and what follows a StartupMessage: there a password would come."""
    at, secret = 0, len(data)
    while at + 8 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        code = int.from_bytes(data[at + 4 : at + 8], "big")
        if length == 8 and code in {_SSL, _GSS}:
            at += 8
            continue
        if code == _CANCEL:
            secret = at + 12  # behind the process number
        elif code in _VERSIONS:
            secret = at + length
        break
    if secret < len(data):
        yield secret, len(data)


POSTGRESQL = Protocol(
    name="postgresql",
    title="PostgreSQL",
    aliases=("postgres",),
    ports=Ports((5432,)),
    rfcs=("PostgreSQL Frontend/Backend Protocol, SSL Session Encryption",),
    first=Side.CLIENT,
    verb="SSLRequest",
    go_ahead="S",
    after_tls="send the StartupMessage",
    first_inside=Side.CLIENT,
    alpn=("postgresql",),
    redact=Redact(_secrets, counted=True),
    client=client,
    server=server,
)
