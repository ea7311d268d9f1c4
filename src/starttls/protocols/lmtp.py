"""LMTP, mail delivery into a mail store: STARTTLS (RFC 3207) behind LHLO (RFC 2033).

::

    S: 220 store.example.org LMTP
    C: LHLO relay.example.org
    S: 250-store.example.org
    S: 250-PIPELINING
    S: 250-ENHANCEDSTATUSCODES
    S: 250-8BITMIME
    S: 250 STARTTLS
    C: STARTTLS
    S: 220 2.0.0 Ready to start TLS
    (TLS)
    C: LHLO relay.example.org

It is SMTP with another hello, and with one reply for each recipient after DATA; before TLS only the hello
shows. RFC 3207 says EHLO, and LHLO "has identical semantics" (RFC 2033 §4.1), so its rules hold for LMTP as
they stand: 220 alone is the go-ahead, 454 is "not now", and what LHLO said is forgotten inside TLS.

The one trap: the hello decides which protocol one speaks, and it exists so that a misconfiguration shows. A
client that tries EHLO after a refused LHLO delivers mail to a relay that it took for a mail store::

    S: 220 relay.example.org ESMTP
    C: LHLO relay.example.org
    S: 500 5.5.2 Command not recognized
    (the end: refused)

In the field: Dovecot offers STARTTLS on a TCP socket as soon as a certificate is set; Cyrus lmtpd does too, but
its option ``-a`` (who connects is authenticated already) hides the offer; Postfix's client asks for it as its
``lmtp_tls_security_level`` says.

What the server's role answers before TLS:

=========================== ======================================================================
LHLO with a name            ``250``, the offer; without one ``501``
STARTTLS                    ``220``; with a parameter ``501``; with bytes behind it ``554``, the end
NOOP, QUIT                  ``250``, ``221``
EHLO, HELO, unknown words   ``500``
MAIL and all other verbs    ``530 5.7.0 Must issue a STARTTLS command first``
anything that is no verb    nothing: the end
=========================== ======================================================================

The dialogue that both share is `starttls.grammar.esmtp`.
"""

from starttls.core.facts import ClientSetup, Ports, Protocol, ServerSetup
from starttls.core.talk import Steps, Talk
from starttls.core.transcript import Side
from starttls.grammar import esmtp, secrets

__all__ = ["LMTP"]

_DIALECT = esmtp.Dialect(
    # RFC 2033 §4.1: "The HELO and EHLO commands of ESMTP are not present in LMTP. ... The 500 reply code is
    # recommended." So neither is known.
    hello=b"LHLO",
    service=b"LMTP",
    # RFC 2033 §5 obliges a server to the first two, and recommends the third.
    keywords=(b"PIPELINING", b"ENHANCEDSTATUSCODES", b"8BITMIME"),
    # TURN and ETRN move a queue, which LMTP was made to do without.
    held_back=frozenset(
        {
            *(b"MAIL", b"RCPT", b"DATA", b"BDAT", b"RSET"),  # RFC 5321 §4.1.1, RFC 3030
            *(b"VRFY", b"EXPN", b"HELP"),  # RFC 5321 §4.1.1
            b"AUTH",  # RFC 4954; stores that relays may log in to have it
        }
    ),
)

# The arguments of AUTH are a mechanism and, with it or on the lines behind it, the secret (RFC 4954 §4).
_REDACT = secrets.after(sasl=r"AUTH(?:[ \t]+[\w-]{1,20})?")


def client(talk: Talk, setup: ClientSetup) -> Steps[None]:
    """LHLO, STARTTLS, 220."""
    return esmtp.client(talk, setup, _DIALECT)


def server(talk: Talk, setup: ServerSetup) -> Steps[None]:
    """Answer LHLO with the offer and STARTTLS with 220; EHLO and HELO get 500, mail and logins get 530."""
    return esmtp.server(talk, setup, _DIALECT)


LMTP = Protocol(
    name="lmtp",
    title="LMTP",
    # RFC 2033 §5 forbids port 25 and names no other. Port 24 is IANA's "any private mail system": mail stores
    # listen there, or on a socket in the file system.
    ports=Ports((24,)),
    rfcs=("RFC 3207", "RFC 2033"),
    first=Side.SERVER,
    verb="STARTTLS",
    go_ahead="220",
    after_tls="forget what LHLO said; send LHLO again (RFC 3207 §4.2)",
    first_inside=Side.CLIENT,
    redact=_REDACT,
    client=client,
    server=server,
)
