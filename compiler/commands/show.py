"""`flowc show`: the graph as text."""

from __future__ import annotations

from pathlib import Path

import click

from compiler.call.options import env_option
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
from compiler.ir.text import graph_text
from compiler.terminal.said import say


@click.command("show")
@flow_argument
@flow_option
@root_option
@env_option
@import_option
@project_options
def COMMAND(
    flow: FlowName,
    flow_name: str | None,
    root: Path | None,
    env: str | None,
    branch: str | None,
    production: bool | None,
    imports: bool | None,
) -> int:
    """Print the graph of a flow: a line a step, indented where a split or a foreach opens.

    \b
      flowc show flow.py
      flowc show flow.py:Name
    """
    plan = planned(flow, flow_name, Surroundings(root, imports, env=env), branch=branch, production=production)
    if plan is None:
        return 1
    say(graph_text(plan), nl=False)
    return 0
