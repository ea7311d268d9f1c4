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
LMTP differs by one verb; the dialogue that both share is `starttls.grammar.esmtp`.
"""

from starttls.core.facts import ClientSetup, Ports, Protocol, ServerSetup
from starttls.core.talk import Steps, Talk
from starttls.core.transcript import Side
from starttls.grammar import esmtp, secrets

__all__ = ["SMTP", "SUBMISSION"]

# RFC 5321 §4.1.1.1: a server must take HELO too; nobody who says it can ask for TLS, but he may try.
_SAYS = {b"HELO": b"250 %b\r\n", b"LHLO": b"500 5.5.1 This is SMTP, not LMTP\r\n"}


def client(talk: Talk, setup: ClientSetup) -> Steps[None]:
    """EHLO, STARTTLS, 220."""
    return esmtp.client(talk, setup, b"EHLO")


def server(talk: Talk, setup: ServerSetup) -> Steps[None]:
    """Answer EHLO with the offer and STARTTLS with 220; anything that carries mail or a login gets 530."""
    return esmtp.server(talk, setup, b"EHLO", _SAYS)


SMTP = Protocol(
    name="smtp",
    title="SMTP",
    implicit="smtps",
    ports=Ports((25,), (465,)),
    rfcs=("RFC 3207", "RFC 5321"),
    first=Side.SERVER,
    verb="STARTTLS",
    go_ahead="220",
    after_tls="forget what EHLO said; send EHLO again (RFC 3207 §4.2)",
    first_inside=Side.CLIENT,
    redact=secrets.after(r"AUTH(?:[ \t]+[\w-]+)?"),
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
    after_tls="forget what EHLO said; send EHLO again (RFC 3207 §4.2)",
    first_inside=Side.CLIENT,
    srv=("_submission._tcp", "_submissions._tcp"),
    redact=secrets.after(r"AUTH(?:[ \t]+[\w-]+)?"),
    client=client,
    server=server,
)
