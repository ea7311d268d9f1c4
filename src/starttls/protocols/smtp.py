"""SMTP and message submission: STARTTLS (RFC 3207).

::

    S: 220 mail.example.org ESMTP
    C: EHLO client.example.org
    S: 250-mail.example.org
    S: 250-SIZE 52428800
    S: 250 STARTTLS
    C: STARTTLS
    S: 220 2.0.0 Ready to start TLS
    (TLS)
    C: EHLO client.example.org

The one trap: only ``220`` is the go-ahead. Other clients take any 2xx, or do not look at all, and what an
attacker glues behind it (``220 ok``, ``250 AUTH PLAIN``) they later read as if it had come inside TLS.

What the other replies to STARTTLS mean:

======== =================================================================
``454``  not now (a certificate is being replaced, the table is full)
``421``  too many connections: nothing is said about STARTTLS at all
``501``  a parameter was given; we give none, so somebody added it
``500``  not known here, or a firewall rewrote the command
``530``  a policy of the server's, applied to the wrong command
others   a 4xx or 5xx is a refusal; a 2xx or 3xx breaks the protocol
======== =================================================================

LMTP differs by one verb; the dialogue that both share is `starttls.grammar.esmtp`.
"""

from starttls.core.facts import ClientSetup, Ports, Protocol, ServerSetup
from starttls.core.talk import Steps, Talk
from starttls.core.transcript import Side
from starttls.grammar import esmtp, secrets

__all__ = ["SMTP", "SUBMISSION"]

_DIALECT = esmtp.Dialect(
    hello=b"EHLO",
    service=b"ESMTP",
    keywords=(b"ENHANCEDSTATUSCODES",),
    # HELO is among them: who says it can not learn of STARTTLS, and RFC 3207 §4 allows it 530.
    held_back=frozenset(
        {
            *(b"HELO", b"MAIL", b"RCPT", b"DATA", b"BDAT", b"RSET"),  # RFC 5321 §4.1.1, RFC 3030
            *(b"VRFY", b"EXPN", b"HELP"),  # RFC 5321 §4.1.1
            *(b"AUTH", b"ETRN", b"ATRN", b"TURN", b"BURL"),  # RFC 4954, 1985, 2645, 821, 4468
        }
    ),
)

# The arguments of AUTH are a mechanism and, with it or on the lines behind it, the secret (RFC 4954 §4).
_REDACT = secrets.after(sasl=r"AUTH(?:[ \t]+[\w-]{1,20})?")

_AFTER_TLS = "forget what EHLO said; send EHLO again (RFC 3207 §4.2)"


def client(talk: Talk, setup: ClientSetup) -> Steps[None]:
    """EHLO, STARTTLS, 220."""
    return esmtp.client(talk, setup, _DIALECT)


def server(talk: Talk, setup: ServerSetup) -> Steps[None]:
    """Answer EHLO with the offer and STARTTLS with 220; anything that carries mail or a login gets 530."""
    return esmtp.server(talk, setup, _DIALECT)


SMTP = Protocol(
    name="smtp",
    title="SMTP",
    implicit="smtps",
    ports=Ports((25,), (465,)),
    rfcs=("RFC 3207", "RFC 5321"),
    first=Side.SERVER,
    verb="STARTTLS",
    go_ahead="220",
    after_tls=_AFTER_TLS,
    first_inside=Side.CLIENT,
    redact=_REDACT,
    client=client,
    server=server,
)

SUBMISSION = Protocol(
    name="submission",
    title="Submission",
    implicit="submissions",
    ports=Ports((587,), (465,)),
    rfcs=("RFC 3207", "RFC 6409", "RFC 8314"),
    first=Side.SERVER,
    verb="STARTTLS",
    go_ahead="220",
    after_tls=_AFTER_TLS,
    first_inside=Side.CLIENT,
    srv=("_submission._tcp", "_submissions._tcp"),  # RFC 6186 §3.1, RFC 8314 §5.1
    redact=_REDACT,
    client=client,
    server=server,
)
