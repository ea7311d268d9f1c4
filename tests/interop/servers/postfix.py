"""Postfix (OpenSSL): SMTP, submission, implicit-TLS submission; an RSA and an ECDSA certificate at once."""

import trustme

from tests.interop.servers.authority import NAME
from tests.interop.servers.service import Launch, Offer, Place, Server

_MAIN = """\
compatibility_level = 3.7
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
myhostname = {name}
mydestination =
# An interface has 127.0.0.1 and no other address of 127/8: master.cf names the others.
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
local_recipient_maps =
default_transport = discard:
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_tls_chain_files = {key}, {chain}, {key_rsa}, {chain_rsa}
smtpd_tls_session_cache_database =
smtpd_peername_lookup = no
# Many short connections from one address are what a test is made of.
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
"""

_MASTER = """\
{address}:25 inet n - n - - smtpd
{address}:587 inet n - n - - smtpd -o syslog_name=submission -o smtpd_tls_security_level=encrypt
{address}:465 inet n - n - - smtpd -o syslog_name=submissions -o smtpd_tls_wrappermode=yes
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


def prepare(place: Place) -> Launch:
    """Lay out a queue and a configuration folder."""
    ecdsa, rsa = place.certify(trustme.KeyType.ECDSA), place.certify(trustme.KeyType.RSA)
    place.make_folder("queue")
    place.make_folder("data", owner="postfix", mode=0o700)
    place.write(
        "etc/main.cf",
        _MAIN.format(
            folder=place.folder,
            name=NAME,
            key=ecdsa.key,
            chain=ecdsa.chain,
            key_rsa=rsa.key,
            chain_rsa=rsa.chain,
        ),
    )
    place.write("etc/master.cf", _MASTER.format(address=place.address))
    return Launch(
        command=("postfix", "-c", place.folder / "etc", "start-fg"),
        logs=(place.folder / "mail.log",),
    )


POSTFIX = Server(
    name="postfix",
    octet=1,
    offers=(
        Offer("postfix", "smtp", "smtp", 25),
        Offer("postfix", "submission", "smtp", 587),
        Offer("postfix", "submissions", "smtp", 465, implicit=True),
    ),
    prepare=prepare,
    programs=("/usr/sbin/postfix",),
)
