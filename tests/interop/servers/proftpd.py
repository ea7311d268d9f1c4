"""ProFTPD (OpenSSL): FTP with AUTH TLS and implicit FTPS, with an ECDSA certificate."""

import trustme

from tests.interop.servers.authority import NAME
from tests.interop.servers.service import Launch, Offer, Place, Server

# The second server inherits nothing: both say how TLS is done.
_CONF = """\
ModulePath {unpacked}/usr/lib/proftpd
LoadModule mod_tls.c
ServerName "{name}"
ServerType standalone
DefaultAddress {address}
SocketBindTight on
Port 21
User nobody
Group nogroup
PidFile {folder}/proftpd.pid
ScoreboardFile {folder}/scoreboard
DelayEngine off
UseReverseDNS off
WtmpLog off
{tls}
TLSOptions NoSessionReuseRequired
<VirtualHost {address}>
  Port 990
  {tls}
  TLSOptions UseImplicitSSL NoSessionReuseRequired
</VirtualHost>
"""

_TLS = """\
TLSEngine on
  TLSRequired on
  TLSProtocol TLSv1.2 TLSv1.3
  TLSLog {folder}/tls.log
  TLSECCertificateFile {leaf}
  TLSECCertificateKeyFile {key}
  TLSCertificateChainFile {issuers}"""


def prepare(place: Place) -> Launch:
    """Write one configuration file with two servers."""
    made = place.certify(trustme.KeyType.ECDSA)
    tls = _TLS.format(folder=place.folder, leaf=made.leaf, issuers=made.issuers, key=made.key)
    text = _CONF.format(unpacked=place.unpacked, name=NAME, address=place.address, folder=place.folder, tls=tls)
    proftpd = place.unpacked / "usr/sbin/proftpd"
    return Launch(
        command=(proftpd, "--nodaemon", "--config", place.write("proftpd.conf", text)),
        logs=(place.folder / "tls.log",),
    )


PROFTPD = Server(
    name="proftpd",
    octet=10,
    offers=(
        Offer("proftpd", "ftp", "ftp", 21),
        Offer("proftpd", "ftps", "ftp", 990, implicit=True),
    ),
    prepare=prepare,
    unpacked=("proftpd-core", "proftpd-mod-crypto"),
)
