"""The mail world, running: its zones, its mail hosts and its web server."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from starttls.policy.answer import Status
from tests.interop.dns import harm
from tests.interop.dns.mail.domains import BOGUS, DOMAINS, PLAIN, SECURE, TORN
from tests.interop.dns.mail.papers import Paper, Papers
from tests.interop.dns.mail.scene import Domain
from tests.interop.dns.mail.servers import MailHost, WebSite, exim, nginx, postfix
from tests.interop.dns.private import seeing
from tests.interop.dns.world import SignedWorld, must_have
from tests.interop.dns.zone import Denial, Zone
from tests.interop.dns.zones import ROOT, TOP
from tests.interop.servers.service import Launch
from tests.interop.servers.world import NotInstalled, unpacked_packages

__all__ = ["MailWorld"]

_WEB = 80


class MailWorld:
    """Mail domains with all that belongs to them, on loopback; see `DOMAINS`.

    Raises as `SignedWorld` does.
    """

    def __enter__(self) -> Self:
        must_have("postfix", "posttls-finger", "nginx", "unshare")
        if not (unpacked_packages() / "exim4-daemon-heavy" / ".complete").exists():
            raise NotInstalled("not installed: exim: run tools/interop-install")
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="starttls-mail-")))
            folder.chmod(0o755)
            self._papers = Papers()
            self.ca_file = folder / "root.pem"
            self.ca_file.write_bytes(self._papers.root)
            hosted = [domain for domain in DOMAINS if domain.has_a_host]
            papers = {domain: self._issue(folder, domain) for domain in hosted}
            self.dns = stack.enter_context(SignedWorld(self._zones(papers)))
            hosts = [MailHost(domain, self.dns.address(*_place(domain)), papers[domain]) for domain in hosted]
            self._start([host for host in hosts if not host.domain.exim], "postfix", postfix)
            self._start([host for host in hosts if host.domain.exim], "exim", exim)
            self._start_web(folder)
            self.resolv_conf = folder / "resolv.conf"
            self.resolv_conf.write_text(f"nameserver {self.dns.validating}\noptions edns0 trust-ad\n")
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def sees(self, *command: str | Path) -> list[str]:
        """``command``, to be run where the system's resolver is the one of this world."""
        return seeing({"/etc/resolv.conf": self.resolv_conf}, *command)

    @property
    def mail_config(self) -> Path:
        """A configuration of Postfix, without which none of its programs starts."""
        return self.dns.folder / "postfix/etc"

    def _issue(self, folder: Path, domain: Domain) -> Paper:
        names = [name.format(mx=domain.host, domain=domain.name) for name in domain.names]
        return self._papers.issue(folder, domain.name, names, expired=domain.expired, unknown=domain.unknown)

    def _start(self, hosts: list[MailHost], name: str, prepare: Callable[[Sequence[MailHost], Path], Launch]) -> None:
        self.dns.run(name, [(host.address, 25, True) for host in hosts], partial(prepare, hosts))

    def _start_web(self, folder: Path) -> None:
        address = self.dns.address(_WEB)
        domains = [domain for domain in DOMAINS if domain.sts is not None]
        right = self._papers.issue(folder, "web", [f"mta-sts.{domain.name}" for domain in domains])
        wrong = self._papers.issue(folder, "web-wrong", ["www.elsewhere.invalid"])
        sites = [WebSite(domain, right if domain.sts and domain.sts.certified else wrong) for domain in domains]
        self.dns.run("nginx", [(address, 443, False)], lambda place: nginx(sites, place, address))

    def _zones(self, papers: Mapping[Domain, Paper]) -> tuple[Zone, ...]:
        def records(zone: str) -> str:
            domains = [domain for domain in DOMAINS if domain.name.endswith(f".{zone}")]
            return "".join(f"{line}\n" for domain in domains for line in self._records(domain, papers.get(domain)))

        return (
            ROOT,
            TOP,
            Zone(name=SECURE, status=Status.SECURE, denial=Denial.NSEC3, records=records(SECURE)),
            Zone(name=PLAIN, status=Status.INSECURE, keys=(), records=records(PLAIN)),
            Zone(name=BOGUS, status=Status.BOGUS, harm=harm.corrupt(), records=records(BOGUS)),
            Zone(name=TORN, status=Status.SECURE, harm=harm.corrupt("TLSA"), records=records(TORN)),
        )

    def _records(self, domain: Domain, paper: Paper | None) -> Iterator[str]:
        name, host = domain.name, domain.host
        if not domain.implicit:
            for exchange in domain.mx or (f"10 {host}.",):
                yield f"{name}. MX {exchange}"
        if domain.alias:
            yield f"{host}. CNAME {domain.alias}."
        if paper is not None:
            server, number = _place(domain)
            yield f"{host}. A {{world}}.{server}.{number}"
            for words in domain.tlsa:
                yield f"_25._tcp.{host}. {self._papers.tlsa(words, paper.leaf)}"
        if domain.sts is not None:
            yield f'_mta-sts.{name}. TXT "v=STSv1; id=1;"'
            yield f"mta-sts.{name}. A {{world}}.{_WEB}.1"


def _place(domain: Domain) -> tuple[int, int]:
    """The last two octets of the host's address."""
    return (26 if domain.exim else 25), DOMAINS.index(domain) + 1
