"""`flowc check`: all mistakes of all flows."""

from __future__ import annotations

from pathlib import Path

import click

from compiler.commands.findings import FORMATS, write
from compiler.commands.sources import FlowName, Surroundings, flows_argument, root_option
from compiler.diagnostics import Report
from compiler.frontend import parse
from compiler.render import Format


@click.command("check")
@flows_argument
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True, help="How to print.")
@root_option
def COMMAND(flows: tuple[FlowName, ...], form: Format, root: Path | None) -> int:
    """Find all mistakes of flows, each at its line with a cure. Exit code 1 if there are any.

    Nothing is imported: the flow's own packages need not be installed.

    \b
      flowc check flow.py                         all its flows
      flowc check flows/*.py --format github      annotations in a pull request
      flowc check flow.py --format json
    """
    surroundings, report, count = Surroundings(root), Report(), 0
    for flow in dict.fromkeys(flows):
        found = Report()
        count += len(parse(flow.path, found, root=surroundings.root(flow.path), name=flow.name))
        report.diagnostics.extend(found.diagnostics)
    write(report, form)
    if form == "text" and not len(report):
        click.echo(f"no mistakes found in {count} flow{'' if count == 1 else 's'}", err=True)
    return 1 if report.failed else 0
