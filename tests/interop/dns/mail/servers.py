"""The servers of the mail world: Postfix and Exim as mail hosts, nginx for the policies of MTA-STS."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.interop.dns.mail.papers import Paper
from tests.interop.dns.mail.scene import Domain
from tests.interop.servers.service import Launch
from tests.interop.servers.world import unpacked_packages

__all__ = ["MailHost", "WebSite", "exim", "nginx", "postfix"]

_MAIN = """\
compatibility_level = 3.7
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
myhostname = mx.invalid
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
smtpd_peername_lookup = no
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
"""

_MASTER = """\
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
proxymap unix - - n - - proxymap
discard unix - - n - - discard
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""

_EXIM_USER = "Debian-exim"
_EXIM = """\
primary_hostname = mx.invalid
spool_directory = {folder}/spool
log_file_path = {folder}/spool/log/%slog
pid_file_path = {folder}/spool/exim.pid
local_interfaces = {addresses}
daemon_smtp_ports = 25
tls_advertise_hosts = *
tls_certificate = {folder}/$received_ip_address.chain.pem
tls_privatekey = {folder}/$received_ip_address.key.pem
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

_NGINX = """\
worker_processes 1;
daemon off;
user www-data;
pid {folder}/nginx.pid;
error_log stderr;
events {{ }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
{sites}}}
"""
_SITE = """\
  server {{
    listen {address}:443 ssl;
    server_name mta-sts.{domain};
    ssl_certificate {chain};
    ssl_certificate_key {key};
    location = /.well-known/mta-sts.txt {{
      {web};
      alias {file};
    }}
  }}
"""


@dataclass(frozen=True, slots=True)
class MailHost:
    """A host of the mail world."""

    domain: Domain
    address: str
    paper: Paper


@dataclass(frozen=True, slots=True)
class WebSite:
    """Where a domain has its policy."""

    domain: Domain
    paper: Paper


def postfix(hosts: Sequence[MailHost], folder: Path) -> Launch:
    """One smtpd for each host."""
    _make(folder / "queue", 0o755)
    shutil.chown(_make(folder / "data", 0o700), "postfix")
    (folder / "etc").mkdir()
    (folder / "etc/main.cf").write_text(_MAIN.format(folder=folder))
    lines = []
    for host in hosts:
        options = f"-o smtpd_tls_chain_files={host.paper.key},{host.paper.chain}"
        if not host.domain.starttls:
            options = "-o smtpd_tls_security_level=none"
        lines.append(f"{host.address}:25 inet n - n - - smtpd {options}\n")
    (folder / "etc/master.cf").write_text("".join(lines) + _MASTER)
    return Launch(command=("postfix", "-c", folder / "etc", "start-fg"), logs=(folder / "mail.log",))


def exim(hosts: Sequence[MailHost], folder: Path) -> Launch:
    """One daemon on all addresses, with a certificate for each; it reads the keys as a user of its own."""
    shutil.copytree(unpacked_packages() / "exim4-daemon-heavy", folder / "unpacked", symlinks=True)
    for name in ("spool", "spool/log"):
        shutil.chown(_make(folder / name, 0o755), _EXIM_USER)
    for host in hosts:
        shutil.copy(host.paper.chain, folder / f"{host.address}.chain.pem")
        shutil.chown(shutil.copy(host.paper.key, folder / f"{host.address}.key.pem"), _EXIM_USER)
    text = _EXIM.format(folder=folder, addresses=" : ".join(host.address for host in hosts))
    (folder / "exim.conf").write_text(text)
    (folder / "exim.conf").chmod(0o644)
    return Launch(
        command=(folder / "unpacked/usr/sbin/exim4", "-C", folder / "exim.conf", "-bdf", "-q30m"),
        logs=(folder / "spool/log/mainlog", folder / "spool/log/paniclog"),
    )


def nginx(sites: Sequence[WebSite], folder: Path, address: str) -> Launch:
    """One site for each policy, told apart by SNI."""
    texts = []
    for site in sites:
        assert site.domain.sts is not None
        file = folder / f"{site.domain.name}.txt"
        file.write_text(_policy(site.domain))
        file.chmod(0o644)
        texts.append(
            _SITE.format(
                address=address,
                domain=site.domain.name,
                chain=site.paper.chain,
                key=site.paper.key,
                web=site.domain.sts.web,
                file=file,
            )
        )
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, sites="".join(texts)))
    return Launch(command=("nginx", "-c", folder / "nginx.conf", "-e", "stderr"))


def _policy(domain: Domain) -> str:
    sts = domain.sts
    assert sts is not None
    patterns = [f"mx: {pattern.format(mx=domain.host)}" for pattern in sts.mx]
    return "\r\n".join(["version: STSv1", f"mode: {sts.mode}", *patterns, "max_age: 86400", ""])


def _make(folder: Path, mode: int) -> Path:
    folder.mkdir()
    folder.chmod(mode)
    return folder
