"""IRC: STARTTLS (the IRCv3 ``tls`` extension, deprecated there in favour of implicit TLS, and still offered).

::

    C: CAP LS 302
    S: :irc.example.org CAP * LS :account-notify away-notify extended-join tls
    C: STARTTLS
    S: :irc.example.org 670 * :STARTTLS successful, go ahead with TLS handshake
    (TLS)
    C: CAP LS 302

The one trap: silence is an answer. A server that does not know a command may drop it before registration, and
notices and pings come at any time. So each wait is for one named reply, whatever else is legal is taken on the
way (a PING is answered), and who moves the bytes bounds the time.
"""

import re
from typing import NamedTuple

from starttls.core.errors import NotOffered, NotRequested, PrematureReply, Refusal, Refused, TooLong, Unexpected
from starttls.core.facts import ClientSetup, Ports, Protocol, ServerSetup
from starttls.core.redact import Redact
from starttls.core.talk import Steps, Talk
from starttls.core.transcript import Side, printable
from starttls.core.wait import Wait

__all__ = ["IRC"]

# RFC 1459 §2.3: "these messages shall not exceed 512 characters in length, counting all characters including
# the trailing CR-LF"; IRCv3 message tags: 8191 bytes of tags before it from a server, 4096 from a client.
_MESSAGE = 512
_SHORT = 256  # what of a client's words goes back to it, so that our line is none too long
OFFER = Wait("the capabilities", "IRCv3 capability negotiation, CAP LS", 8191 + _MESSAGE)
GO_AHEAD = Wait("the go-ahead", "IRCv3 tls extension, 670", 8191 + _MESSAGE)
COMMAND = Wait("a command", "RFC 1459 §4", 4096 + _MESSAGE)

# Legal before registration, and no answer: RPL_HELLO of IRCnet, the anti-spoofing of DALnet, standard replies.
_ASIDES = frozenset({b"NOTICE", b"020", b"439", b"NOTE", b"WARN"})
# RPL_TRYAGAIN; RPL_REDIR, which names another server: whoever wrote it in plaintext does not choose that.
_KINDS = {b"263": Refusal.THROTTLED, b"010": Refusal.TEMPORARY, b"ERROR": Refusal.TEMPORARY}
_UNKNOWN = frozenset({b"421", b"451", b"410"})  # unknown command; not registered; no such subcommand of CAP
_LATER = frozenset(b"PASS NICK USER OPER AUTHENTICATE WEBIRC JOIN PRIVMSG MODE WHO WHOIS LIST".split())
_SECRET = re.compile(
    rb"(?im)^[ \t]*+(?:@[^ \r\n]*+ ++)?(?::[^ \r\n]*+ ++)?(?:PASS|OPER|AUTHENTICATE|WEBIRC|IDENTIFY|LOGIN|JOIN ++\S++"
    rb"|NICKSERV|NS|CHANSERV|CS|(?:MSG|PRIVMSG|SQUERY) ++:?+(?:Nick|Chan)Serv\S*+) ++([^\r\n]++)"
)


class Message(NamedTuple):
    """A message: its command in capitals, its parameters, and the line that it came in."""

    command: bytes
    params: tuple[bytes, ...]
    line: bytes

    @property
    def text(self) -> str:
        """Command and last parameter, escaped."""
        return printable(b" ".join((self.command, *self.params[-1:])), 200)


def _message(talk: Talk, wait: Wait) -> Steps[Message]:
    """Read ``@tags :prefix COMMAND params :last``. RFC 1459 §2.3.1: "Empty messages are silently ignored"."""
    while not (line := (yield from talk.line(wait))):
        pass
    rest = line
    if rest.startswith(b"@"):
        rest = rest.partition(b" ")[2].lstrip(b" ")
    if len(rest) + 2 > _MESSAGE:
        raise TooLong(_MESSAGE)
    if rest.startswith(b":"):
        rest = rest.partition(b" ")[2].lstrip(b" ")
    head, colon, last = rest.partition(b" :")
    command, *params = head.split(b" ")
    if not (command.isalpha() or (len(command) == 3 and command.isdigit())):
        raise Unexpected(line, "an IRC message")
    words = [word for word in params if word]
    return Message(command.upper(), (*words, last) if colon else tuple(words), line)


def client(talk: Talk, setup: ClientSetup) -> Steps[None]:
    """Ask for the capabilities, look for ``tls``, ask for it, and accept 670 alone."""
    talk.send(b"CAP LS 302\r\n")
    offered = yield from _capabilities(talk)
    talk.note("capabilities", *offered)
    # compared whole; CAP LS 302 allows a value behind "="
    has_tls = any(word.partition(b"=")[0] == b"tls" for word in offered)
    shown = tuple(word.decode("ascii", "backslashreplace") for word in offered)
    if not (has_tls or setup.unoffered):
        raise NotOffered("STARTTLS", shown)

    talk.send(b"STARTTLS\r\n")
    answer = yield from _answer(talk, GO_AHEAD)
    while answer.command == b"CAP" and answer.params[1:2] in ((b"NEW",), (b"DEL",)):
        answer = yield from _answer(talk, GO_AHEAD)  # CAP LS 302 has subscribed us to them
    if answer.command != b"670":
        raise NotOffered("STARTTLS", shown) if answer.command in _UNKNOWN and not has_tls else _refused(answer, "670")
    talk.upgrade()


