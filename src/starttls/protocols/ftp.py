"""FTP: AUTH TLS (RFC 4217), on the commands of RFC 2228.

::

    S: 220 ftp.example.org FTP server ready
    C: AUTH TLS
    S: 234 AUTH TLS successful
    (TLS)
    C: PBSZ 0
    S: 200 PBSZ=0
    C: PROT P
    S: 200 Protection set to Private

The one trap: the control connection is not where the files go. After AUTH the data channels are still in
plaintext, until PBSZ and PROT P have both been accepted: `protect` asks for them, inside TLS.

FEAT is not asked first. It lists AUTH where it works, but servers refuse it before the login, spell it in five
ways, and whoever is on the path can cut it: the answer to AUTH is the only one that counts. A greeting of ``230``
says that one is logged in already; after it other clients have gone on in plaintext (CVE-2021-22946).
"""

from starttls.core.errors import NotRequested, Preauthenticated, Unexpected
from starttls.core.facts import ClientSetup, Ports, Protocol, ServerSetup
from starttls.core.talk import Steps, Talk
from starttls.core.transcript import Side
from starttls.core.wait import Wait
from starttls.grammar import replies, secrets

__all__ = ["FTP"]

GREETING = Wait("the greeting", "RFC 959 §5.4, 220")
GO_AHEAD = Wait("the go-ahead", "RFC 4217 §4, 234")
PROTECTION = Wait("the protection of data channels", "RFC 4217 §9, 200")
COMMAND = Wait("a command", "RFC 959 §5.3", 1024)

_SOON, _READY, _OK, _LOGGED_IN, _GO_AHEAD = 120, 220, 200, 230, 234


def client(talk: Talk, _setup: ClientSetup) -> Steps[None]:
    """Read the greeting, ask for TLS, and accept 234 alone."""
    greeting = yield from replies.reply_of_ftp(talk, GREETING)
    if greeting.code == _SOON:  # RFC 959 §4.2: "120 Service ready in nnn minutes."; §5.4: then 220
        greeting = yield from replies.reply_of_ftp(talk, GREETING)
    talk.note("greeting", *greeting.lines)
    if greeting.code == _LOGGED_IN:
        raise Preauthenticated(greeting.text)
    if greeting.code != _READY:
        raise replies.refused(greeting, "220")

    go_ahead = yield from replies.ask(talk, b"AUTH TLS", GO_AHEAD, replies.reply_of_ftp)
    # RFC 2228 §3: 500, 502, 504, 534 and 431 say no; 334 wants ADAT, which TLS does not have (RFC 4217 §4.2)
    if go_ahead.code != _GO_AHEAD:
        raise replies.refused(go_ahead, "234")
    talk.upgrade()


def protect(talk: Talk, _setup: ClientSetup) -> Steps[None]:
    """Inside TLS, before or after the login: make the data channels private as well (RFC 4217 §9)."""
    # RFC 4217 §9: PROT comes behind a PBSZ; over TLS nothing is buffered, so its size is 0
    for command in (b"PBSZ 0", b"PROT P"):
        answer = yield from replies.ask(talk, command, PROTECTION, replies.reply_of_ftp)
        if answer.code != _OK:
            raise replies.refused(answer, "200")
    talk.finish()


def server(talk: Talk, setup: ServerSetup) -> Steps[None]:
    """Greet, and answer until the client asks for TLS; a login or a transfer gets 530."""
    talk.send(b"220 %b FTP\r\n" % setup.name.encode("ascii", "replace"))
    while True:
        line = yield from talk.line(COMMAND)
        verb, _, argument = line.upper().partition(b" ")
        # RFC 4217 §17: "TLS-C" is an older name of "TLS"
        if verb == b"AUTH" and argument in {b"TLS", b"TLS-C"}:
            talk.upgrade(b"234 AUTH TLS accepted\r\n", refusal=b"503 Data behind AUTH\r\n")
            return
        if line.upper() == b"QUIT":
            talk.send(b"221 Bye\r\n")
            raise NotRequested("AUTH TLS")
        if not verb.isalpha():  # a TLS hello, HTTP, or noise: nobody who speaks this protocol
            raise Unexpected(line, "a command")
        talk.send(_answer(verb, argument))


def _answer(verb: bytes, argument: bytes) -> bytes:
    match verb:
        case b"AUTH" if argument:
            # RFC 2228 §3: "If the server does not understand the named security mechanism ... 504"
            return b"504 No mechanism but TLS\r\n"
        case b"AUTH" | b"FEAT" | b"NOOP" | b"QUIT":
            return b"501 Wrong number of arguments\r\n" if argument or verb not in _SAYS else _SAYS[verb]
        case b"CCC":  # RFC 4217 §5: 533 where there is no TLS that could be ended
            return b"533 AUTH TLS first\r\n"
        case b"PBSZ" | b"PROT" | b"ADAT" | b"MIC" | b"CONF" | b"ENC":
            # RFC 2228 §3, of PBSZ: "must be preceded by a successful security data exchange"
            return b"503 AUTH TLS first\r\n"
        case _:
            # RFC 4217 leaves open how a server insists on TLS. 530 is "not logged in", and what most of them say.
            return b"530 AUTH TLS first\r\n" if verb in _KNOWN else b"500 Command not recognized\r\n"


# RFC 4217 §6, RFC 2389 §3.2: a space before each feature.
_SAYS = {b"FEAT": b"211-Features:\r\n AUTH TLS\r\n PBSZ\r\n PROT\r\n211 End\r\n", b"NOOP": b"200 OK\r\n"}
# RFC 959, 2389, 2428, 2640, 3659, 7151.
_KNOWN = frozenset(
    b"USER PASS ACCT CWD CDUP SMNT REIN PORT PASV TYPE STRU MODE RETR STOR STOU APPE ALLO REST RNFR RNTO ABOR DELE RMD "
    b"MKD PWD LIST NLST SITE SYST STAT HELP OPTS EPRT EPSV MDTM SIZE MLST MLSD LANG HOST".split()
)

FTP = Protocol(
    name="ftp",
    title="FTP",
    implicit="ftps",
    ports=Ports((21,), (990,)),
    rfcs=("RFC 4217", "RFC 2228", "RFC 959"),
    first=Side.SERVER,
    verb="AUTH TLS",
    go_ahead="234",
    after_tls="log in again; PBSZ 0 and PROT P before any data channel (RFC 4217 §9)",
    first_inside=Side.CLIENT,
    alpn=("ftp",),
    redact=secrets.after("PASS", "ACCT", "ADAT"),
    client=client,
    inside=protect,
    server=server,
)
