"""Real servers from Debian packages: one module each, and the list of all."""

from tests.interop.servers.chasquid import CHASQUID
from tests.interop.servers.cyrus import CYRUS
from tests.interop.servers.dovecot import DOVECOT
from tests.interop.servers.exim import EXIM
from tests.interop.servers.inn import INN, INN_IMPLICIT
from tests.interop.servers.inspircd import INSPIRCD
from tests.interop.servers.mariadb import MARIADB
from tests.interop.servers.openldap import OPENLDAP
from tests.interop.servers.postfix import POSTFIX
from tests.interop.servers.postgresql import POSTGRESQL
from tests.interop.servers.proftpd import PROFTPD
from tests.interop.servers.prosody import PROSODY
from tests.interop.servers.sendmail import SENDMAIL
from tests.interop.servers.service import Offer, Server
from tests.interop.servers.vsftpd import VSFTPD, VSFTPD_IMPLICIT

ALL: tuple[Server, ...] = (
    POSTFIX,
    DOVECOT,
    EXIM,
    SENDMAIL,
    CHASQUID,
    CYRUS,
    OPENLDAP,
    PROSODY,
    VSFTPD,
    VSFTPD_IMPLICIT,
    PROFTPD,
    INN,
    INN_IMPLICIT,
    INSPIRCD,
    POSTGRESQL,
    MARIADB,
)

SERVICES: tuple[Offer, ...] = tuple(offer for server in ALL for offer in server.offers)
"""Every port of every server: what interop tests are parametrised over, through the fixture `service`."""