def _capabilities(talk: Talk) -> Steps[tuple[bytes, ...]]:
    """Read the answer to CAP LS, of one line or, marked by a ``*``, of many. No CAP at all is no capability."""
    offered: list[bytes] = []
    while True:
        answer = yield from _answer(talk, OFFER)
        if answer.command in _UNKNOWN:
            return tuple(offered)
        if answer.command in {b"670", b"691"}:
            raise PrematureReply(answer.line)
        if answer.command != b"CAP" or len(answer.params) < 3 or answer.params[1].upper() != b"LS":
            raise _refused(answer, "CAP LS")
        offered += answer.params[-1].split()
        if len(answer.params) == 3 or answer.params[2] != b"*":
            return tuple(offered)


def _answer(talk: Talk, wait: Wait) -> Steps[Message]:
    """Read the next message that may be an answer."""
    while True:
        message = yield from _message(talk, wait)
        if message.command == b"PING" and message.params:
            talk.send(b"PONG :%b\r\n" % message.params[0])
        elif message.command == b"NOTICE" and message.params:
            talk.note("notice", message.params[-1])
        elif not (message.command in _ASIDES or (message.command in _UNKNOWN and b"PONG" in message.params)):
            return message


def _refused(answer: Message, expected: str) -> Refused | Unexpected:
    """The error for an answer that is not the wanted one."""
    if answer.command in _KINDS:
        return Refused(answer.text, _KINDS[answer.command])
    # 691 ERR_STARTTLS, 4xx and 5xx (465: "You are banned"), and the FAIL of IRCv3 standard replies
    if answer.command in {b"691", b"FAIL"} or (answer.command.isdigit() and answer.command[:1] in b"45"):
        return Refused(answer.text)
    return Unexpected(answer.line, expected)


def server(talk: Talk, setup: ServerSetup) -> Steps[None]:
    """Offer ``tls`` and answer STARTTLS with 670; nobody registers before it."""
    name = setup.name.encode("ascii", "replace")
    while True:
        message = yield from _message(talk, COMMAND)
        match message.command:
            case b"STARTTLS" if not message.params:
                refusal = b":%b 691 * :Data behind STARTTLS\r\n" % name
                talk.upgrade(b":%b 670 * :STARTTLS successful, go ahead with TLS handshake\r\n" % name, refusal=refusal)
                return
            case b"STARTTLS":
                talk.send(b":%b 691 * :STARTTLS takes no parameter\r\n" % name)
            case b"CAP":
                talk.send(_cap(name, message.params))
            case b"PING" if message.params:
                talk.send(b":%b PONG %b :%b\r\n" % (name, name, message.params[0][:_SHORT]))
            case b"QUIT":
                talk.send(b"ERROR :Closing link: client exited\r\n")
                raise NotRequested("STARTTLS")
            case b"PING" | b"PONG" | b"NOTICE":  # RFC 1459 §4.4.2: nothing is ever sent in reply to a NOTICE
                pass
            case word if word in _LATER:
                talk.send(b":%b 451 * %b :You have not registered: say STARTTLS first\r\n" % (name, word))
            case word if word.isalpha():
                talk.send(b":%b 421 * %b :Unknown command\r\n" % (name, word[:_SHORT]))
            case _:
                raise Unexpected(message.line, "a command")


def _cap(name: bytes, params: tuple[bytes, ...]) -> bytes:
    """The answer to CAP: one capability. END would end a registration that has not begun."""
    wanted = params[-1] if params else b""
    match params[0].upper() if params else b"":
        case b"LS":
            return b":%b CAP * LS :tls\r\n" % name
        case b"LIST":  # what was asked for
            return b":%b CAP * LIST :\r\n" % name
        case b"REQ":
            verdict = b"ACK" if set(wanted.split()) == {b"tls"} else b"NAK"
            return b":%b CAP * %b :%b\r\n" % (name, verdict, wanted[:_SHORT])
        case b"END":
            return b":%b 451 * CAP :You have not registered: say STARTTLS first\r\n" % name
        case other:
            return b":%b 410 * %b :Invalid CAP subcommand\r\n" % (name, other[:_SHORT] or b"*")


IRC = Protocol(
    name="irc",
    title="IRC",
    implicit="ircs",
    ports=Ports((6667,), (6697,)),
    rfcs=("IRCv3 tls extension", "RFC 1459", "RFC 7194"),
    first=Side.CLIENT,
    verb="STARTTLS",
    go_ahead="670",
    after_tls="forget the capabilities; send CAP LS again, then NICK and USER",
    first_inside=Side.CLIENT,
    alpn=("irc",),
    redact=Redact(lambda said: (match.span(1) for match in _SECRET.finditer(said))),
    client=client,
    server=server,
)
