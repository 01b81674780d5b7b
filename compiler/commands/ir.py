"""`flowc ir`: a flow as JSON."""

from __future__ import annotations

import json

import click

from compiler.call.options import WithHelp, option
from compiler.call.sources import OneFlow, one_flow
from compiler.ir.schema import schema, to_json
from compiler.legible import legible_json
from compiler.terminal.output import print_bytes


def _schema(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        print_bytes(json_text(schema()))
        ctx.exit()


@click.command("ir", cls=WithHelp)
@one_flow
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
def COMMAND(*, flow: OneFlow, wants_plan: bool) -> int:
    """Print a flow as JSON: what its source says, each with its place, or with --plan what follows from it.

    \b
      flowc ir flow.py
      flowc ir flow.py --plan
      flowc ir --schema > ir.schema.json
    """
    plan = flow.plan()
    if plan is None:
        return 1
    print_bytes(json_text(to_json(plan if wants_plan else plan.flow)))
    return 0


def json_text(value: object) -> str:
    """JSON as we publish it: two spaces, UTF-8, one newline at the end."""
    return legible_json(json.dumps(value, indent=2, ensure_ascii=False)) + "\n"
