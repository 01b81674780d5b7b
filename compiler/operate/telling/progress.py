"""What a person, or a machine, sees of a run as it goes on: its state at the foot of the terminal, its tasks' lines as they come."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from contextlib import closing

from compiler.mistakes import INTERRUPTED
from compiler.operate.places import Place
from compiler.operate.telling.documents import run_document
from compiler.operate.telling.lines import label, run_lines, task_lines
from compiler.operate.views import RunView
from compiler.operate.waiting import TIMEOUT, Logs, Said, watch
from compiler.terminal.colours import label_colour
from compiler.terminal.said import AsIs, Styled, say, say_json, spelled, tell
from compiler.terminal.status_line import StatusLine, visible
from compiler.terminal.times import local_moment, took


def until_end(place: Place, limit: float | None, *, follow: bool, as_json: bool, logs: Logs | None = None) -> int:
    """Wait for the end of a run; its exit code: 1 where it did not succeed, 124 where the time was over first.

    Ctrl-C leaves the run, and says how to come back.
    """
    logs = (logs or Logs(place)) if follow else None
    foot, view = StatusLine(sys.stderr), None
    try:
        with closing(watch(place, limit)) as views:
            for view in views:
                foot.hide()
                if logs is not None:
                    _print(logs.all(view) if view.is_over else logs.new(view), as_json=as_json)
                foot.draw([_state(view)])
    except KeyboardInterrupt:
        foot.hide()
        tell(
            f"interrupted: {place.path} goes on; `flowc wait {place.path}` waits for it, `flowc terminate {place.path}` ends it"
        )
        return INTERRUPTED
    finally:
        foot.hide()
    return _end(place, view, as_json=as_json, is_following=follow)


def _end(place: Place, view: RunView | None, *, as_json: bool, is_following: bool) -> int:
    if view is None:
        tell(f"nothing answered in time: {place.path} may go on; `flowc wait {place.path}` waits again")
        return TIMEOUT
    if as_json:
        document = run_document(view)
        say_json(
            json.dumps(
                {"run": document} if is_following else document, indent=None if is_following else 2, ensure_ascii=False
            )
        )
    elif view.is_over:
        for line in run_lines(view):
            tell(*line)
    if view.is_over:
        return 0 if view.status == "succeeded" else 1
    if place.engine is None and view.status != "running":
        tell(
            f"{view.path} does not run any more, and has not come to an end: `flowc retry {view.path}` goes on from there"
        )
        return 1
    for line in (line for task in view.failed if task.reason for line in task_lines(task, 0)):
        tell(*line)
    tell(f"{view.path} is {view.status} still; `flowc wait {view.path}` waits again")
    return TIMEOUT


def _state(view: RunView) -> str:
    """How it stands, in one line at the foot."""
    found = Counter(task.status for task in view.tasks if task.step)
    found["succeeded"] += sum(view.unread.values())
    counts = ", ".join(f"{found[each]} {each}" for each in ("succeeded", "running", "queued", "failed") if found[each])
    stuck = next((task for task in view.failed if task.reason), None)
    why = f" · {label(stuck.step, stuck.index)}: {stuck.reason}" if stuck else ""
    spent = took(view.started or view.created, None, time.time())
    return spelled((" · ".join(filter(None, (view.status, counts, spent))) + why,))


def _print(found: list[Said], *, as_json: bool) -> None:
    width = max((len(label(said.step, said.index)) for said in found), default=0)
    for said in found:
        print_lines(said, width, as_json=as_json)


def print_lines(said: Said, width: int, *, as_json: bool) -> None:
    """The lines of a task, each behind its name; as JSON a line each."""
    name = label(said.step, said.index)
    for line in said.lines:
        if as_json:
            shared = {"steps": list(said.steps)} if said.steps else {}
            facts = {"step": said.step, "index": said.index, "at": line.at, "line": line.text, **shared}
            say_json(json.dumps(facts, ensure_ascii=False))
            continue
        at = f"{(local_moment(line.at) or '')[11:]} " if line.at is not None else ""
        before = Styled(f"{name:<{width}} |", fg=label_colour(said.step))
        say(at, before, " ", AsIs(visible(line.text)))
