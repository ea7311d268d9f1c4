"""MySQL and MariaDB: the SSLRequest packet of the connection phase (MySQL internals, "Connection Phase").

::

    S: 4a 00 00 00  0a "8.0.36" 00 ..   packet 0: protocol 10, version, scramble, capabilities with CLIENT_SSL
    C: 20 00 00 01  05 aa 08 00 ..      packet 1: the first 32 bytes of a login, with CLIENT_SSL set
    (TLS, without any go-ahead)
    C: .. .. 00 02  05 aa 08 00 ..      packet 2: the same 32 bytes, then user and proof

The one trap: nobody says yes. The offer is one bit that whoever is on the path can clear (BACKRONYM,
CVE-2015-3152), so a client that wants TLS stops where it is missing. And since there is no go-ahead, a client
may send its hello right behind the request: a server hands those bytes to TLS, and to TLS alone.

What a caller must know inside TLS is in ``said``: the next packet has the number 2 and begins with the 32 bytes
``request`` of ours (servers never read the capabilities of the second packet, they assume those of the first);
``scramble`` and ``plugin`` are what the server wants the password proven with. They came in plaintext.
"""

from collections.abc import Iterator

from starttls.core.errors import NotOffered, NotRequested, Refusal, Refused, Unexpected
from starttls.core.facts import ClientSetup, Ports, Protocol, ServerSetup
from starttls.core.redact import Redact
from starttls.core.talk import Steps, Talk
from starttls.core.transcript import Side, printable
from starttls.core.wait import Wait
from starttls.grammar import packets

__all__ = ["MYSQL"]

GREETING = Wait("the initial handshake packet", "MySQL, Protocol::HandshakeV10")
REQUEST = Wait("the SSL request packet", "MySQL, Protocol::SSLRequest", 8192)

_41, _SSL, _SECURE, _PLUGIN = 0x0200, 0x0800, 0x8000, 0x80000
# What we ask for, where the server has it: CLIENT_LONG_PASSWORD, LONG_FLAG and TRANSACTIONS beside the above.
# Each flag more would change the shape of the login that the caller has to write.
_WANTED = 0x1 | 0x4 | _41 | _SSL | 0x2000 | _SECURE | _PLUGIN
# And what our server says it has: CONNECT_WITH_DB, PLUGIN_AUTH_LENENC_CLIENT_DATA and CONNECT_ATTRS as well.
_SERVED = _WANTED | 0x8 | 0x100000 | 0x200000
_UTF8MB4 = 45
_PACKET_LIMIT = 1 << 24
_REQUEST_LENGTH = 32

# ER_CON_COUNT_ERROR, ER_HOST_IS_BLOCKED, ER_TOO_MANY_USER_CONNECTIONS, ER_USER_LIMIT_REACHED; ER_SERVER_SHUTDOWN.
_KINDS = dict.fromkeys((1040, 1129, 1203, 1226), Refusal.THROTTLED) | {1053: Refusal.TEMPORARY}


def _packet(number: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "little") + bytes((number,)) + payload


# ER_SECURE_TRANSPORT_REQUIRED, as MySQL says it with require_secure_transport=ON.
_INSECURE = _packet(2, b"\xff\x57\x0c#HY000Connections using insecure transport are prohibited: ask for TLS")


def _first(header: bytes) -> int:
    return _length(header, 0)


def _second(header: bytes) -> int:
    return _length(header, 1)


def _length(header: bytes, number: int) -> int:
    """The payload's length, of a packet that must have this ``number``."""
    if header[3] != number or header[:3] == b"\0\0\0":
        raise Unexpected(header, f"packet {number}")
    return int.from_bytes(header[:3], "little")


def _refused(fields: packets.Fields) -> Refused:
    """An ERR packet, behind its 0xff. Before the handshake it has no SQL state, and some servers give one."""
    code, text = fields.number(2), fields.rest()
    if text[:1] == b"#":
        text = text[6:]
    return Refused(f"{code} {printable(text)}".rstrip(), _KINDS.get(code, Refusal.PERMANENT))


