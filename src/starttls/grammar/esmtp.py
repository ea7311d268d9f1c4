"""The dialogue that SMTP and LMTP share: greeting, EHLO or LHLO, STARTTLS (RFC 3207).

Sample::

    S: 220 mail.example.org ESMTP
    C: EHLO client.example.org
    S: 250-mail.example.org
    S: 250 STARTTLS
    C: STARTTLS
    S: 220 2.0.0 Ready to start TLS
"""

from dataclasses import dataclass

from starttls.core.errors import NotOffered, NotRequested, Unexpected
from starttls.core.facts import ClientSetup, ServerSetup
from starttls.core.talk import Steps, Talk
from starttls.core.wait import Wait
from starttls.grammar import replies

__all__ = ["Dialect", "client", "server"]

# RFC 5321 §4.5.3.1.5: a reply line has at most 512 octets; servers exceed it, and nothing is gained by less.
GREETING = Wait("the greeting", "RFC 5321 §4.2, 220")
HELLO = Wait("the answer to the hello", "RFC 5321 §4.1.1.1, 250")
GO_AHEAD = Wait("the go-ahead", "RFC 3207 §4, 220")
# RFC 5321 §4.5.3.1.4: a command line has at most 512 octets, and extensions may raise it.
COMMAND = Wait("a command", "RFC 5321 §4.1.1", 1024)

_READY = 220
_OK = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """Where SMTP and LMTP differ: the verb that asks for the offer, and what the server says and knows.

    ``service`` is the word of the greeting, ``keywords`` are offered besides STARTTLS, and ``held_back`` are
    the verbs that the server knows and serves inside TLS alone.
    """

    hello: bytes
    service: bytes
    keywords: tuple[bytes, ...]
    held_back: frozenset[bytes]


def client(talk: Talk, setup: ClientSetup, dialect: Dialect) -> Steps[None]:
    """Say hello, look for STARTTLS, ask for it, and accept 220 alone."""
    greeting = yield from replies.reply(talk, GREETING)  # RFC 5321 §3.1: the server speaks first
    talk.note("greeting", *greeting.lines)
    if greeting.code != _READY:
        raise replies.refused(greeting, "220")

    # A refused EHLO is never followed by HELO: that way lies a session in which TLS cannot be asked for.
    hello = dialect.hello + b" " + setup.me.encode("ascii", "replace")
    offer = yield from replies.ask(talk, hello, HELLO)
    if offer.code != _OK:
        raise replies.refused(offer, "250")
    keywords = offer.lines[1:]  # the first line is the server's name, whatever it looks like
    talk.note("capabilities", *keywords)
    if not (setup.unoffered or _offers_starttls(keywords)):
        raise NotOffered("STARTTLS", tuple(line.decode("ascii", "backslashreplace") for line in keywords))

    go_ahead = yield from replies.ask(talk, b"STARTTLS", GO_AHEAD)
    if go_ahead.code != _READY:  # RFC 3207 §4 has 220, 501 and 454; any other success is none
        raise replies.refused(go_ahead, "220")
    talk.upgrade()


def _offers_starttls(keywords: tuple[bytes, ...]) -> bool:
    # RFC 3207 §2: "the STARTTLS keyword has no parameters". Keywords are compared whole, in any case.
    return any(line.upper().rstrip(b" ") == b"STARTTLS" for line in keywords)


def server(talk: Talk, setup: ServerSetup, dialect: Dialect) -> Steps[None]:
    """Greet, and answer until the client asks for TLS; nothing that carries mail or a login is served before."""
    name = setup.name.encode("ascii", "replace")
    talk.send(b"220 %b %b\r\n" % (name, dialect.service))
    offer = b"".join(b"250-%b\r\n" % line for line in (name, *dialect.keywords)) + b"250 STARTTLS\r\n"
    while True:
        line = yield from talk.line(COMMAND)
        # RFC 5321 §4.1.1: "SMTP receivers SHOULD tolerate trailing white space before the terminating <CRLF>"
        verb, _, argument = line.rstrip(b" \t").partition(b" ")
        match verb.upper():
            case b"STARTTLS" if not argument:
                # RFC 3207 §4.2: whatever stands behind the command was not said inside TLS
                talk.upgrade(b"220 2.0.0 Ready to start TLS\r\n", refusal=b"554 5.5.1 Data behind STARTTLS\r\n")
                return
            case b"STARTTLS":
                # RFC 3207 §4: "501 Syntax error (no parameters allowed)"
                talk.send(b"501 5.5.4 STARTTLS takes no parameter\r\n")
            case word if word == dialect.hello and argument:
                talk.note("hello", argument)
                talk.send(offer)
            case word if word == dialect.hello:
                talk.send(b"501 5.5.4 %b needs a name\r\n" % word)
            case b"NOOP":
                talk.send(b"250 2.0.0 OK\r\n")
            case b"QUIT":
                talk.send(b"221 2.0.0 Bye\r\n")
                raise NotRequested("STARTTLS")
            case word if word in dialect.held_back:
                # RFC 3207 §4: 530 "to every command other than NOOP, EHLO, STARTTLS, or QUIT"
                talk.send(b"530 5.7.0 Must issue a STARTTLS command first\r\n")
            case word if word.isalpha():
                talk.send(b"500 5.5.2 Command not recognized\r\n")
            case _:  # a TLS hello, HTTP, or noise: nobody who speaks this protocol
                raise Unexpected(line, "a command")
