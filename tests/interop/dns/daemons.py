"""The name servers of the signed world: one that has the zones, and resolvers of two makes."""

from collections.abc import Iterable
from pathlib import Path

import trustme

from tests.interop.dns.sign import Signed
from tests.interop.servers.service import Launch

__all__ = ["named", "nsd", "trust_anchor", "unbound"]

_NSD = """\
server:
  ip-address: {address}@53
  username: nsd
  chroot: ""
  zonesdir: "{folder}"
  pidfile: ""
  database: ""
  zonelistfile: "{folder}/zone.list"
  xfrdfile: ""
  # By default it answers no more than 200 questions a second.
  rrl-ratelimit: 0
  rrl-whitelist-ratelimit: 0
remote-control:
  control-enable: no
"""

_UNBOUND = """\
server:
  interface: {address}@53
  interface: {address}@853
  interface: {address}@443
  tls-port: 853
  https-port: 443
  tls-service-key: "{key}"
  tls-service-pem: "{chain}"
  access-control: 127.0.0.0/8 allow
  username: unbound
  chroot: ""
  directory: "{folder}"
  pidfile: ""
  use-syslog: no
  logfile: ""
  do-daemonize: no
  do-ip6: no
  do-not-query-localhost: no
  root-hints: "{hints}"
  trust-anchor-file: "{anchors}"
  module-config: "validator iterator"
  local-zone: "test." nodefault
  ede: yes
  val-log-level: 2
  # RFC 9276 §3.2: as we do; by default it is 150.
  val-nsec3-keysize-iterations: "1024 100 2048 100 4096 100"
remote-control:
  control-enable: no
"""

_NAMED = """\
options {{
  directory "{folder}";
  listen-on port {port} {{ 127.0.0.1; }};
  listen-on-v6 {{ none; }};
  query-source address 127.0.0.1;
  pid-file none;
  session-keyfile none;
  max-cache-size 20m;
  recursion yes;
  allow-query {{ 127.0.0.0/8; }};
  dnssec-validation no;
  empty-zones-enable no;
}};
controls {{ }};
zone "." {{ type hint; file "{hints}"; }};
"""


def nsd(zones: Iterable[Signed], folder: Path, address: str) -> Launch:
    """The server that has all zones."""
    text = [_NSD.format(address=address, folder=folder)]
    text += [f'zone:\n  name: "{signed.zone.name}"\n  zonefile: "{signed.file}"\n' for signed in zones]
    file = _write(folder / "nsd.conf", "".join(text))
    return Launch(command=("nsd", "-d", "-c", file))


def unbound(folder: Path, address: str, hints: Path, anchors: Path, certificate: trustme.LeafCert) -> Launch:
    """A resolver that validates, by UDP, TCP, TLS and HTTPS."""
    key, chain = folder / "key.pem", folder / "chain.pem"
    certificate.private_key_pem.write_to_path(key)
    for blob in certificate.cert_chain_pems:
        blob.write_to_path(chain, append=True)
    text = _UNBOUND.format(folder=folder, address=address, hints=hints, anchors=anchors, key=key, chain=chain)
    return Launch(command=("unbound", "-d", "-p", "-c", _write(folder / "unbound.conf", text)))


def named(folder: Path, port: int, hints: Path) -> Launch:
    """A resolver that does not validate: it hands on what it finds.

    It listens on no address that an interface does not name, and of 127/8 that is 127.0.0.1 alone.
    """
    file = _write(folder / "named.conf", _NAMED.format(folder=folder, port=port, hints=hints))
    return Launch(command=("named", "-g", "-4", "-n", "1", "-u", "bind", "-c", file))


def trust_anchor(key: str) -> str:
    """A DNSKEY record as BIND's programs want to be told of it."""
    owner, _, _, _, flags, protocol, algorithm, *data = key.split()
    return f'trust-anchors {{ "{owner}" static-key {flags} {protocol} {algorithm} "{"".join(data)}"; }};\n'


def _write(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o644)
    return path