def _handshake(talk: Talk, payload: bytes) -> int:
    """Read the initial handshake and return the server's capabilities."""
    fields = packets.Fields(payload, "an initial handshake of protocol 10")
    match fields.number(1):
        case 10:
            pass
        case 0xFF:
            raise _refused(fields)
        case _:  # protocol 9 is that of 3.22
            raise Unexpected(payload, "an initial handshake of protocol 10")
    talk.note("greeting", fields.text())
    fields.take(4)  # the connection's number
    scramble = fields.take(8)
    fields.take(1)
    capabilities = fields.number(2)
    if not capabilities & _41:
        raise Unexpected(payload, "a server of version 4.1 or later")
    fields.take(3)  # character set, status
    capabilities |= fields.number(2) << 16
    length = fields.number(1)
    fields.take(10)
    if capabilities & _SECURE:
        scramble += fields.take(max(13, length - 8))[:12]
    talk.note("capabilities", f"0x{capabilities:08x}")
    talk.note("scramble", scramble.hex())
    if capabilities & _PLUGIN:
        talk.note("plugin", fields.rest().partition(b"\0")[0])  # some servers forget the NUL
    return capabilities


def client(talk: Talk, setup: ClientSetup) -> Steps[None]:
    """Read the handshake, look for CLIENT_SSL, and send the request: TLS begins behind it."""
    _, payload = yield from packets.packet(talk, GREETING, 4, _first)
    capabilities = _handshake(talk, payload)
    if not (setup.unoffered or capabilities & _SSL):
        raise NotOffered("SSLRequest", (f"capabilities 0x{capabilities:08x}",))
    asked = (capabilities | _SSL) & _WANTED
    request = asked.to_bytes(4, "little") + _PACKET_LIMIT.to_bytes(4, "little") + bytes((_UTF8MB4,)) + bytes(23)
    talk.note("request", request.hex())
    talk.upgrade(_packet(1, request))  # a server is silent here: a byte behind its handshake is an injection


def server(talk: Talk, setup: ServerSetup) -> Steps[None]:
    """Send the handshake and take one packet: the request, or a login in plaintext, which is refused."""
    # 20 characters of seven bits; MySQL itself avoids NUL, the end of a string, and "$".
    scramble = bytes(byte if (byte := drawn & 0x7F) not in b"\0$" else byte + 1 for drawn in setup.entropy[:20])
    talk.note("scramble", scramble.hex())
    talk.send(_packet(0, _greeting(scramble)))
    _, payload = yield from packets.packet(talk, REQUEST, 4, _second)
    asked = int.from_bytes(payload[:4], "little")
    if asked & _41 and asked & _SSL and len(payload) == _REQUEST_LENGTH:
        talk.note("request", payload.hex())
        talk.upgrade(early=True)
    elif asked & _41 and not asked & _SSL and len(payload) > _REQUEST_LENGTH:
        talk.send(_INSECURE)
        raise NotRequested("SSLRequest")
    else:
        raise Unexpected(payload[:_REQUEST_LENGTH], "an SSL request packet")


def _greeting(scramble: bytes) -> bytes:
    low, high = (_SERVED & 0xFFFF).to_bytes(2, "little"), (_SERVED >> 16).to_bytes(2, "little")
    first = b"\x0a8.0.0-starttls\0\1\0\0\0%b\0%b%c\2\0" % (scramble[:8], low, _UTF8MB4)
    return first + high + b"\x15" + bytes(10) + scramble[8:] + b"\0mysql_native_password\0"


def _secrets(data: bytes) -> Iterator[tuple[int, int]]:
    """What follows the user's name in a login: proof, data base, attributes."""
    at = 0
    while at + 4 <= len(data) and data[at : at + 2] != b"\x16\x03":  # not a TLS hello
        end = at + 4 + int.from_bytes(data[at : at + 3], "little")
        if end - at - 4 > _REQUEST_LENGTH:
            name = data.find(b"\0", at + 4 + _REQUEST_LENGTH)
            if 0 <= name < len(data) - 1:
                yield name + 1, len(data)
            return
        at = end


MYSQL = Protocol(
    name="mysql",
    title="MySQL",
    ports=Ports((3306,)),
    rfcs=("MySQL Client/Server Protocol, Connection Phase",),
    first=Side.SERVER,
    verb="SSLRequest",
    go_ahead="",
    after_tls="send the login as packet 2, beginning with the bytes of the request",
    first_inside=Side.CLIENT,
    redact=Redact(_secrets, counted=True),
    client=client,
    server=server,
)
