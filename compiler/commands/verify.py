"""`flowc verify`: whether all that a run has left is what was written."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import click
from flowc.artifacts.address import RunAddress, TaskAddress
from flowc.store.protocol import MissingError

from compiler.call.history import HistoryError, NoRunError, opened
from compiler.call.options import WithHelp, env_option, option
from compiler.call.stores import local_store
from compiler.call.verifying import Finding, Verified, may_live, repair, verify
from compiler.terminal.said import Part, Styled, say, say_json
from compiler.terminal.status_line import StatusLine
from compiler.terminal.times import size
from compiler.workspace.settings import read_settings

_PAUSE = 0.1
_NAMED = 10


@click.command("verify", cls=WithHelp)
@click.argument("where", metavar="FLOW/RUN")
@option("--repair", "repairs", is_flag=True, help="Take away what is damaged, so that it is written again.")
@option("--ended", is_flag=True, help="With --repair: the run has ended, although nothing in the store tells it.")
@env_option
@option("--store", metavar="URL", help="Where artifacts are kept; by default that of `flowc run`.")
@option("--json", "as_json", is_flag=True, help="Print JSON.")
def COMMAND(where: str, *, repairs: bool, ended: bool, store: str | None, env: str | None, as_json: bool) -> int:
    """Read all that a run has left, and say what is damaged or gone and which tasks have to run again.

    Exit code 0: all is what was written; 1: something is not. With --repair what is damaged is taken away or brought back
    from the run that this one goes on from; then `flowc run FLOW --resume RUN`, or the engine's own way to run a task again, does it anew.

    \b
      flowc verify SquaresFlow/local-20260101-120000-abcdef
      flowc verify SquaresFlow/local-20260101-120000-abcdef --repair
    """
    flow, slash, run = where.strip("/").partition("/")
    if not slash or not run or "/" in run:
        raise HistoryError(f"{where!r} is not FLOW/RUN; `flowc runs FLOW` lists runs")
    there = opened(local_store(read_settings(Path(), env).for_flow(flow), store))
    address = RunAddress(flow, run)
    line = StatusLine(sys.stderr)
    try:
        found = verify(there, address, _progress(line))
    except MissingError:
        raise NoRunError(f"no run {flow}/{run} in {there.url}: `flowc runs {flow}` lists them") from None
    finally:
        line.hide()
    if repairs and found.findings and not ended and may_live(there, found):
        raise HistoryError(
            f"{flow}/{run} may still run, and what it writes now would be in the way: wait for its end, or say --ended where you know it"
        )
    done = repair(there, found) if repairs else []
    if as_json:
        say_json(json.dumps(_facts(found, done), indent=2, ensure_ascii=False))
    else:
        for told in _lines(found, done, repairs=repairs):
            say(*told)
    return 1 if found.findings else 0


def _progress(line: StatusLine) -> Callable[[Verified], None]:
    drawn = time.monotonic()

    def draw(found: Verified) -> None:
        nonlocal drawn
        if time.monotonic() - drawn >= _PAUSE:
            drawn = time.monotonic()
            line.draw([f"{found.objects} objects, {size(found.size)}"])

    return draw


def _lines(found: Verified, done: list[str], *, repairs: bool) -> Iterator[tuple[Part, ...]]:
    """What is told, line by line."""
    name = f"{found.run.flow}/{found.run.run}"
    read = f"{found.objects} objects, {size(found.size)}"
    if not found.findings:
        yield (f"{name}  {read}: all is what was written",)
        return
    yield (f"{name}  {read}: {len(found.findings)} not what was written",)
    for finding in found.findings:
        yield "  ", Styled(f"{finding.state:<8}", fg="red"), f" {finding.what}{_of(finding)}"
    yield from ((f"  {said}",) for said in done)
    if any(finding.key == found.run.record for finding in found.findings):
        yield ("without the record of the run nothing can go on from it: start a new one",)
    if found.again:
        yield (f"to run again: {_named(found.again)}",)
        step = "" if repairs else f"`flowc verify {name} --repair`, then "
        yield (
            f"{step}`flowc run FLOW --resume {found.run.run}` does that, or the engine's own way to run a task again",
        )


def _of(finding: Finding) -> str:
    own = finding.what.endswith(str(finding.tasks[0])) if finding.tasks else True
    return "" if own else f", of {_named(list(finding.tasks))}"


def _named(tasks: list[TaskAddress]) -> str:
    more = f" and {len(tasks) - _NAMED} more" if len(tasks) > _NAMED else ""
    return ", ".join(f"{task.step}/{task.name}" for task in tasks[:_NAMED]) + more


def _facts(found: Verified, done: list[str]) -> dict[str, object]:
    return {
        "flow": found.run.flow,
        "run_id": found.run.run,
        "objects": found.objects,
        "bytes": found.size,
        "findings": [
            {
                "state": finding.state,
                "what": finding.what,
                "key": finding.key,
                "tasks": [f"{task.step}/{task.name}" for task in finding.tasks],
            }
            for finding in found.findings
        ],
        "run_again": [f"{task.step}/{task.name}" for task in found.again],
        "repaired": done,
    }
