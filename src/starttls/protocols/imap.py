"""IMAP: STARTTLS (RFC 9051 §6.2.1).

::

    S: * OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] ready
    C: C5a1f0e9b7c3d2846 CAPABILITY
    S: * CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED
    S: C5a1f0e9b7c3d2846 OK done
    C: S90d4c1e8a2b7f635 STARTTLS
    S: S90d4c1e8a2b7f635 OK begin TLS now
    (TLS)
    C: A1 CAPABILITY

The one trap: a server may speak at any time, about anything. So may whoever sits on the path, and a client that
keeps what it hears (mailboxes, flags, alerts, referrals, capabilities) shows it later as if TLS had protected it.
Here untagged data is counted, noted, and otherwise dead. Tags are random: nobody can answer a command before it
was sent, and an answer with another tag is proof that somebody tried (CVE-2026-42246).
"""

from starttls.core.errors import (
    NotOffered,
    NotRequested,
    PeerError,
    Preauthenticated,
    PrematureReply,
    Refusal,
    Unexpected,
)
from starttls.core.facts import ClientSetup, Ports, Protocol, ServerSetup
from starttls.core.talk import Steps, Talk
from starttls.core.transcript import Side
from starttls.core.wait import Wait
from starttls.grammar import secrets, status

__all__ = ["IMAP"]

# RFC 7162 §4 asks a client to send lines of 8192 octets at most, and a server to take as many. What a server may
# put into a literal before TLS is nothing that we want; we count it to find its end.
GREETING = Wait("the greeting", "RFC 9051 §7.1, * OK", 8192)
CAPABILITY = Wait("the answer to CAPABILITY", "RFC 9051 §6.1.1, tagged OK", 8192)
GO_AHEAD = Wait("the go-ahead", "RFC 9051 §6.2.1, tagged OK", 8192)
LITERAL = Wait("the rest of a literal", "RFC 9051 §4.3", 65536)
COMMAND = Wait("a command", "RFC 9051 §2.2.1", 8192)
CLIENT_LITERAL = Wait("the rest of a client's literal", "RFC 7888 §5", 4096)

# RFC 9051 §9: tag = 1*<any ASTRING-CHAR except "+">
_TAG_CHARS = bytes(byte for byte in range(0x21, 0x7F) if byte not in b'(){%*"\\+')
_CONDITIONS = (b"OK", b"NO", b"BAD")
_OFFER = b"IMAP4rev1 ID STARTTLS LOGINDISABLED"  # RFC 9051 §6.2.3: LOGINDISABLED where LOGIN would be refused


def _is_tag(word: bytes) -> bool:
    return bool(word) and not word.translate(None, _TAG_CHARS)


def _stray(line: bytes, expected: str) -> PeerError:
    """The error for a line that is neither untagged nor ours."""
    tag, _, rest = line.partition(b" ")
    premature = _is_tag(tag) and status.parse(rest).word in _CONDITIONS
    return PrematureReply(line) if premature else Unexpected(line, expected)


def _ended(said: status.Status) -> PeerError | None:
    """The error for an untagged PREAUTH or BYE, which may come at any time."""
    if said.word == b"PREAUTH":
        # RFC 9051 §7.1.4: in a session that is logged in STARTTLS is not allowed, so who wants TLS must close
        return Preauthenticated(said.reply)
    return status.refused(said, Refusal.TEMPORARY) if said.word == b"BYE" else None


def client(talk: Talk, setup: ClientSetup) -> Steps[None]:
    """Greeting, CAPABILITY, STARTTLS, and the tagged OK."""
    line = yield from talk.line(GREETING)
    star, _, rest = line.partition(b" ")
    greeting = status.parse(rest)
    talk.note("greeting", rest)
    if star == b"*" and (error := _ended(greeting)):
        raise error
    if star != b"*" or greeting.word != b"OK":
        raise _stray(line, "* OK")

    # The greeting may list the capabilities too, and to use them would save a round trip. They are always asked
    # for: proxies abbreviate their greetings, and what our own tag answers was not said before we came.
    answer, capabilities = yield from _ask(talk, b"C" + setup.entropy[:8].hex().encode(), b"CAPABILITY", CAPABILITY)
    if answer.word != b"OK":
        refusal = status.refused(answer)
        if refusal.kind is not Refusal.PERMANENT:
            raise refusal
        capabilities = []
    talk.note("capabilities", *capabilities)
    if not (setup.unoffered or b"STARTTLS" in [word.upper() for word in capabilities]):
        raise NotOffered("STARTTLS", tuple(word.decode("ascii", "backslashreplace") for word in capabilities))

    answer, _ = yield from _ask(talk, b"S" + setup.entropy[8:16].hex().encode(), b"STARTTLS", GO_AHEAD)
    if answer.word != b"OK":
        raise status.refused(answer)
    talk.upgrade()


