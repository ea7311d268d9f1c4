"""``starttls policy``: what a domain makes senders demand, and what an attacker on the path can still do."""

import sys
from pathlib import Path

import click
import msgspec
from rich.console import Console

from starttls.asyncio.client import Client
from starttls.check.examine import examine, live
from starttls.check.prospect import LiveSeen, Prospect
from starttls.check.report.prospect import print_prospect
from starttls.cli import voice
from starttls.cli.loop import run_loop
from starttls.cli.options import ANOTHER_SERVER, Asking, resolving
from starttls.cli.voice import Exit
from starttls.core.errors import NetworkError
from starttls.policy.answer import Status
from starttls.policy.destination import Kind
from starttls.policy.errors import PolicyError
from starttls.policy.profiles import SENDERS
from starttls.policy.senders import Sender
from starttls.resolve.https import HTTPSFetcher
from starttls.tls.plan import Timeouts

__all__ = ["exit_code", "policy"]

_WIDTH = 180
"""Columns where there is no terminal."""


@click.command()
@click.argument("domain")
@click.option(
    "--sender",
    "chosen",
    multiple=True,
    metavar="NAME",
    help="Show these senders alone, by a part of their name: postfix, gmail; 'none' shows no table.",
)
@click.option("--mx", multiple=True, metavar="HOST", help="Look at these mail hosts of the domain alone.")
@click.option("--live", "connects", is_flag=True, help="Connect to each mail host, too: is the decision met?")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=25,
    show_default=True,
    metavar="PORT",
    help="Where the mail hosts listen, for laboratories.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="For people or programs [default: text].",
)
@click.option(
    "--ca-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Trust the CAs in this PEM file, instead of the system's.",
)
@resolving
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    metavar="SECONDS",
    help="For the policy's web server, and for each connection of --live [default: 60].",
)
@click.option("-v", "--verbose", is_flag=True, help="Show every lookup, with its chain of trust.")
def policy(  # noqa: PLR0913 - one argument for each option
    domain: str,
    chosen: tuple[str, ...],
    mx: tuple[str, ...],
    port: int,
    form: str,
    ca_file: Path | None,
    asking: Asking,
    timeout: float,
    *,
    connects: bool,
    verbose: bool,
) -> int:  # fmt: skip
    """Show what a domain makes senders demand: DNSSEC, DANE, MTA-STS.

    Each answer of the DNS comes with its status, and each mail host with a decision and its reasons.

    DOMAIN is what stands behind the @, or a smart host as [mail.example.org] or [mail.example.org]:587.

    \b
    Examples:
      starttls policy example.org
      starttls policy --live --resolver tls://9.9.9.9 example.org
      starttls policy --sender gmail --sender microsoft example.org
      starttls policy --format json example.org

    \b
    Exit code:
      0  an attacker on the path cannot downgrade any mail host, or the domain
         takes no mail; with --live each host also kept its promise
      1  an attacker can downgrade one, DNS data are forged or broken, or a host
         did not keep its promise
      2  usage or internal error
      3  it could not be told: a lookup failed, the domain does not exist, or
         with --live a host was not reached
    """
    senders = _senders(chosen)
    resolver = asking.make()
    fetcher = HTTPSFetcher(resolver, ca_file=ca_file, timeout=timeout)
    limits = Timeouts(connect=min(10.0, timeout), wait=min(30.0, timeout), handshake=min(15.0, timeout), whole=timeout)
    client = Client(policy="opportunistic", resolver=resolver, fetcher=fetcher, ca_file=ca_file, timeouts=limits)

    async def look() -> Prospect:
        reached = await _reached(client, domain, port, mx) if connects else None
        return await examine(domain, resolver, fetcher, port=port, only=mx, senders=senders, reached=reached)

    seen = run_loop(look())
    if form == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(seen), indent=2).decode())
    else:
        print_prospect(_console(), seen, verbose=verbose)
    if seen.kind is Kind.UNKNOWN:
        voice.hint(ANOTHER_SERVER)
    return exit_code(seen)


async def _reached(client: Client, domain: str, port: int, only: tuple[str, ...]) -> dict[str, LiveSeen]:
    """What each mail host came to; nothing where there is none, which the examination tells as well."""
    try:
        return await live(client, domain, port=port, only=only)
    except PolicyError:
        return {}
    except NetworkError as error:
        voice.warning(str(error))
        return {}


def exit_code(seen: Prospect) -> Exit:
    """What was seen, as an exit code. What is known to be bad is bad, whatever else could not be told."""
    lives = [host.live.met for host in seen.mx if host.live is not None]
    forged = Status.BOGUS in {seen.dnssec, *(host.dnssec for host in seen.mx)}
    if seen.downgradable or False in lives or forged:
        return Exit.FELL_SHORT
    if seen.kind is Kind.NOTHING:  # a slip of the pen, more often than not
        return Exit.COULD_NOT_TELL
    return Exit.COULD_NOT_TELL if seen.downgradable is None or None in lives else Exit.VERIFIED


def _senders(chosen: tuple[str, ...]) -> tuple[Sender, ...]:
    if not chosen:
        return SENDERS
    words = [word.lower() for word in chosen if word.lower() != "none"]
    found = tuple(sender for sender in SENDERS if any(word in sender.name.lower() for word in words))
    for word in words:
        if not any(word in sender.name.lower() for sender in SENDERS):
            known = ", ".join(sender.name for sender in SENDERS)
            raise click.BadParameter(f"no sender is called '{word}'; known are: {known}", param_hint="--sender")
    return found


def _console() -> Console:
    terminal = sys.stdout.isatty()
    colour = voice.wants_colour() and terminal
    width = None if terminal else _WIDTH  # who reads a file or a pipe wraps by himself
    return Console(no_color=not colour, width=width, highlight=False, markup=False, emoji=False, force_jupyter=False)
