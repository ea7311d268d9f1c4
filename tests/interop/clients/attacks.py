"""A client that speaks to our server by hand: the upgrade of each protocol as bytes, and the attack on it."""

import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Self

from tests.interop.clients.house import PATIENCE
from tests.interop.clients.words import WORDS

__all__ = ["ATTACKS", "Attack", "Wire"]


@dataclass(frozen=True, slots=True)
class Attack:
    """``request`` is the upgrade as an honest client asks for it; ``go_ahead`` how the answer to that ends.

    ``injected`` stands behind the request as if it belonged inside TLS, and ``refusal`` is in our answer then.
    ``go_ahead`` and ``refusal`` are empty where the protocol has none.
    """

    request: bytes
    go_ahead: bytes
    injected: bytes
    refusal: bytes


def _mail(protocol: str, hello: bytes) -> Attack:
    # The classic of CVE-2011-0411: the victim's mail then goes where the attacker says.
    injected = hello + b" attacker.test\r\nMAIL FROM:<attacker@test>\r\nRCPT TO:<thief@test>\r\nDATA\r\n"
    assert WORDS[protocol].said.startswith(hello)
    return Attack(b"STARTTLS\r\n", b"Ready to start TLS\r\n", injected, b"554 ")


def _xmpp(namespace: str) -> Attack:
    header = f"<stream:stream to='localhost' version='1.0' xmlns='{namespace}' xmlns:stream='http://etherx.jabber.org/streams'>"
    return Attack(
        f"{header}<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>".encode(),
        b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
        header.encode(),
        b"<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>",
    )


# RFC 4511 §4.14.1 under messageID 1, and how its answer ends: success
_START_TLS = b"1.3.6.1.4.1.1466.20037"
_START_TLS_REQUEST = bytes.fromhex("301d02010177188016") + _START_TLS
_START_TLS_SUCCESS = bytes.fromhex("0a0100040004008a16") + _START_TLS
# The first 32 bytes of a login of today, with CLIENT_SSL, as packet 1
_SSL_REQUEST = bytes.fromhex("20000001 05aa0800 00000001 2d") + bytes(23)

ATTACKS: Mapping[str, Attack] = MappingProxyType(
    {
        "smtp": _mail("smtp", b"EHLO"),
        "submission": _mail("submission", b"EHLO"),
        "lmtp": _mail("lmtp", b"LHLO"),
        "imap": Attack(b"a STARTTLS\r\n", b"a OK Begin TLS now\r\n", b"b CREATE stolen\r\n", b"a BAD "),
        "pop3": Attack(b"STLS\r\n", b"+OK Begin TLS negotiation\r\n", b"USER attacker\r\n", b"-ERR "),
        "managesieve": Attack(b"STARTTLS\r\n", b'OK "Begin TLS now"\r\n', b"NOOP\r\n", b"NO "),
        "xmpp": _xmpp("jabber:client"),
        "xmpp-server": _xmpp("jabber:server"),
        "ldap": Attack(_START_TLS_REQUEST, _START_TLS_SUCCESS, WORDS["ldap"].said, b"data behind StartTLS"),
        "ftp": Attack(b"AUTH TLS\r\n", b"234 AUTH TLS accepted\r\n", b"USER attacker\r\n", b"503 "),
        "nntp": Attack(b"STARTTLS\r\n", b"382 Continue with TLS negotiation\r\n", b"GROUP local.test\r\n", b"580 "),
        "irc": Attack(b"STARTTLS\r\n", b"go ahead with TLS handshake\r\n", b"NICK attacker\r\n", b" 691 "),
        # CVE-2021-23214
        "postgresql": Attack(
            bytes.fromhex("0000000804d2162f"), b"S", WORDS["postgresql"].said, b"received unencrypted data"
        ),
        "mysql": Attack(_SSL_REQUEST, b"", WORDS["mysql"].said, b""),
    }
)


class Wire:
    """One connection, byte by byte."""

    def __init__(self, port: int) -> None:
        self.socket: socket.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def write(self, data: bytes) -> None:
        """Send ``data`` in one segment."""
        self.socket.sendall(data)

    def greeting(self) -> None:
        """Take the first words of a server that speaks first."""
        self.socket.recv(65536)

    def until(self, end: bytes) -> bytes:
        """Read up to ``end``, not a byte further."""
        got = b""
        while not got.endswith(end):
            byte = self.socket.recv(1)
            assert byte, f"closed after {got!r}"
            got += byte
        return got

    def rest(self) -> bytes:
        """All that comes until the server hangs up."""
        got = b""
        try:
            while data := self.socket.recv(65536):
                got += data
        except ConnectionResetError:  # it hung up while bytes of ours were on the way
            pass
        return got

    def tls(self, ca_file: Path) -> None:
        """Do the handshake, and go on inside it."""
        context = ssl.create_default_context(cafile=ca_file)
        self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
