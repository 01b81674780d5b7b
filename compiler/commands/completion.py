"""`flowc completion`: what a shell reads once, to complete calls of flowc."""

from __future__ import annotations

import click

from compiler.call.options import WithHelp
from compiler.completion.shells import SCRIPTS
from compiler.terminal.output import print_bytes


@click.command("completion", cls=WithHelp)
@click.argument("shell", metavar="bash|zsh|fish", type=click.Choice(list(SCRIPTS)))
def COMMAND(shell: str) -> int:
    """Print what lets a shell complete commands, options, flow files, their parameters, runs and steps.

    \b
      eval "$(flowc completion bash)"      in ~/.bashrc
      eval "$(flowc completion zsh)"       in ~/.zshrc, behind compinit
      flowc completion fish > ~/.config/fish/completions/flowc.fish
    """
    print_bytes(SCRIPTS[shell])
    return 0
