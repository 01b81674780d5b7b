"""`flowc ir`: a flow as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import click

from compiler.call.options import WithHelp, env_option, option
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
from compiler.ir.schema import schema, to_json
from compiler.legible import legible_json
from compiler.terminal.output import print_bytes


def _schema(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        print_bytes(json_text(schema()))
        ctx.exit()


@click.command("ir", cls=WithHelp)
@flow_argument
@flow_option
@root_option
@env_option
@import_option
@project_options
@option("--plan", "wants_plan", is_flag=True, help="The plan: order, scopes, loads, retries; free of any target.")
@option(
    "--schema",
    "wants_schema",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_schema,
    help="Print the JSON Schema and exit.",
)
def COMMAND(
    flow: FlowName,
    flow_name: str | None,
    root: Path | None,
    env: str | None,
    branch: str | None,
    production: bool | None,
    imports: bool | None,
    wants_plan: bool,
) -> int:
    """Print a flow as JSON: what its source says, each with its place, or with --plan what follows from it.

    \b
      flowc ir flow.py
      flowc ir flow.py --plan
      flowc ir --schema > ir.schema.json
    """
    plan = planned(flow, flow_name, Surroundings(root, imports, env=env), branch=branch, production=production)
    if plan is None:
        return 1
    print_bytes(json_text(to_json(plan if wants_plan else plan.flow)))
    return 0


def json_text(value: object) -> str:
    """JSON as we publish it: two spaces, UTF-8, one newline at the end."""
    return legible_json(json.dumps(value, indent=2, ensure_ascii=False)) + "\n"
