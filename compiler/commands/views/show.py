"""`flowc show`: the graph as text."""

from __future__ import annotations

from pathlib import Path

import click

from compiler.call.options import WithHelp, env_option
from compiler.call.sources import (
    FlowName,
    Surroundings,
    flow_argument,
    flow_option,
    import_option,
    planned,
    project_options,
    root_option,
)
from compiler.call.target_settings import shared_here, sharing_options
from compiler.ir.text import graph_text
from compiler.terminal.said import say, tell


@click.command("show", cls=WithHelp)
@flow_argument
@flow_option
@root_option
@env_option
@import_option
@project_options
@sharing_options
def COMMAND(  # noqa: PLR0913 - click gives one argument an option
    *,
    flow: FlowName,
    flow_name: str | None,
    root: Path | None,
    env: str | None,
    branch: str | None,
    production: bool | None,
    imports: bool | None,
    fuse: bool,
    portions: tuple[str, ...],
) -> int:
    """Print the graph of a flow: a line a step, indented where a split or a foreach opens; with --fuse and --chunk which steps
    share a container.

    \b
      flowc show flow.py
      flowc show flow.py:Name
      flowc show flow.py --fuse --chunk square=16
    """
    surroundings = Surroundings(root, imports, env=env)
    plan = planned(flow, flow_name, surroundings, branch=branch, production=production)
    if plan is None:
        return 1
    plan = shared_here(plan, surroundings.settings(flow.path), fuse=fuse, portions=portions)
    for each in plan.obstacles:
        tell(f"note: `{each.option}` names `{each.step}`, which cannot share a container: {each.reason}")
    say(graph_text(plan), nl=False)
    return 0
