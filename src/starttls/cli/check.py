"""``starttls check``: for each service, what was offered, what happened, and what it is worth."""

from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import click

from starttls.asyncio.client import Client
from starttls.check.audit import services_of
from starttls.check.observe import Observation
from starttls.check.settings import CheckSettings
from starttls.cli import voice
from starttls.cli.loop import run_loop
from starttls.cli.options import ANOTHER_SERVER, Asking, Given, client, complete_scheme, connecting, resolving
from starttls.cli.run import Report, Run, exit_code, report
from starttls.cli.voice import Exit
from starttls.config.load import load
from starttls.policy.errors import NotAuthentic
from starttls.resolve.route import Route
from starttls.tls.names import ServerIdentity
from starttls.tls.target import Target

__all__ = ["check"]


@click.command()
@click.argument("urls", metavar="URL|DOMAIN...", nargs=-1, shell_complete=complete_scheme)
@click.option("--file", type=click.File("r"), metavar="FILE", help="Read more from FILE, one a line; - is stdin.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), help="For people or programs [default: text].")
@connecting
@resolving
@click.option("--concurrency", type=click.IntRange(1, 1000), help="Targets at once [default: 50].")
@click.option("-v", "--verbose", is_flag=True, help="Print the conversations before TLS.")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="Take defaults from this TOML file.")
def check(
    urls: tuple[str, ...],
    file: TextIO | None,
    form: str | None,
    concurrency: int | None,
    config: Path | None,
    given: Given,
    asking: Asking,
    *,
    verbose: bool,
) -> int:
    """Connect, upgrade, and say what each service is worth.

    URL is scheme://host[:port], or host:port, where the port says the protocol. 'starttls protocols' lists the
    schemes; those of implicit TLS, such as imaps, mean TLS from the first byte. Of a DOMAIN the mail hosts are checked,
    and what its SRV records and the usual names lead to: submission, IMAP, POP3, ManageSieve, XMPP and LDAP.

    \b
    Examples:
      starttls check smtp://mail.example.org imap://mail.example.org
      starttls check --format json mail.example.org:587
      starttls check example.org
      starttls check --policy dane --resolver 127.0.0.1 smtp://mail.example.org
      starttls check --connect 192.0.2.1:25 smtp://mail.example.org
      starttls check --ca-file ca.pem --name mail.internal ldap://192.0.2.7
      starttls check --timeout 10 --file services.txt

    \b
    Exit code:
      0  every service is worth what was asked for: verified, or as --policy and
         --level say
      1  something fell short, whatever else could not be told; forged DNS, too
      2  usage or internal error
      3  nothing fell short, but something was unreachable or timed out, the DNS
         too; or a domain offers nothing
    """
    settings = load(config, CheckSettings) if config is not None else CheckSettings()
    options = given.options(settings, asking)
    _, level = given.demands(settings)
    aims = [_aim(text) for text in [*urls, *_lines(file)] or settings.targets]
    if not aims:
        raise click.UsageError("no URL to check, and no domain")
    checks = Checks(aims, report(form or settings.format, verbose=verbose))
    try:
        run_loop(checks.go(client(options), concurrency or settings.concurrency))
    except KeyboardInterrupt:
        voice.note(f"interrupted: {len(checks.seen)} of {checks.total} targets checked")
        return Exit.INTERRUPTED
    code = exit_code(checks.seen, level)
    return code if code is not Exit.VERIFIED or not checks.empty else Exit.COULD_NOT_TELL


class Checks:
    """A run over targets and domains. ``empty`` are the domains of which nothing was found."""

    def __init__(self, aims: Sequence[Target | str], report: Report) -> None:
        self.empty: list[str] = []
        self.total = len(aims)
        self._aims = aims
        self._report = report
        self._run: Run | None = None

    @property
    def seen(self) -> Sequence[Observation]:
        """What was reported."""
        return self._run.seen if self._run is not None else ()

    async def go(self, client: Client, concurrency: int) -> None:
        """Find the services of the domains, then check all."""
        domains = [aim for aim in self._aims if isinstance(aim, str)]
        found = await services_of(client, domains, concurrency=concurrency) if domains else {}
        lost = any(_lost(routes) for routes in found.values())
        targets: list[Target | Route] = []
        for aim in self._aims:
            targets += found.pop(aim, ()) if isinstance(aim, str) else [aim]
        self.total = len(targets)
        self._run = Run(targets, self._report)
        await self._run.go(client, concurrency)
        there = {seen.domain for seen in self._run.seen}
        self.empty = [domain for domain in dict.fromkeys(domains) if domain not in there]
        if lost:
            voice.hint(ANOTHER_SERVER)
        for domain in self.empty:
            voice.warning(f"{domain}: nothing found: no mail host, no SRV record, and nobody at the usual names")


def _lost(routes: Sequence[Route]) -> bool:
    """Is it all that can be told of a domain that a lookup failed?"""
    return len(routes) == 1 and isinstance(routes[0].error, NotAuthentic)


def _aim(text: str) -> Target | str:
    """A target; or a domain, which has dots, and neither scheme nor port."""
    bare = text.strip()
    if "." not in bare.strip(".") or not set(":/[]").isdisjoint(bare):
        return Target.parse(text)
    identity = ServerIdentity(bare)
    return Target.parse(text) if identity.address is not None else identity.host


def _lines(file: TextIO | None) -> list[str]:
    """The URLs in ``file``: one a line, without empty lines and comments."""
    rows = [row.partition("#")[0].strip() for row in file] if file is not None else []
    return [row for row in rows if row]
