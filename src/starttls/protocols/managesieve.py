"""ManageSieve: STARTTLS (RFC 5804 §2.2).

::

    S: "IMPLEMENTATION" "Example1 ManageSieved v001"
    S: "SASL" ""
    S: "SIEVE" "fileinto vacation"
    S: "STARTTLS"
    S: "VERSION" "1.0"
    S: OK "ready"
    C: STARTTLS
    S: OK "Begin TLS negotiation now."
    (TLS)
    S: "IMPLEMENTATION" "Example1 ManageSieved v001"
    S: "SASL" "PLAIN"
    S: OK

The one trap: inside TLS the server speaks first, and what it says looks like an answer. It lists its capabilities
again, unasked, without STARTTLS; whoever sends a command at once and takes that list for the answer is off by one.
For the same reason an ``OK`` that comes at once proves no injection here: only an echoed tag of NOOP does.

The list ends at a line that is OK, NO or BYE, not at the letters "OK": they may stand in a string, and a string
may be a literal of many lines.
"""

import re

from starttls.core.errors import NotOffered, NotRequested, Refusal, Refused, Unexpected
from starttls.core.facts import ClientSetup, Ports, Protocol, ServerSetup
from starttls.core.talk import Steps, Talk
from starttls.core.transcript import Side
from starttls.core.wait import Wait
from starttls.grammar import secrets, status

__all__ = ["MANAGESIEVE"]

# RFC 5804 §4 allows quoted strings of 1024 octets, and a line holds two.
GREETING = Wait("the greeting", "RFC 5804 §1.7, capabilities and OK", 4096)
GO_AHEAD = Wait("the go-ahead", "RFC 5804 §2.2, OK", 4096)
LITERAL = Wait("the rest of a literal", "RFC 5804 §4", 65536)
COMMAND = Wait("a command", "RFC 5804 §2", 4096)
CLIENT_LITERAL = Wait("the rest of a client's literal", "RFC 5804 §4", 4096)

_QUOTED = re.compile(rb'"((?:[^"\\\r\n]|\\["\\])*)"')
_COUNTED = re.compile(rb"\{([0-9]{1,10})\+?\}\r\n")
_ESCAPED = re.compile(rb'\\(["\\])')


def _strings(data: bytes) -> list[bytes] | None:
    """The strings in ``data``, quoted or literal, one space between them. None where there is something else."""
    if b"\\" not in data and b"\n" not in data:  # nearly all are quoted, and escape nothing
        match data.split(b'"'):
            case [b"", alone, b""]:
                return [alone]
            case [b"", name, b" ", value, b""]:
                return [name, value]
            case _:
                return None
    found: list[bytes] = []
    at = 0
    while True:
        if quoted := _QUOTED.match(data, at):
            found.append(_ESCAPED.sub(rb"\1", quoted[1]))
            at = quoted.end()
        elif counted := _COUNTED.match(data, at):
            at = counted.end() + int(counted[1])
            found.append(data[counted.end() : at])
        else:
            return None
        if at == len(data):
            return found
        if data[at : at + 1] != b" ":
            return None
        at += 1


def _line(talk: Talk, wait: Wait) -> Steps[bytes]:
    """Read one line with the literals in it."""
    line = yield from talk.line(wait)
    return (yield from status.continued(talk, line, wait, LITERAL)) if line.endswith(b"}") else line


def _status(line: bytes) -> status.Status:
    answer = status.parse(line)
    if answer.word not in {b"OK", b"NO", b"BYE"}:
        raise Unexpected(line, "OK, NO or BYE")
    return answer


def _refused(answer: status.Status) -> Refused:
    # RFC 5804 §1.2: BYE is "I hang up", and says nothing about the next time
    return status.refused(answer, Refusal.TEMPORARY if answer.word == b"BYE" else Refusal.PERMANENT)


