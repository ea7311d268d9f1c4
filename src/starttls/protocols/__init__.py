"""The protocols: one file each, none imports another. `ALL` is the visible list.

A new protocol is its file, its line here, and a folder of transcripts.
"""

from starttls.core.facts import Protocol
from starttls.protocols import ftp, imap, irc, ldap, lmtp, managesieve, mysql, nntp, pop3, postgresql, smtp, xmpp

__all__ = ["ALL", "by_name", "by_port"]

ALL: tuple[Protocol, ...] = (
    smtp.SMTP,
    smtp.SUBMISSION,
    lmtp.LMTP,
    imap.IMAP,
    pop3.POP3,
    managesieve.MANAGESIEVE,
    xmpp.XMPP,
    xmpp.XMPP_SERVER,
    ldap.LDAP,
    ftp.FTP,
    nntp.NNTP,
    irc.IRC,
    postgresql.POSTGRESQL,
    mysql.MYSQL,
)


def by_name(scheme: str) -> tuple[Protocol, bool]:
    """The protocol of a URL's scheme, and whether the scheme means implicit TLS. Raises `KeyError`."""
    for protocol in ALL:
        if scheme == protocol.name or scheme in protocol.aliases:
            return protocol, False
    for protocol in ALL:
        if scheme == protocol.implicit:
            return protocol, True
    raise KeyError(scheme)


def by_port(port: int) -> tuple[Protocol, bool]:
    """The protocol of a port, and whether it means implicit TLS. Raises `KeyError`."""
    for protocol in ALL:
        if port in protocol.ports.upgrade:
            return protocol, False
    for protocol in reversed(ALL):  # 465 is Submission's (RFC 8314 §3.3), though smtps goes there, too
        if port in protocol.ports.implicit:
            return protocol, True
    raise KeyError(port)
