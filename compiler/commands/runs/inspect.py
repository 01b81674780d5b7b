"""`flowc inspect`: a run, its tasks, and what a task left."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import click
from flowc.artifacts.address import TaskAddress
from flowc.artifacts.manifest import Attempt, Failure, RunRecord
from flowc.artifacts.mixing import named
from flowc.exceptions import CaughtFailure

from compiler.call.history import HistoryError, RunState, TaskState, opened, read_state
from compiler.call.options import WithHelp, env_option, option
from compiler.call.stores import local_store
from compiler.legible import one_line
from compiler.terminal.colours import COLOURS
from compiler.terminal.said import AsIs, Part, Styled, say, say_json
from compiler.terminal.status_line import without_moves
from compiler.terminal.times import ago, duration, moment, size
from compiler.workspace.settings import read_settings

_RUN_PARTS, _TASK_PARTS = 2, 4


@click.command("inspect", cls=WithHelp)
@click.argument("where", metavar="FLOW/RUN[/STEP[/INDEX]]")
@env_option
@option("--store", metavar="URL", help="Where artifacts are kept; by default that of `flowc run`.")
@option("--json", "as_json", is_flag=True, help="Print JSON.")
@option("--log", is_flag=True, help="Print what each attempt printed, too.")
def COMMAND(where: str, store: str | None, env: str | None, as_json: bool, log: bool) -> int:
    """Show a run: its tasks, attempts, status, times; for a step or a task its artifacts, too.

    \b
      flowc inspect SquaresFlow/local-20260101-120000-abcdef
      flowc inspect SquaresFlow/local-20260101-120000-abcdef/square/2
      flowc inspect SquaresFlow/local-20260101-120000-abcdef --json
    """
    parts = where.strip("/").split("/")
    if not _RUN_PARTS <= len(parts) <= _TASK_PARTS:
        raise HistoryError(
            f"{where!r} is not FLOW/RUN, FLOW/RUN/STEP or FLOW/RUN/STEP/INDEX; `flowc runs FLOW` lists runs"
        )
    flow, run, *below = parts
    step, index = (*below, None, None)[:2]
    where_kept = opened(local_store(read_settings(Path(), env).for_flow(flow), store))
    state = read_state(where_kept, flow, run, whole=as_json or log or step is not None)
    tasks = state.chosen(step, index)
    if as_json:
        say_json(json.dumps(_run_facts(state, tasks, log=log), indent=2, ensure_ascii=False))
        return 0
    for line in _run_lines(state) if step is None else _task_lines(state, tasks):
        say(*line)
    for task in tasks if log else ():
        for attempt in task.attempts:
            say(f"--- {_label(task)}  attempt {attempt.number}{_outcome(attempt)}")
            printed = task.log(attempt)
            say(AsIs(without_moves(printed)), nl=bool(printed) and not printed.endswith("\n"))
    return 0


def _run_lines(state: RunState) -> Iterator[tuple[Part, ...]]:
    record = state.record
    took = duration(record.created, state.finished)
    yield (
        f"{one_line(record.flow)}/{one_line(record.run)}  ",
        _styled(state.status),
        f"  {moment(record.created)}  {took}".rstrip(),
    )
    if record.origin:
        yield (f"resumed from {one_line(record.origin)}",)
    if record.tags:
        yield (f"tags: {', '.join(map(one_line, record.tags))}",)
    width = max(len(_label(task)) for task in state.tasks)
    older, others, counted = state.replaced(), state.other_code(), dict(state.unread)
    for task in state.tasks:
        step = task.address.step
        if step in counted:
            count = counted.pop(step) + sum(each.address.step == step and each.is_plain for each in state.tasks)
            reads = f"`flowc inspect {one_line(record.flow)}/{one_line(record.run)}/{one_line(step)}` reads each"
            yield f"  {one_line(step):<{width}}  ", _styled("done"), f"  {count:,} tasks by a listing; {reads}"
        if step in state.unread and task.is_plain and not (older.get(task.address) or others.get(task.address)):
            continue
        tries = f"  {len(task.attempts)} attempts" if len(task.attempts) > 1 else ""
        tries = "  taken over" if task.is_taken_over else tries
        why = f"  {_line(task.failure)}" if task.failure else _earlier(task)
        warned = _told(state.record, older.get(task.address)) + _changed(others.get(task.address))
        told = f"{_time(task)}{tries}{why}{warned}"
        yield f"  {_label(task):<{width}}  ", _styled(task.status), f"  {told}".rstrip()


def _task_lines(state: RunState, tasks: tuple[TaskState, ...]) -> Iterator[tuple[Part, ...]]:
    older, others = state.replaced(), state.other_code()
    for task in tasks:
        warned = _told(state.record, older.get(task.address)) + _changed(others.get(task.address))
        times = f"{moment(task.started) or ''}  {_time(task)}{warned}"
        yield f"{one_line(state.record.path_of(task.address))}  ", _styled(task.status), f"  {times}".rstrip()
        for attempt in task.attempts:
            yield (f"  attempt {attempt.number}  {moment(attempt.started)}{_outcome(attempt)}",)
        manifest = task.manifest
        for name in sorted(manifest.names) if manifest else ():
            entry = manifest.entry(name) if manifest else None
            assert entry is not None
            yield (f"  {one_line(name)}: {one_line(entry.kind)}, {size(entry.size)}",)
        if task.status == "failed" and task.failure:
            yield (task.failure.stacktrace.rstrip(),)


def _run_facts(state: RunState, tasks: tuple[TaskState, ...], *, log: bool) -> dict[str, object]:
    record, older, others = state.record, state.replaced(), state.other_code()
    return {
        "flow": record.flow,
        "run_id": record.run,
        "status": state.status,
        "created": moment(record.created),
        "finished": moment(state.finished),
        "origin_run_id": record.origin or None,
        "tags": record.tags,
        "user": record.user,
        "tasks": [
            {
                **_task_facts(record, task, older.get(task.address, ()), log=log),
                "ran_other_code": others.get(task.address, ()),
                "code": task.manifest.code if task.manifest else {},
            }
            for task in tasks
        ],
    }


def _task_facts(record: RunRecord, task: TaskState, older: tuple[TaskAddress, ...], *, log: bool) -> dict[str, object]:
    manifest = task.manifest
    return {
        "step": task.address.step,
        "index": task.address.index,
        "task_id": record.id_of(task.address),
        "status": task.status,
        "origin_run_id": (manifest.origin if manifest else "") or None,
        "went_on_from_older_attempts_of": [record.path_of(address) for address in older],
        "started": moment(task.started),
        "finished": moment(task.finished),
        "attempts": [
            {
                "number": attempt.number,
                "retry": attempt.retry,
                "started": moment(attempt.started),
                "finished": moment(attempt.finished),
                "failure": attempt.failure._asdict() if attempt.failure else None,
                **({"log": task.log(attempt)} if log else {}),
            }
            for attempt in task.attempts
        ],
        "artifacts": {
            name: {"type": manifest.entry(name).kind, "size": manifest.entry(name).size}
            for name in sorted(manifest.names)
        }
        if manifest
        else {},
    }


def _told(record: RunRecord, older: tuple[TaskAddress, ...] | None) -> str:
    """Which tasks have run again since this one has loaded what they left."""
    if not older:
        return ""
    first, *others = older
    more = f" and {len(others)} more" if others else ""
    return f"  went on from an older attempt of {record.id_of(first)}{more}: run it again"


def _changed(files: tuple[str, ...] | None) -> str:
    """Which files of the code had changed when it ran."""
    return f"  ran other code than before: {named(files)} changed" if files else ""


def _time(task: TaskState) -> str:
    """How long it took, or how long ago what has no end began."""
    if task.started is None or task.status not in ("running", "unfinished"):
        return duration(task.started, task.finished)
    return f"began {ago(task.started, time.time())}"


def _label(task: TaskState) -> str:
    return one_line(task.address.step if task.address.index == "-" else f"{task.address.step}/{task.address.index}")


def _styled(status: str) -> Styled:
    return Styled(status, fg=COLOURS.get(status))


def _line(failure: Failure) -> str:
    """Why an attempt failed, in one line."""
    return str(CaughtFailure(*failure)).partition("\n")[0]


def _outcome(attempt: Attempt) -> str:
    return f"  failed: {_line(attempt.failure)}" if attempt.failure else ""


def _earlier(task: TaskState) -> str:
    """Why the newest of the failed attempts of a task failed that went well in the end."""
    failed = [attempt for attempt in task.attempts if attempt.failure]
    return f", attempt {failed[-1].number} failed: {_line(failed[-1].failure)}" if failed and failed[-1].failure else ""
