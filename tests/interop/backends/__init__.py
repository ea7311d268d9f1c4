"""Small, honest services inside TLS, one file each: enough for a real client to do its work and go home content.

A back end gets a `Stream` that our own server has upgraded, and writes what it saw into a `Visit`.
"""

from collections.abc import Mapping
from types import MappingProxyType

from tests.interop.backends import ftp, imap, irc, ldap, managesieve, mysql, nntp, pop3, postgresql, smtp, xmpp
from tests.interop.backends.visit import Backend

__all__ = ["BACKENDS"]

BACKENDS: Mapping[str, Backend] = MappingProxyType(
    {
        "smtp": smtp.smtp,
        "submission": smtp.smtp,
        "lmtp": smtp.lmtp,
        "imap": imap.imap,
        "pop3": pop3.pop3,
        "managesieve": managesieve.managesieve,
        "xmpp": xmpp.client_to_server,
        "xmpp-server": xmpp.server_to_server,
        "ldap": ldap.ldap,
        "ftp": ftp.ftp,
        "nntp": nntp.nntp,
        "irc": irc.irc,
        "postgresql": postgresql.postgresql,
        "mysql": mysql.mysql,
    }
)
"""What stands behind our server, by the name of the protocol."""
