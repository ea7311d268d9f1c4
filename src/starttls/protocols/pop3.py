"""POP3: STLS (RFC 2595 §4).

::

    S: +OK POP3 mail.example.org ready
    C: CAPA
    S: +OK Capability list follows
    S: TOP
    S: STLS
    S: UIDL
    S: .
    C: STLS
    S: +OK Begin TLS negotiation
    (TLS)
    C: CAPA

The one trap: answers have no names. ``+OK`` is the whole vocabulary, so a client that takes one line for an
answer of many, or many for one, is off by one from there on and believes an old ``+OK`` to be the go-ahead.
Each answer is read as its command defines it, and no byte may be left when TLS begins. CAPA is an extension of its
own (RFC 2449): a server that refuses it may still know STLS, so that is asked for all the same.
"""

from starttls.core.errors import NotOffered, NotRequested, Unexpected
from starttls.core.facts import ClientSetup, Ports, Protocol, ServerSetup
from starttls.core.talk import Steps, Talk
from starttls.core.transcript import Side
from starttls.core.wait import Wait
from starttls.grammar import secrets, status

__all__ = ["POP3"]

# RFC 2449 §4: a response line has at most 512 octets, a command line 255 (an initial response of AUTH more).
GREETING = Wait("the greeting", "RFC 1939 §4, +OK")
CAPA = Wait("the answer to CAPA", "RFC 2449 §5, +OK or -ERR")
GO_AHEAD = Wait("the go-ahead", "RFC 2595 §4, +OK")
COMMAND = Wait("a command", "RFC 2449 §4", 1024)

_OK = b"+OK"
_ERR = b"-ERR"


def _status(talk: Talk, wait: Wait) -> Steps[status.Status]:
    """Read one status line."""
    line = yield from talk.line(wait)
    # RFC 1939 §3: "Servers MUST send the "+OK" and "-ERR" in upper case."
    if line.partition(b" ")[0] not in {_OK, _ERR}:
        raise Unexpected(line, "+OK or -ERR")
    return status.parse(line)


def _list(talk: Talk, wait: Wait) -> Steps[list[bytes]]:
    """Read the lines behind a ``+OK`` up to the dot that ends them, without their stuffed dots (RFC 1939 §3)."""
    lines: list[bytes] = []
    while (line := (yield from talk.line(wait))) != b".":
        lines.append(line.removeprefix(b"."))
    return lines


def client(talk: Talk, setup: ClientSetup) -> Steps[None]:
    """Greeting, CAPA, STLS, +OK."""
    greeting = yield from _status(talk, GREETING)
    talk.note("greeting", greeting.text)
    if greeting.word != _OK:
        raise status.refused(greeting)

    talk.send(b"CAPA\r\n")
    answer = yield from _status(talk, CAPA)
    if answer.word == _OK:
        capabilities = yield from _list(talk, CAPA)
        talk.note("capabilities", *capabilities)
        # RFC 2595 §4: STLS has no arguments; a capability is compared whole, in any case
        if not (setup.unoffered or b"STLS" in [line.upper().rstrip(b" ") for line in capabilities]):
            raise NotOffered("STLS", tuple(line.decode("ascii", "backslashreplace") for line in capabilities))

    talk.send(b"STLS\r\n")
    answer = yield from _status(talk, GO_AHEAD)
    if answer.word != _OK:
        raise status.refused(answer)
    talk.upgrade()


def server(talk: Talk, setup: ServerSetup) -> Steps[None]:
    """Greet, list STLS, refuse logins, and answer STLS with +OK."""
    # RFC 1939 §7: a greeting without <...> offers no APOP
    talk.send(b"+OK %b POP3 ready\r\n" % setup.name.encode("ascii", "replace"))
    while True:
        line = yield from talk.line(COMMAND)
        verb, _, argument = line.rstrip(b" \t").partition(b" ")
        match verb.upper():
            case b"STLS" if not argument:
                talk.upgrade(b"+OK Begin TLS negotiation\r\n", refusal=b"-ERR Data behind STLS\r\n")
                return
            case b"CAPA" if not argument:  # RFC 2449 §5; neither USER nor SASL, as there is no login in plaintext
                talk.send(b"+OK Capability list follows\r\nSTLS\r\n.\r\n")
            case b"QUIT":
                talk.send(b"+OK Bye\r\n")
                raise NotRequested("STLS")
            case b"USER" | b"PASS" | b"APOP" | b"AUTH":
                talk.send(b"-ERR No login before STLS\r\n")
            case word if word.isalpha():
                talk.send(b"-ERR Not known, or not before STLS\r\n")
            case _:
                raise Unexpected(line, "a command")


POP3 = Protocol(
    name="pop3",
    title="POP3",
    implicit="pop3s",
    ports=Ports((110,), (995,)),
    rfcs=("RFC 2595", "RFC 1939", "RFC 2449", "RFC 8314"),
    first=Side.SERVER,
    verb="STLS",
    go_ahead="+OK",
    after_tls="forget what CAPA said; send CAPA again (RFC 2595 §4)",
    first_inside=Side.CLIENT,
    alpn=("pop3",),
    srv=("_pop3._tcp", "_pop3s._tcp"),  # RFC 6186 §3.3
    redact=secrets.after("PASS", "APOP", sasl=r"AUTH(?:[ \t]+[\w-]{1,20})?"),
    client=client,
    server=server,
)
