"""`flowc runs`: the runs of a flow, the newest first."""

from __future__ import annotations

import json

import click

from compiler.call.history import RunState, list_runs, opened
from compiler.call.options import env_option
from compiler.call.stores import flow_and_folder, local_store
from compiler.legible import one_line
from compiler.terminal.colours import COLOURS
from compiler.terminal.said import Styled, say, say_json, tell
from compiler.terminal.times import moment
from compiler.workspace.settings import read_settings


@click.command("runs")
@click.argument("flow", metavar="FLOW")
@click.option("--store", metavar="URL", help="Where artifacts are kept; by default that of `flowc run`.")
@click.option(
    "--import/--no-import",
    "imports",
    default=None,
    help="Import the module of a file, for what its text does not tell.",
)
@env_option
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def COMMAND(flow: str, store: str | None, imports: bool | None, env: str | None, limit: int, as_json: bool) -> int:
    """List the runs of a flow, the newest first. FLOW is its name, or its file.

    \b
      flowc runs SquaresFlow
      flowc runs squares.py --json
      flowc runs SquaresFlow --store s3://bucket/flows
    """
    name, folder = flow_and_folder(flow, imports, env)
    found = list(list_runs(opened(local_store(read_settings(folder, env).for_flow(name), store)), name, limit))
    if as_json:
        say_json(json.dumps([_facts(state) for state in found], indent=2, ensure_ascii=False))
        return 0
    for state in found:
        run, status = state.record, Styled(f"{state.status:<10}", fg=COLOURS[state.status])
        tags = f"  {', '.join(run.tags)}" if run.tags else ""
        say(f"{moment(run.created)}  ", status, one_line(f"  {name}/{run.run}{tags}"))
        if state.damage:
            tell(f"{name}/{run.run}: {state.damage}: `flowc verify {name}/{run.run}` says what to do")
    if not found:
        tell(f"no runs of {name} in {local_store(read_settings(folder, env).for_flow(name), store)}")
    return 0


def _facts(state: RunState) -> dict[str, object]:
    run = state.record
    return {
        "run_id": run.run,
        "created": moment(run.created),
        "status": state.status,
        "tags": run.tags,
        "user": run.user,
        **({"damage": state.damage} if state.damage else {}),
    }
