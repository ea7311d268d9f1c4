"""NNTP: STARTTLS (RFC 4642), offered in CAPABILITIES (RFC 3977).

::

    S: 200 news.example.org ready
    C: CAPABILITIES
    S: 101 Capability list:
    S: VERSION 2
    S: READER
    S: STARTTLS
    S: .
    C: STARTTLS
    S: 382 Continue with TLS negotiation
    (TLS)
    C: CAPABILITIES

The one trap: there may be two servers on the port. One that takes feeds answers first, and offers TLS only once
MODE READER has called the other (RFC 3977 §5.3): where the list has MODE-READER and no STARTTLS, we call it, and
ask again.

A server that does not know CAPABILITIES offers nothing. It is not optional, as POP3's CAPA is: RFC 3977 obliges
every server to it, and by RFC 4642 §2.1, of the same month, a server that knows STARTTLS lists it there.
"""

from starttls.core.errors import NotOffered, NotRequested, Refusal, Refused, Unexpected
from starttls.core.facts import ClientSetup, Ports, Protocol, ServerSetup
from starttls.core.talk import Steps, Talk
from starttls.core.transcript import Side, printable
from starttls.core.wait import Wait
from starttls.grammar import secrets
from starttls.grammar.replies import Reply

__all__ = ["NNTP"]

# RFC 3977 §3.1: a response line has at most 512 octets; servers exceed it, and nothing is gained by less.
GREETING = Wait("the greeting", "RFC 3977 §5.1, 200 or 201")
CAPABILITIES = Wait("the capabilities", "RFC 3977 §5.2, 101")
READER = Wait("the reading mode", "RFC 3977 §5.3, 200 or 201")
GO_AHEAD = Wait("the go-ahead", "RFC 4642 §2.2, 382")
# RFC 3977 §3.1: a command line has at most 512 octets.
COMMAND = Wait("a command", "RFC 3977 §3.1", 1024)

_POSTING, _NO_POSTING, _LIST, _GO_AHEAD, _UNKNOWN = 200, 201, 101, 382, 500
# Here 4xx is no "not now": 480 and 483 last. RFC 3977 §3.2.1: 400 ends this connection alone, 403 is a fault inside.
_TEMPORARY = {400, 403}


def _reply(talk: Talk, wait: Wait) -> Steps[Reply]:
    """Read one line of three digits and a text; a reply has no further lines, other than a block."""
    line = yield from talk.line(wait)
    code, text = line[:3], line[4:]
    if not (len(code) == 3 and code.isdigit() and b"1" <= code < b"6" and line[3:4] in b" "):
        raise Unexpected(line, "a reply of three digits")
    return Reply(int(code), (text,))


def _ask(talk: Talk, command: bytes, wait: Wait) -> Steps[Reply]:
    talk.send(command + b"\r\n")
    return (yield from _reply(talk, wait))


def _refused(got: Reply, expected: str) -> Refused | Unexpected:
    if got.code < 400:
        return Unexpected(got.text.encode("ascii"), expected)
    return Refused(got.text, Refusal.TEMPORARY if got.code in _TEMPORARY else Refusal.PERMANENT)


def _block(talk: Talk, wait: Wait) -> Steps[tuple[bytes, ...]]:
    """Read lines up to the dot; a dot before another is taken off (RFC 3977 §3.1.1)."""
    lines: list[bytes] = []
    while (line := (yield from talk.line(wait))) != b".":
        lines.append(line.removeprefix(b"."))
    return tuple(lines)


def _capabilities(talk: Talk) -> Steps[tuple[bytes, ...]]:
    """Ask for the capabilities; a server that does not know the command has none."""
    got = yield from _ask(talk, b"CAPABILITIES", CAPABILITIES)
    if got.code == _UNKNOWN:
        return ()
    if got.code != _LIST:
        raise _refused(got, "101")
    lines = yield from _block(talk, CAPABILITIES)
    talk.note("capabilities", *lines)
    return lines


def _words(line: bytes) -> list[bytes]:
    return [word for word in line.upper().replace(b"\t", b" ").split(b" ") if word]


