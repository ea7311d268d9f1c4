"""``starttls demo``: an embedded world on loopback, checked, and what a newcomer has just seen."""

import click

from starttls.asyncio.client import Client
from starttls.check.observe import Observation
from starttls.cli import voice
from starttls.cli.loop import run_loop
from starttls.cli.run import Run, exit_code, report
from starttls.cli.voice import Exit
from starttls.lab.world import World, world
from starttls.tls.level import Level
from starttls.tls.plan import Timeouts
from starttls.tls.target import Target

__all__ = ["demo"]

_TIMEOUTS = Timeouts(connect=5, wait=5, handshake=5, whole=10)

_BEGINNING = """\
Our own servers are running on 127.0.0.1, with certificates of an authority that
was made a moment ago. This is 'starttls check' on all of them:
"""

_TURN = """
All but imaps began in plaintext and went over to TLS on the same connection.
Not one byte of plaintext was left behind, and the certificate's chain and name
were verified: that is level 'verified'. Now two that an attacker could offer
instead:
"""

_END = """
The first is the honest SMTP server, behind somebody on the path who overwrites
its offer of STARTTLS. The second has the right name, in a certificate that
nobody vouches for. Careless clients go on with both; this one said nothing more
to them.

Try next:
  starttls check smtp://mail.example.org    check a service of your own
  starttls check -v URL                     see the conversation before TLS
  starttls check --format json URL          for programs
  starttls connect imap://mail.example.org  talk to it inside TLS
  starttls protocols                        what is known of each protocol\
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
