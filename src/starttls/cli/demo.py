"""``starttls demo``: an embedded world on loopback, checked, and what a newcomer has just seen."""

import click

from starttls.asyncio.client import Client
from starttls.check.observe import Observation
from starttls.cli import voice
from starttls.cli.loop import run_loop
from starttls.cli.run import Run, exit_code, report
from starttls.cli.voice import Exit
from starttls.lab.world import World, world
from starttls.tls.connection import Level
from starttls.tls.plan import Timeouts
from starttls.tls.target import Target

__all__ = ["demo"]

_TIMEOUTS = Timeouts(connect=5, wait=5, handshake=5, whole=10)

_BEGINNING = """\
Our own servers are running on 127.0.0.1, with certificates of a CA made a moment ago.
This is 'starttls check' on all of them:
"""

_TURN = """
Each began in plaintext (but imaps) and went over to TLS on the same connection; not one byte of
plaintext was left behind, and chain and name of the certificate were verified. That is level
'verified'. Now two that an attacker could offer you instead:
"""

_END = """
The first is the honest SMTP server, behind somebody on the path who deletes the offer of STARTTLS.
The second has the right name in a certificate that nobody vouches for. A careless client would have
gone on with both; here nothing more was said to either.

Try next:
  starttls check smtp://mail.example.org imap://mail.example.org   your own services
  starttls check -v ...                    with the conversation before TLS
  starttls check --format json ...         for programs
  starttls connect imap://...              talk to one inside TLS
  starttls protocols                       what is known about each protocol\
"""


@click.command()
@click.option("-v", "--verbose", is_flag=True, help="Print the conversations before TLS.")
def demo(*, verbose: bool) -> int:
    """Check an embedded world of servers on loopback.

    It starts our own servers for SMTP, IMAP, POP3, XMPP and LDAP with a throwaway CA, runs 'starttls check' on
    them, and shows what two attacks look like. Nothing leaves this machine, and nothing stays on it.

    \b
    Examples:
      starttls demo
      starttls demo -v
    """
    try:
        return run_loop(_demo(verbose=verbose))
    except KeyboardInterrupt:
        voice.note("interrupted")
        return Exit.INTERRUPTED


async def _demo(*, verbose: bool) -> int:
    async with world() as running:
        click.echo(_BEGINNING)
        honest = await _check(running, running.honest, verbose=verbose)
        click.echo(_TURN)
        await _check(running, (running.stripped, running.impostor), verbose=verbose)
        click.echo(_END)
    return exit_code(honest, Level.VERIFIED)


async def _check(running: World, urls: tuple[str, ...], *, verbose: bool) -> list[Observation]:
    run = Run([Target.parse(url) for url in urls], report("text", verbose=verbose))
    client = Client(ca_file=running.ca_file, timeouts=_TIMEOUTS)
    await run.go(client, concurrency=len(urls))
    return run.seen
