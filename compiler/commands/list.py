"""`flowc list`: the flows that there are."""

from __future__ import annotations

import json
from collections.abc import Iterable

import click

from compiler.backends.targets import BUILT_IN
from compiler.call.options import WithHelp, env_option, option
from compiler.call.sources import FlowName, Surroundings, flows_argument, since_option
from compiler.diagnostics import Report
from compiler.ir.flow import Flow
from compiler.ir.planner import plan
from compiler.legible import one_line
from compiler.mistakes import FoundError
from compiler.pipeline import read_flows
from compiler.slotted_class import record
from compiler.terminal.findings import show
from compiler.terminal.said import Styled, say_json
from compiler.terminal.table import say_table
from compiler.workspace.settings import LOCAL, Settings

_DIGITS = 12
"""Letters of a digest in a line: as many as an image's name has."""


@record
class Listed:
    """A flow of the list. `targets` are those that its settings have tables of, or all; `schedule` is its cron, None without one; in
    UTC where `timezone` is None."""

    flow: str
    file: str
    targets: tuple[str, ...]
    schedule: str | None
    timezone: str | None
    digest: str


@click.command("list", cls=WithHelp)
@flows_argument
@since_option
@env_option
@option("--json", "as_json", is_flag=True, help="Print JSON.")
def COMMAND(flows: tuple[FlowName, ...], since: str | None, env: str | None, as_json: bool) -> int:
    """List flows: name, file, targets, schedule, and the digest of the code that they are made of.

    Without a word those of the workspace, by `flows` of [tool.flowc]; all below its folder where nobody says. The targets are those
    that `targets` of [tool.flowc] names, else those that have tables of settings, or all. A file with mistakes is told, and the
    others are listed all the same; exit code 1.

    \b
      flowc list
      flowc list flows/ --env prod
      flowc list --json
      flowc list --changed-since origin/main
    """
    surroundings, report = Surroundings(env=env), Report()
    files = surroundings.flows(flows)
    if since is not None:
        from compiler.fleet.changed import changed_flows  # noqa: PLC0415 - few calls ask git

        files = changed_flows(files, since, surroundings)
    found = [each for name in files for each in _listed(name, surroundings, report)]
    show(report)
    if as_json:
        say_json(json.dumps([_facts(each) for each in found], indent=2, ensure_ascii=False))
    else:
        _print(found)
    return 1 if report.failed else 0


def _listed(name: FlowName, surroundings: Surroundings, report: Report) -> list[Listed]:
    """The flows of a file that are right."""
    found = Report()
    try:
        root, reading = surroundings.root(name.path), surroundings.reading(name.path)
        flows = read_flows(name.path, found, root=root, name=name.name, reading=reading)
    except FoundError as error:
        report.take(error.report)
        return []
    report.take(_errors(found))
    settings = surroundings.settings(name.path)
    return [_line(flow, name, settings.for_flow(flow.name), surroundings.digest(name.path, flow)) for flow in flows]


def _errors(found: Report) -> Report:
    """Errors alone: `check` is there for all else."""
    errors = Report()
    errors.diagnostics.extend(each for each in found if each.rule.severity == "error")
    return errors


def _line(flow: Flow, name: FlowName, settings: Settings, digest: str) -> Listed:
    schedule = plan(flow, branch=settings.text("branch"), production=settings.flag("production")).schedule
    tables = tuple(each for each in settings.targets if each != LOCAL)
    targets = settings.words("targets") or tables or tuple(BUILT_IN)
    cron, zone = (schedule.cron, schedule.timezone) if schedule else (None, None)
    return Listed(flow.name, name.path.as_posix(), targets, cron, zone, digest)


def _facts(listed: Listed) -> dict[str, object]:
    return {name: getattr(listed, name) for name in ("flow", "file", "targets", "schedule", "timezone", "digest")}


def _when(listed: Listed) -> str:
    return " ".join(filter(None, (listed.schedule, listed.timezone))) or "-"


def _print(found: Iterable[Listed]) -> None:
    """A line a flow, its columns below each other; the digest goes last."""
    say_table(
        [
            (
                Styled(one_line(each.flow), bold=True),
                one_line(each.file),
                ",".join(each.targets),
                _when(each),
                each.digest[:_DIGITS],
            )
            for each in found
        ]
    )
