"""``starttls completion``: the script that teaches a shell our verbs, options and schemes."""

import click

from starttls.cli.voice import Exit

__all__ = ["completion"]


@click.command()
@click.argument("shell", metavar="bash|zsh|fish", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> int:
    """Print the completion script of a shell.

    \b
    Examples:
      starttls completion bash >> ~/.bash_completion
      starttls completion zsh > ~/.zfunc/_starttls
      starttls completion fish > ~/.config/fish/completions/starttls.fish
    """
    from click.shell_completion import get_completion_class  # noqa: PLC0415 - slow, and for this verb alone

    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - click has all three
    click.echo(kind(ctx.find_root().command, {}, "starttls", "_STARTTLS_COMPLETE").source())
    return Exit.VERIFIED
