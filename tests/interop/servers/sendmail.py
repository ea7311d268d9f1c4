"""Sendmail (OpenSSL): SMTP, submission and implicit-TLS submission, with an RSA certificate."""

import socket
from pathlib import Path

import trustme

from tests.interop.servers.authority import NAME
from tests.interop.servers.daemon import run_once
from tests.interop.servers.service import Launch, Offer, Place, Server

# Sendmail reads the leaf from confSERVER_CERT and the intermediate from confCACERT, never both from one file.
_MC = """\
define(`_USE_ETC_MAIL_')dnl
define(`MAIL_SETTINGS_DIR', `{folder}/etc/')dnl
OSTYPE(`linux')dnl
define(`confDOMAIN_NAME', `{name}')dnl
define(`QUEUE_DIR', `{folder}/queue')dnl
define(`STATUS_FILE', `')dnl
define(`ALIAS_FILE', `')dnl
define(`confPID_FILE', `{folder}/sendmail.pid')dnl
define(`confSERVICE_SWITCH_FILE', `{folder}/etc/service.switch')dnl
define(`confSERVER_CERT', `{leaf}')dnl
define(`confSERVER_KEY', `{key}')dnl
define(`confCACERT', `{issuers}')dnl
define(`confCACERT_PATH', `{folder}/etc')dnl
define(`confDONT_BLAME_SENDMAIL', `TrustStickyBit')dnl
define(`confTO_IDENT', `0')dnl
define(`confCONNECTION_RATE_THROTTLE', `0')dnl
FEATURE(`no_default_msa')dnl
FEATURE(`nocanonify')dnl
FEATURE(`accept_unresolvable_domains')dnl
DAEMON_OPTIONS(`Name=MTA, Addr={address}, Port=25')dnl
DAEMON_OPTIONS(`Name=MSA, Addr={address}, Port=587, M=E')dnl
DAEMON_OPTIONS(`Name=TLSMSA, Addr={address}, Port=465, M=Es')dnl
MAILER(`local')dnl
MAILER(`smtp')dnl
"""


def prepare(place: Place) -> Launch:
    """Make sendmail.cf with m4, as its manual does."""
    made = place.certify(trustme.KeyType.RSA)
    place.make_folder("queue", mode=0o700)
    place.write("etc/service.switch", "hosts files\naliases files\n")
    place.write("etc/local-host-names", "")
    source = place.write(
        "sendmail.mc",
        _MC.format(
            folder=place.folder,
            address=place.address,
            name=NAME,
            leaf=made.leaf,
            issuers=made.issuers,
            key=made.key,
        ),
    )
    macros = place.unpacked / "usr/share/sendmail/cf"
    text = run_once("m4", f"-D_CF_DIR_={macros}/", macros / "m4/cf.m4", source)
    sendmail = place.unpacked / "usr/libexec/sendmail/sendmail"
    return Launch(command=(*_qualified_host(), sendmail, f"-C{place.write('etc/sendmail.cf', text)}", "-bD"))


def _qualified_host() -> tuple[str | Path, ...]:
    # It sleeps for a minute on a host name without a dot: give it one, in a UTS namespace of its own.
    if "." in socket.getfqdn():
        return ()
    return ("unshare", "--uts", "sh", "-c", f'hostname {NAME} && exec "$@"', "sh")


SENDMAIL = Server(
    name="sendmail",
    octet=4,
    offers=(
        Offer("sendmail", "smtp", "smtp", 25),
        Offer("sendmail", "submission", "smtp", 587),
        Offer("sendmail", "submissions", "smtp", 465, implicit=True),
    ),
    prepare=prepare,
    programs=("/usr/bin/m4",),
    unpacked=("sendmail-bin", "sendmail-cf"),
)