def client(talk: Talk, setup: ClientSetup) -> Steps[None]:
    """Read the list and its OK, ask for STARTTLS, and accept OK alone."""
    capabilities: list[bytes] = []
    offered = setup.unoffered
    while (line := (yield from _line(talk, GREETING)))[:1] in {b'"', b"{"}:
        strings = _strings(line)
        if strings is None or len(strings) > 2:
            raise Unexpected(line, "a capability: one string or two")
        capabilities.append(b" ".join(strings).rstrip(b" "))
        # RFC 5804 §1.7: names are compared in any case, and this one has no value
        offered = offered or (len(strings) == 1 and strings[0].upper() == b"STARTTLS")
    greeting = _status(line)
    talk.note("greeting", greeting.text)
    talk.note("capabilities", *capabilities)
    if greeting.word != b"OK":
        raise _refused(greeting)
    if not offered:
        raise NotOffered("STARTTLS", tuple(line.decode("ascii", "backslashreplace") for line in capabilities))

    talk.send(b"STARTTLS\r\n")
    answer = _status((yield from _line(talk, GO_AHEAD)))
    if answer.word != b"OK":
        raise _refused(answer)
    talk.upgrade()


def server(talk: Talk, setup: ServerSetup) -> Steps[None]:
    """Greet with the list, refuse logins, and answer STARTTLS with OK; the list inside TLS is the caller's."""
    # RFC 5804 §1.7: SASL "can be empty if and only if STARTTLS is also advertised"
    offer = b'"IMPLEMENTATION" "starttls"\r\n"SASL" ""\r\n"SIEVE" ""\r\n"STARTTLS"\r\n"VERSION" "1.0"\r\n'
    talk.send(offer + b'OK "%b ready"\r\n' % setup.name.encode("ascii", "replace"))
    while True:
        line = yield from _command(talk)
        verb, _, arguments = line.partition(b" ")
        match verb.upper():
            case b"STARTTLS" if not arguments:
                talk.upgrade(b'OK "Begin TLS now"\r\n', refusal=b'NO "Data behind STARTTLS"\r\n')
                return
            case b"CAPABILITY" if not arguments:
                talk.send(offer + b"OK\r\n")
            case b"NOOP" if not arguments:
                talk.send(b"OK\r\n")
            case b"NOOP" if (strings := _strings(arguments)) and len(strings) == 1:
                # RFC 5804 §2.13; counted, so that no tag can end the answer
                talk.send(b'OK (TAG {%d}\r\n%b) "Done"\r\n' % (len(strings[0]), strings[0]))
            case b"LOGOUT" if not arguments:
                talk.send(b"OK\r\n")
                raise NotRequested("STARTTLS")
            case b"AUTHENTICATE":
                talk.send(b'NO (ENCRYPT-NEEDED) "STARTTLS first"\r\n')
            case word if word.isalpha():
                talk.send(b'NO "Not known, or not before STARTTLS"\r\n')
            case _:
                raise Unexpected(line, "a command")


def _command(talk: Talk) -> Steps[bytes]:
    """Read one command with its literals."""
    line = yield from talk.line(COMMAND)
    if line.endswith(b"}"):
        line = yield from status.continued(talk, line, COMMAND, CLIENT_LITERAL, pushed=True)
        if status.announced(line) is not None:  # RFC 5804 §4: only a server writes {5}; what follows is guesswork
            raise Unexpected(line, "a client's literal: {n+}")
    return line


MANAGESIEVE = Protocol(
    name="managesieve",
    title="ManageSieve",
    aliases=("sieve",),
    ports=Ports((4190,)),
    rfcs=("RFC 5804",),
    first=Side.SERVER,
    verb="STARTTLS",
    go_ahead="OK",
    after_tls="forget the list; read the one that the server sends unasked (RFC 5804 §2.2)",
    first_inside=Side.SERVER,
    alpn=("managesieve",),
    srv=("_sieve._tcp",),  # RFC 5804 §1.8
    redact=secrets.after(sasl=r'AUTHENTICATE(?:[ \t]+"[\w-]{1,20}")?'),
    client=client,
    server=server,
)
