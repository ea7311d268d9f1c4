"""Exim (GnuTLS): SMTP, submission and implicit-TLS submission, with an RSA certificate."""

import trustme

from tests.interop.servers.authority import NAME
from tests.interop.servers.service import Launch, Offer, Place, Server

_USER = "Debian-exim"

_CONF = """\
primary_hostname = {name}
spool_directory = {folder}/spool
log_file_path = {folder}/spool/log/%slog
pid_file_path = {folder}/spool/exim.pid
local_interfaces = {address}
daemon_smtp_ports = 25 : 587 : 465
tls_on_connect_ports = 465
tls_advertise_hosts = *
tls_certificate = {chain}
tls_privatekey = {key}
# Each of these would wait for an answer from elsewhere.
host_lookup =
rfc1413_hosts =
dns_ipv4_lookup =
smtp_accept_max = 0
acl_smtp_rcpt = accept

begin routers
swallow:
  driver = redirect
  data = :blackhole:
"""


def prepare(place: Place) -> Launch:
    """Write the configuration; the key is copied for the user that Exim drops to before it reads it."""
    made = place.certify(trustme.KeyType.RSA)
    place.make_folder("spool", owner=_USER)
    log = place.make_folder("spool/log", owner=_USER)
    text = _CONF.format(
        folder=place.folder,
        address=place.address,
        name=NAME,
        chain=made.chain,
        key=place.write("key.pem", made.key.read_text(), owner=_USER, mode=0o600),
    )
    exim = place.unpacked / "usr/sbin/exim4"
    return Launch(
        command=(exim, "-C", place.write("exim.conf", text), "-bdf", "-q30m"),
        logs=(log / "mainlog", log / "paniclog"),
    )


EXIM = Server(
    name="exim",
    octet=3,
    offers=(
        Offer("exim", "smtp", "smtp", 25),
        Offer("exim", "submission", "smtp", 587),
        Offer("exim", "submissions", "smtp", 465, implicit=True),
    ),
    prepare=prepare,
    unpacked=("exim4-daemon-heavy",),
)
