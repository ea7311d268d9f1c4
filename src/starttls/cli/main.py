"""The entry: finds the verb, loads it alone, and turns what happened into an exit code.

Start-up imports click and nothing heavy: ``starttls --help`` and the shell's completion answer at once.
"""

import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn

import click

from starttls.cli import voice
from starttls.cli.voice import Exit
from starttls.core.errors import StartTLSError

__all__ = ["VERBS", "main", "run", "starttls"]

VERBS = {
    "check": ("starttls.cli.check:check", "Connect, upgrade, and say what each service is worth."),
    "connect": ("starttls.cli.connect:connect", "Talk to a service inside TLS, on stdin and stdout."),
    "policy": ("starttls.cli.policy:policy", "Show what a domain makes senders demand: DNSSEC, DANE, MTA-STS."),
    "tlsa": ("starttls.cli.tlsa:tlsa", "Print a certificate's TLSA records, or check that it may be presented now."),
    "protocols": ("starttls.cli.protocols:protocols", "Show the facts of the known protocols."),
    "config": ("starttls.cli.config:config", "Write an example configuration, or check one."),
    "demo": ("starttls.cli.demo:demo", "Check an embedded world of servers on loopback."),
    "completion": ("starttls.cli.completion:completion", "Print the completion script of a shell."),
}
"""Where each verb is and what it does; a test compares the words with the verb's own help."""


class _Unread(Exception):
    """Nobody reads what we print any more."""


class Verbs(click.Group):
    """A group that imports a verb when it is called, not to list it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs, in the order in which a newcomer meets them."""
        del ctx
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one verb."""
        del ctx
        if cmd_name not in VERBS:
            return None
        module, _, name = VERBS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb, or say which was meant."""
        if args[0] not in VERBS and not args[0].startswith("-") and not ctx.resilient_parsing:
            ctx.fail(f"no such verb '{args[0]}'{_meant(args[0])}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        """Run the verb; click would make its own of a pipe that nobody reads."""
        try:
            result: object = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            raise _Unread from None
        return result

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs without importing them."""
        del ctx
        with formatter.section("Verbs"):
            formatter.write_dl([(name, text) for name, (_, text) in VERBS.items()])


def _meant(word: str) -> str:
    import difflib  # noqa: PLC0415 - for a mistake alone

    nearest = [f"check {word}"] if "://" in word else difflib.get_close_matches(word, VERBS, n=1, cutoff=0.5)
    return f": did you mean '{nearest[0]}'?" if nearest else ""


def _version(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's signature
    del parameter
    if value and not ctx.resilient_parsing:
        from importlib.metadata import version  # noqa: PLC0415 - slow, and for this option alone

        click.echo(f"starttls {version('starttls')}")
        ctx.exit()


@click.group(
    cls=Verbs,
    invoke_without_command=True,
    subcommand_metavar="VERB ...",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
@click.pass_context
def starttls(ctx: click.Context) -> int:
    """Upgrade plaintext connections to TLS, and prove what the upgrade is worth.

    \b
    Examples:
      starttls demo
      starttls check smtp://mail.example.org imap://mail.example.org
      starttls check --format json mail.example.org:587
      starttls connect imap://mail.example.org

    Exit code: 0 all verified, 1 something fell short, 2 usage or internal error,
    3 could not tell (unreachable, timed out).
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
        return Exit.WRONG
    return Exit.VERIFIED


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code. Never a traceback for what a user or a peer does."""
    try:
        result = starttls.main(args=list(arguments), prog_name="starttls", standalone_mode=False)
    except click.ClickException as error:
        return _usage(error)
    except (click.Abort, KeyboardInterrupt):
        voice.note("interrupted")
        return Exit.INTERRUPTED
    except _Unread:
        # What is still in the buffer has nowhere to go; without this Python complains when it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.BROKEN_PIPE
    except StartTLSError as error:
        voice.error(str(error))
        return voice.exit_for(error)
    except Exception:  # noqa: BLE001 - the one place that a bug may reach
        traceback.print_exc()
        voice.error("this is a bug of starttls: please report it, with the lines above")
        return Exit.WRONG
    return result if isinstance(result, int) else Exit.VERIFIED


def _usage(error: click.ClickException) -> int:
    voice.error(voice.sentence(error.format_message()))
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is not None:
        voice.hint(f"'{context.command_path} --help' shows what can be said")
    return Exit.WRONG


def main() -> NoReturn:
    """The console script."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:  # a terminal that is not UTF-8 gets escapes, not an error
        reconfigure(errors="backslashreplace")
    sys.exit(run(sys.argv[1:]))
