"""InspIRCd (GnuTLS): IRC with STARTTLS, and IRC over TLS, with an RSA certificate."""

import trustme

from tests.interop.servers.authority import NAME
from tests.interop.servers.service import Launch, Offer, Place, Server

_USER = "irc"

_CONF = """\
<server name="{name}" description="interop" network="interop">
<admin name="nobody" nick="nobody" email="nobody@interop.test">
<module name="ssl_gnutls">
<module name="starttls">
<module name="cap">
<sslprofile name="interop" provider="gnutls" certfile="{chain}" keyfile="{key}">
<starttls provider="interop">
<bind address="{address}" port="6667" type="clients">
<bind address="{address}" port="6697" type="clients" sslprofile="interop">
<connect name="all" allow="*" resolvehostnames="no" timeout="20" globalmax="1000" localmax="1000">
<files motd="{folder}/motd.txt">
<path configdir="{folder}" datadir="{folder}/data" logdir="{folder}/data" runtimedir="{folder}/data">
<pid file="{folder}/data/inspircd.pid">
<log method="file" type="* -USERINPUT -USEROUTPUT" level="default" target="{folder}/data/inspircd.log">
"""


def prepare(place: Place) -> Launch:
    """Write one configuration file."""
    made = place.certify(trustme.KeyType.RSA)
    place.make_folder("data", owner=_USER)
    place.write("motd.txt", "hello\n")
    text = _CONF.format(
        name=NAME,
        address=place.address,
        folder=place.folder,
        chain=made.chain,
        key=place.write("key.pem", made.key.read_text(), owner=_USER, mode=0o600),
    )
    return Launch(
        command=("inspircd", "--nofork", "--config", place.write("inspircd.conf", text)),
        user=_USER,
        logs=(place.folder / "data/inspircd.log",),
    )


INSPIRCD = Server(
    name="inspircd",
    octet=13,
    offers=(
        Offer("inspircd", "irc", "irc", 6667),
        Offer("inspircd", "ircs", "irc", 6697, implicit=True),
    ),
    prepare=prepare,
    programs=("/usr/sbin/inspircd",),
)
