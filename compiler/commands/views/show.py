"""`flowc show`: the graph as text."""

from __future__ import annotations

import click

from compiler.call.options import WithHelp
from compiler.call.sources import OneFlow, one_flow
from compiler.call.target_settings import shared_here, sharing_options
from compiler.ir.text import graph_text
from compiler.terminal.said import say, tell


@click.command("show", cls=WithHelp)
@one_flow
@sharing_options
def COMMAND(*, flow: OneFlow, fuse: bool, portions: tuple[str, ...]) -> int:
    """Print the graph of a flow: a line a step, indented where a split or a foreach opens; with --fuse and --chunk which steps
    share a container.

    \b
      flowc show flow.py
      flowc show flow.py:Name
      flowc show flow.py --fuse --chunk square=16
    """
    plan = flow.plan()
    if plan is None:
        return 1
    plan = shared_here(plan, flow.settings, fuse=fuse, portions=portions)
    for each in plan.obstacles:
        tell(f"note: `{each.option}` names `{each.step}`, which cannot share a container: {each.reason}")
    say(graph_text(plan), nl=False)
    return 0
