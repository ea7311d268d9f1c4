"""``starttls check``: for each service, what was offered, what happened, and what it is worth."""

from pathlib import Path
from typing import TextIO

import click

from starttls.check.settings import CheckSettings
from starttls.cli import voice
from starttls.cli.loop import run_loop
from starttls.cli.options import Given, client, complete_scheme, connecting
from starttls.cli.run import Run, exit_code, report
from starttls.cli.voice import Exit
from starttls.config.load import load
from starttls.tls.level import Level
from starttls.tls.target import Target

__all__ = ["check"]


@click.command()
@click.argument("urls", metavar="URL...", nargs=-1, shell_complete=complete_scheme)
@click.option("--file", type=click.File("r"), metavar="FILE", help="Read more URLs from FILE, one a line; - is stdin.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), help="For people or programs [default: text].")
@connecting
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
    *,
    verbose: bool,
) -> int:
    """Connect, upgrade, and say what each service is worth.

    URL is scheme://host[:port], or host:port, where the port says the protocol. 'starttls protocols' lists the
    schemes; those of implicit TLS, such as imaps, mean TLS from the first byte.

    \b
    Examples:
      starttls check smtp://mail.example.org imap://mail.example.org
      starttls check --format json mail.example.org:587
      starttls check --connect 192.0.2.1:25 smtp://mail.example.org
      starttls check --ca-file ca.pem --name mail.internal ldap://192.0.2.7
      starttls check --timeout 10 --file services.txt

    \b
    Exit code:
      0  every service is worth what was asked for: verified, or --level encrypted
      1  something fell short, whatever else could not be told
      2  usage or internal error
      3  nothing fell short, but something was unreachable or timed out
    """
    settings = load(config, CheckSettings) if config is not None else CheckSettings()
    options = given.options(settings)
    targets = [Target.parse(url) for url in [*urls, *_lines(file)] or settings.targets]
    if not targets:
        raise click.UsageError("no URL to check")
    run = Run(targets, report(form or settings.format, verbose=verbose))
    try:
        run_loop(run.go(client(options), concurrency or settings.concurrency))
    except KeyboardInterrupt:
        voice.note(f"interrupted: {len(run.seen)} of {len(targets)} targets checked")
        return Exit.INTERRUPTED
    return exit_code(run.seen, Level(options.get("level", "verified")))


def _lines(file: TextIO | None) -> list[str]:
    """The URLs in ``file``: one a line, without empty lines and comments."""
    rows = [row.partition("#")[0].strip() for row in file] if file is not None else []
    return [row for row in rows if row]
