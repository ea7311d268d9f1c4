"""Dovecot (OpenSSL): IMAP, POP3, LMTP, ManageSieve and submission, with an ECDSA certificate."""

import trustme

from tests.interop.servers.authority import NAME
from tests.interop.servers.service import Launch, Offer, Place, Server

USER = "joe"
PASSWORD = "correct-horse"

# Without ssl_dh Dovecot 2.3 offers DHE suites and then aborts when a client picks one.
_CONF = """\
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
instance_name = interop
hostname = {name}
listen = {address}
protocols = imap pop3 lmtp sieve submission
ssl = required
ssl_cert = <{chain}
ssl_key = <{key}
ssl_min_protocol = TLSv1.2
ssl_cipher_list = HIGH:!kDHE:!aNULL
lmtp_save_to_detail_mailbox = no
submission_relay_host = 127.0.0.1
mail_location = maildir:{folder}/mail/%n
mail_uid = mail
mail_gid = mail
first_valid_uid = 1
mail_max_userip_connections = 1000
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home={folder}/mail/%n allow_all_users=yes
}}
service imap-login {{
  inet_listener imap {{
    port = 143
  }}
  inet_listener imaps {{
    port = 993
    ssl = yes
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = 110
  }}
  inet_listener pop3s {{
    port = 995
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = 24
  }}
}}
service managesieve-login {{
  inet_listener sieve {{
    port = 4190
  }}
}}
service submission-login {{
  inet_listener submission {{
    port = 587
  }}
  inet_listener submissions {{
    port = 465
    ssl = yes
  }}
}}
"""


def prepare(place: Place) -> Launch:
    """Write one configuration file; the mailboxes appear when somebody logs in."""
    made = place.certify(trustme.KeyType.ECDSA)
    place.make_folder("mail", owner="mail")
    text = _CONF.format(
        folder=place.folder,
        address=place.address,
        name=NAME,
        chain=made.chain,
        key=made.key,
        password=PASSWORD,
    )
    return Launch(
        command=("dovecot", "-F", "-c", place.write("dovecot.conf", text)),
        logs=(place.folder / "dovecot.log",),
    )


DOVECOT = Server(
    name="dovecot",
    octet=2,
    offers=(
        Offer("dovecot", "imap", "imap", 143),
        Offer("dovecot", "imaps", "imap", 993, implicit=True),
        Offer("dovecot", "pop3", "pop3", 110),
        Offer("dovecot", "pop3s", "pop3", 995, implicit=True),
        Offer("dovecot", "lmtp", "lmtp", 24),
        Offer("dovecot", "managesieve", "managesieve", 4190),
        Offer("dovecot", "submission", "smtp", 587),
        Offer("dovecot", "submissions", "smtp", 465, implicit=True),
    ),
    prepare=prepare,
    programs=(
        "/usr/sbin/dovecot",
        "/usr/lib/dovecot/imap",
        "/usr/lib/dovecot/pop3",
        "/usr/lib/dovecot/lmtp",
        "/usr/lib/dovecot/managesieve",
        "/usr/lib/dovecot/submission",
    ),
)