def _has(capabilities: tuple[bytes, ...], label: bytes) -> bool:
    return any(_words(line)[:1] == [label] for line in capabilities)


def client(talk: Talk, setup: ClientSetup) -> Steps[None]:
    """Read the greeting, look for STARTTLS, ask for it, and accept 382 alone."""
    greeting = yield from _reply(talk, GREETING)
    talk.note("greeting", *greeting.lines)
    if greeting.code not in {_POSTING, _NO_POSTING}:
        raise _refused(greeting, "200 or 201")

    offer = yield from _capabilities(talk)
    if _has(offer, b"MODE-READER") and not _has(offer, b"STARTTLS"):
        mode = yield from _ask(talk, b"MODE READER", READER)
        if mode.code not in {_POSTING, _NO_POSTING}:
            raise _refused(mode, "200 or 201")
        offer = yield from _capabilities(talk)
    if not (setup.unoffered or _has(offer, b"STARTTLS")):
        raise NotOffered("STARTTLS", tuple(printable(line) for line in offer))

    go_ahead = yield from _ask(talk, b"STARTTLS", GO_AHEAD)
    if go_ahead.code != _GO_AHEAD:  # RFC 4642 §2.2.1: 382, 502 and 580
        raise _refused(go_ahead, "382")
    talk.upgrade()


def server(talk: Talk, setup: ServerSetup) -> Steps[None]:
    """Greet, and answer until the client asks for TLS; whatever reads, posts or logs in gets 483."""
    name = setup.name.encode("ascii", "replace")
    talk.send(b"200 %b ready\r\n" % name)
    while True:
        line = yield from talk.line(COMMAND)
        match _words(line):
            case [b"STARTTLS"]:  # RFC 4642 §2.2.2: a server that cannot go on to TLS, for whatever reason, says 580
                talk.upgrade(b"382 Continue with TLS negotiation\r\n", refusal=b"580 Data behind STARTTLS\r\n")
                return
            case [b"STARTTLS", *_]:
                talk.send(b"501 STARTTLS takes no argument\r\n")
            case [b"CAPABILITIES", *_]:
                talk.send(b"101 Capability list:\r\nVERSION 2\r\nSTARTTLS\r\n.\r\n")
            case [b"MODE", b"READER"]:
                talk.send(b"200 %b ready\r\n" % name)
            case [b"HELP", *_]:
                talk.send(b"100 Help text follows\r\nSTARTTLS comes first\r\n.\r\n")
            case [b"QUIT", *_]:
                talk.send(b"205 Bye\r\n")
                raise NotRequested("STARTTLS")
            case [word, *_] if word in _KNOWN:
                # RFC 3977 §3.2.1: "483 ... The client must negotiate appropriate privacy protection"
                talk.send(b"483 STARTTLS first\r\n")
            case [word, *_] if word.isalpha():
                talk.send(b"500 Unknown command\r\n")
            case _:  # a TLS hello, HTTP, or noise: nobody who speaks this protocol
                raise Unexpected(line, "a command")


# RFC 3977, 977 (SLAVE), 2980, 4643, 4644, 8054 (COMPRESS).
_KNOWN = frozenset(
    b"AUTHINFO MODE GROUP LISTGROUP LAST NEXT ARTICLE HEAD BODY STAT POST IHAVE CHECK TAKETHIS DATE NEWGROUPS NEWNEWS "
    b"LIST OVER HDR XOVER XHDR XPAT COMPRESS SLAVE".split()
)

NNTP = Protocol(
    name="nntp",
    title="NNTP",
    implicit="nntps",
    ports=Ports((119,), (563,)),
    rfcs=("RFC 4642", "RFC 3977", "RFC 8143"),
    first=Side.SERVER,
    verb="STARTTLS",
    go_ahead="382",
    after_tls="forget the capabilities; send CAPABILITIES again (RFC 4642 §2.2.2)",
    first_inside=Side.CLIENT,
    alpn=("nntp",),
    redact=secrets.after(r"AUTHINFO[ \t]+PASS", r"AUTHINFO[ \t]+GENERIC", sasl=r"AUTHINFO[ \t]+SASL[ \t]+[\w-]+"),
    client=client,
    server=server,
)
