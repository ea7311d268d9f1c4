"""Cyrus IMAP (OpenSSL): IMAP, POP3, LMTP and ManageSieve, with an RSA certificate."""

from pathlib import Path

import trustme

from tests.interop.servers.authority import NAME
from tests.interop.servers.service import Launch, Offer, Place, Server

_USER = "cyrus"
_PROGRAMS = Path("/usr/lib/cyrus/bin")  # of the installed package cyrus-common

_IMAPD = """\
configdirectory: {folder}/lib
partition-default: {folder}/mail
sievedir: {folder}/sieve
proc_path: {folder}/proc
mboxname_lockpath: {folder}/lock
lmtpsocket: {folder}/socket/lmtp
idlesocket: {folder}/socket/idle
notifysocket: {folder}/socket/notify
servername: {name}
admins: cyrus
allowplaintext: no
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {folder}/sasldb2
tls_server_cert: {chain}
tls_server_key: {key}
tls_versions: tls1_2 tls1_3
tls_session_timeout: 0
"""

# The master does not hand its -C down, so each service has its own. `lmtpd -a` would hide STARTTLS.
_CYRUS = """\
START {{
  recover cmd="{programs}/ctl_cyrusdb -C {imapd} -r"
}}
SERVICES {{
  imap cmd="{unpacked}/imapd -C {imapd}" listen="{address}:143"
  imaps cmd="{unpacked}/imapd -C {imapd} -s" listen="{address}:993"
  pop3 cmd="{unpacked}/pop3d -C {imapd}" listen="{address}:110"
  pop3s cmd="{unpacked}/pop3d -C {imapd} -s" listen="{address}:995"
  lmtp cmd="{programs}/lmtpd -C {imapd}" listen="{address}:24"
  sieve cmd="{programs}/timsieved -C {imapd}" listen="{address}:4190"
}}
"""


def prepare(place: Place) -> Launch:
    """Lay out empty stores; `ctl_cyrusdb -r` makes the databases at the start."""
    made = place.certify(trustme.KeyType.RSA)
    for name in ("lib", "lib/db", "lib/socket", "mail", "sieve", "proc", "lock", "socket"):
        place.make_folder(name, owner=_USER)
    key = place.write("key.pem", made.key.read_text(), owner=_USER, mode=0o600)
    imapd = place.write("imapd.conf", _IMAPD.format(folder=place.folder, name=NAME, chain=made.chain, key=key))
    text = _CYRUS.format(
        programs=_PROGRAMS,
        unpacked=place.unpacked / "usr/lib/cyrus/bin",
        imapd=imapd,
        address=place.address,
    )
    master = (_PROGRAMS / "master", "-C", imapd, "-M", place.write("cyrus.conf", text))
    return Launch(command=(*master, "-p", place.folder / "master.pid"))


CYRUS = Server(
    name="cyrus",
    octet=5,
    offers=(
        Offer("cyrus", "imap", "imap", 143),
        Offer("cyrus", "imaps", "imap", 993, implicit=True),
        Offer("cyrus", "pop3", "pop3", 110),
        Offer("cyrus", "pop3s", "pop3", 995, implicit=True),
        Offer("cyrus", "lmtp", "lmtp", 24),
        Offer("cyrus", "managesieve", "managesieve", 4190),
    ),
    prepare=prepare,
    programs=(str(_PROGRAMS / "master"),),
    unpacked=("cyrus-imapd", "cyrus-pop3d"),
)
