"""``starttls connect``: an upgraded session on stdin and stdout, as people use ``openssl s_client`` for."""

import sys
from pathlib import Path

import click

from starttls.asyncio.pump import Pump
from starttls.asyncio.stream import Stream
from starttls.check.report.text import escaped
from starttls.check.settings import CheckSettings
from starttls.cli import voice
from starttls.cli.loop import run_loop
from starttls.cli.options import Asking, Given, client, complete_scheme, connecting, resolving
from starttls.cli.pipe import Stdin, join
from starttls.cli.voice import Exit
from starttls.core.errors import Truncated
from starttls.resolve.route import ClientOptions
from starttls.tls.certificate import read_certificate
from starttls.tls.level import Level
from starttls.tls.target import Target

__all__ = ["connect"]

_PEM = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("url", shell_complete=complete_scheme)
@connecting
@resolving
@click.option("--cert", "certificate", type=_PEM, metavar="FILE", help="Our own certificate and its chain, PEM.")
@click.option("--key", type=_PEM, metavar="FILE", help="Its key, where that is in another file.")
@click.option("--crlf/--no-crlf", default=None, help="Send line ends as CRLF [default: when stdin is a terminal].")
@click.option("--linger", type=click.FloatRange(min=0), default=3.0, show_default=True, metavar="SECONDS",
              help="After the end of stdin, wait for so long a silence of the server's.")  # fmt: skip
@click.option("-q", "--quiet", is_flag=True, help="No verdict on stderr; errors still are.")
@click.option("-v", "--verbose", is_flag=True, help="Print the conversation before TLS on stderr.")
def connect(  # noqa: PLR0913 - what a command line may say
    url: str,
    given: Given,
    asking: Asking,
    certificate: Path | None,
    key: Path | None,
    *,
    crlf: bool | None,
    linger: float,
    quiet: bool,
    verbose: bool,
) -> int:
    """Talk to a service inside TLS, on stdin and stdout.

    Nothing that you type is sent before the service has been verified. What it says first inside TLS is shown. On
    a terminal, line ends are sent as CRLF and control characters of the service are escaped; elsewhere bytes pass
    as they are. After the end of stdin it goes on until the service closes, or falls silent.

    \b
    Examples:
      starttls connect imap://mail.example.org
      printf 'QUIT\\r\\n' | starttls connect -q smtp://mail.example.org
      starttls connect --cert me.pem --name mail.internal ldap://192.0.2.7

    \b
    Exit code:
      0  there was a session, worth what was asked for
      1  no session: not offered, refused, rejected, failed
      2  usage or internal error
      3  no session: unreachable or timed out
    """
    settings = CheckSettings()
    options = given.options(settings, asking)
    options["certificate"], options["key"] = certificate, key
    _, level = given.demands(settings)
    target = Target.parse(url)
    ends = sys.stdin.isatty() if crlf is None else crlf
    try:
        return run_loop(_session(target, options, level, crlf=ends, linger=linger, quiet=quiet, verbose=verbose))
    except KeyboardInterrupt:
        return Exit.INTERRUPTED


async def _session(
    target: Target, options: ClientOptions, level: Level, *, crlf: bool, linger: float, quiet: bool, verbose: bool
) -> Exit:
    pumps: list[Pump] = []
    try:
        stream = await client(options).connect(target, pumps.append)
    finally:
        if verbose and pumps and pumps[0].connection.transcript.turns:
            click.echo(pumps[0].connection.transcript.text, err=True)
    async with stream:
        if not stream.level.satisfies(level):  # the best that is published was less
            voice.error(f"the session is worth '{stream.level}', and '{level}' was demanded")
            return Exit.FELL_SHORT
        if not quiet:
            _verdict(target, stream)
        try:
            await join(stream, Stdin(sys.stdin.fileno()), crlf=crlf, linger=linger)
        except Truncated as cut:
            voice.warning(cut.what)
    return Exit.VERIFIED


def _verdict(target: Target, stream: Stream) -> None:
    facts = stream.tls
    assert facts is not None  # noqa: S101 - without fallback there is TLS
    how = "implicit TLS" if stream.upgrade is None else "upgraded"
    names = ", ".join(read_certificate(facts.chain[0]).names) if facts.chain else "nobody"
    what = ", ".join(filter(None, (facts.version, facts.cipher, facts.group)))
    text = escaped(f"{target.url}: {how}, {stream.level}, {what}, certificate for {names or 'nobody'}")
    if stream.level.satisfies(Level.VERIFIED):
        voice.note(text)
    else:
        voice.warning(f"{text}: nobody vouches for it")