def _ask(talk: Talk, tag: bytes, command: bytes, wait: Wait) -> Steps[tuple[status.Status, list[bytes]]]:
    """Send a command; return what our tag answers, and the capabilities that were listed on the way."""
    talk.send(tag + b" " + command + b"\r\n")
    capabilities: list[bytes] = []
    while True:
        line = yield from talk.line(wait)
        mark, _, rest = line.partition(b" ")
        said = status.parse(rest)
        if mark == tag and said.word in _CONDITIONS:
            return said, capabilities
        if mark != b"*":  # also "+ ...": we sent nothing that could be continued
            raise _stray(line, "untagged data, or OK, NO or BAD with our tag")
        if error := _ended(said):
            raise error
        if said.word == b"CAPABILITY":
            capabilities += said.text.split(b" ")
        elif said.word in _CONDITIONS:  # human text: nothing in it announces a literal; ALERT and REFERRAL are noise
            talk.note("untagged", rest)
        else:
            talk.note("untagged", (yield from status.continued(talk, rest, wait, LITERAL)))


def server(talk: Talk, setup: ServerSetup) -> Steps[None]:
    """Greet, list STARTTLS and LOGINDISABLED, refuse logins, and answer STARTTLS with OK."""
    talk.send(b"* OK [CAPABILITY %b] %b ready\r\n" % (_OFFER, setup.name.encode("ascii", "replace")))
    while True:
        line = yield from talk.line(COMMAND)
        tag, _, rest = line.partition(b" ")
        verb, _, arguments = rest.partition(b" ")
        # A tag that another parser reads otherwise hides the command from it: filters were passed that way
        if not (_is_tag(tag) and verb.isalpha()):
            raise Unexpected(line, "a tagged command")
        # RFC 7888 §3: {5+} is sent at once, and is part of the command whatever becomes of it. {5} is sent when we
        # ask for it, and we never do: it would be a password.
        line = yield from status.continued(talk, line, COMMAND, CLIENT_LITERAL, pushed=True)
        match verb.upper():
            case b"LOGIN" | b"AUTHENTICATE":  # RFC 5530 §3: PRIVACYREQUIRED
                talk.send(tag + b" NO [PRIVACYREQUIRED] STARTTLS first\r\n")
            case b"STARTTLS" if not arguments:
                talk.upgrade(tag + b" OK Begin TLS now\r\n", refusal=tag + b" BAD Data behind STARTTLS\r\n")
                return
            case b"CAPABILITY" if not arguments:
                talk.send(b"* CAPABILITY %b\r\n%b OK Done\r\n" % (_OFFER, tag))
            case b"NOOP" if not arguments:
                talk.send(tag + b" OK Done\r\n")
            case b"ID" if arguments and status.announced(line) is None:  # RFC 2971 §3.2: NIL says that we tell nothing
                talk.send(b"* ID NIL\r\n%b OK Done\r\n" % tag)
            case b"LOGOUT" if not arguments:
                talk.send(b"* BYE Bye\r\n%b OK Done\r\n" % tag)
                raise NotRequested("STARTTLS")
            case _:
                talk.send(tag + b" BAD Not known, or not before STARTTLS\r\n")


IMAP = Protocol(
    name="imap",
    title="IMAP",
    implicit="imaps",
    ports=Ports((143,), (993,)),
    rfcs=("RFC 9051", "RFC 3501", "RFC 2595", "RFC 8314"),
    first=Side.SERVER,
    verb="STARTTLS",
    go_ahead="OK with the tag of STARTTLS",
    after_tls="forget all that was said; ask CAPABILITY again (RFC 9051 §6.2.1)",
    first_inside=Side.CLIENT,
    alpn=("imap",),
    srv=("_imap._tcp", "_imaps._tcp"),  # RFC 6186 §3.2
    redact=secrets.after(r"(?:\S+\s+)?LOGIN", sasl=r"(?:\S+\s+)?AUTHENTICATE(?: +[\w-]{1,20})?"),
    client=client,
    server=server,
)
