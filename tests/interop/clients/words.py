"""What to say inside TLS in each protocol through a program that only carries bytes, and what must come back."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tests.interop.backends.visit import PASSWORD, USER

__all__ = ["WORDS", "Words"]


@dataclass(frozen=True, slots=True)
class Words:
    """``said`` by the client, ``answer`` somewhere in what comes back, ``heard`` by our back end."""

    said: bytes
    answer: str
    heard: tuple[str, ...]

    @classmethod
    def lines(cls, *lines: str, answer: str) -> "Words":
        """For protocols of lines, where the back end hears what was said."""
        return cls("".join(f"{line}\r\n" for line in lines).encode(), answer, lines)


def _postgresql() -> Words:
    startup = b"\0\3\0\0user\0" + USER.encode() + b"\0\0"
    said = (len(startup) + 4).to_bytes(4, "big") + startup
    for kind, body in ((b"p", PASSWORD.encode() + b"\0"), (b"Q", b"select 1\0"), (b"X", b"")):
        said += kind + (len(body) + 4).to_bytes(4, "big") + body
    return Words(said, "SELECT 1", ("startup 3", "password", "select 1", "terminate"))


def _mysql() -> Words:
    # Who cannot compute, having heard the scramble go by, cannot log in. But the numbers of packets go on.
    login = bytes.fromhex("05aa0800 00000001 2d") + bytes(23) + USER.encode() + b"\0\0mysql_native_password\0"
    return Words(len(login).to_bytes(3, "little") + b"\2" + login, "Access denied", ("login as packet 2",))


def _xmpp(namespace: str, mechanism: str) -> Words:
    header = f"<stream:stream to='localhost' version='1.0' xmlns='{namespace}' xmlns:stream='http://etherx.jabber.org/streams'>"
    return Words(f"<?xml version='1.0'?>{header}</stream:stream>".encode(), mechanism, ("stream",))


_SMTP = Words.lines("EHLO client.test", "QUIT", answer="221 2.0.0 Bye")

WORDS: Mapping[str, Words] = MappingProxyType(
    {
        "smtp": _SMTP,
        "submission": _SMTP,
        "lmtp": Words.lines("LHLO client.test", "QUIT", answer="221 2.0.0 Bye"),
        # The tag is not for the back end's ears.
        "imap": Words(b"a CAPABILITY\r\nb LOGOUT\r\n", "b OK Bye", ("CAPABILITY", "LOGOUT")),
        "pop3": Words.lines("CAPA", "QUIT", answer="+OK Bye"),
        # Here it is the server that speaks first inside TLS: that it did is the answer.
        "managesieve": Words.lines("LOGOUT", answer='"SASL" "PLAIN"'),
        "xmpp": _xmpp("jabber:client", "<mechanism>PLAIN"),
        "xmpp-server": _xmpp("jabber:server", "<mechanism>EXTERNAL"),
        # bind as nobody, search the root, unbind
        "ldap": Words(
            bytes.fromhex("300c020102600702010304008000 3025020103632004000a01000a0100020100020100010100")
            + b"\x87\x0bobjectClass0\x00"
            + bytes.fromhex("30050201044200"),
            "starttls interop",
            ("bind ", "search ", "unbind"),
        ),
        "ftp": Words.lines("PBSZ 0", "PROT P", "QUIT", answer="221 Bye"),
        "nntp": Words.lines("CAPABILITIES", "QUIT", answer="205 Bye"),
        "irc": Words.lines("NICK tester", "USER tester 0 * :Tester", "QUIT :bye", answer="001 tester"),
        "postgresql": _postgresql(),
        "mysql": _mysql(),
    }
)
