"""Flows, runs, steps and tasks as small tables. Nothing is unpickled, all text is escaped, and of wide runs few tasks are read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from itertools import islice
from typing import Any

MOST = 300
"""Tasks of a run, or of a step, that are looked at."""
RUNS = 10
"""Runs of a flow that are shown."""
_COLOURS = {"succeeded": "#1a7f37", "failed": "#c0262d", "caught": "#8a5a00", "not finished": "#5a646e"}


def shown(kind: str, found: Any) -> str | None:
    """The table of an object of that kind; None for one that a line says all of."""
    tables = {"Flow": _flow, "Run": _run, "Step": _step, "Task": _task}
    make = tables.get(kind)
    return make(found) if make else None


def _flow(found: Any) -> str:
    rows = [
        (
            run.id,
            _stand(run.successful, run.finished),
            _time(run.created_at),
            _took(run.created_at, run.finished_at),
            _tags(run),
        )
        for run in islice(found, RUNS)
    ]
    return _table("Flow", found.pathspec, (), ("run", "status", "began", "took", "tags"), rows)


def _run(found: Any) -> str:
    steps: dict[str, list[Any]] = {}
    seen = list(islice(found._walk(), MOST + 1))
    for address, manifest in seen[:MOST]:
        steps.setdefault(address.step, []).append(manifest)
    facts = [_time(found.created_at), _tags(found)]
    rows = [(step, str(len(tasks)), _of_all(tasks), _span(tasks)) for step, tasks in steps.items()]
    more = f"more than {MOST} tasks: `flowc ui` shows all" if len(seen) > MOST else ""
    return _table("Run", found.pathspec, facts, ("step", "tasks", "status", "took"), rows, more)


def _step(found: Any) -> str:
    tasks = list(islice(found, MOST + 1))
    rows = [
        (
            task.id,
            _stand(task.successful, task.finished),
            _time(task.created_at),
            _took(task.created_at, task.finished_at),
        )
        for task in tasks[:MOST]
    ]
    more = f"more than {MOST} tasks" if len(tasks) > MOST else ""
    return _table("Step", found.pathspec, (), ("task", "status", "began", "took"), rows, more)


def _task(found: Any) -> str:
    why = found.exception
    facts = [
        _stand(found.successful, found.finished),
        _time(found.created_at),
        _took(found.created_at, found.finished_at),
    ]
    facts += [str(why).partition("\n")[0]] if why else []
    rows = [(each.id, each.kind, f"{each.size:,}") for each in found]
    return _table("Task", found.pathspec, facts, ("artifact", "type", "bytes"), rows)


def _of_all(tasks: Sequence[Any]) -> str:
    """How the tasks of a step stand, which is told by their manifests alone."""
    done = [manifest for manifest in tasks if manifest is not None]
    if len(done) < len(tasks):
        return "not finished" if not done else f"{len(done)} of {len(tasks)} succeeded"
    caught = sum(manifest.caught is not None for manifest in done)
    return f"succeeded, {caught} caught" if caught else "succeeded"


def _span(tasks: Sequence[Any]) -> str:
    done = [manifest for manifest in tasks if manifest is not None]
    return f"{max(one.finished for one in done) - min(one.started for one in done):.1f} s" if done else ""


def _stand(is_well: bool, is_over: bool) -> str:
    return "succeeded" if is_well else "failed" if is_over else "not finished"


def _time(moment: Any) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def _took(began: Any, ended: Any) -> str:
    return f"{(ended - began).total_seconds():.1f} s" if ended else ""


def _tags(found: Any) -> str:
    return ", ".join(sorted(found.user_tags))


def _table(
    kind: str, name: str, facts: Iterable[str], head: Sequence[str], rows: Sequence[Sequence[str]], more: str = ""
) -> str:
    told = " · ".join(_cell(fact) for fact in facts if fact)
    lines = "".join(_row("td", row) for row in rows)
    table = f'<table style="text-align:left">{_row("th", head)}{lines}</table>' if rows else ""
    rest = f"<p>{escape(more)}</p>" if more else ""
    begin = f"<p><b>{escape(kind)}</b> <code>{escape(name)}</code>{' ' + told if told else ''}</p>"
    return f'<div style="font-family:system-ui,sans-serif">{begin}{table}{rest}</div>'


def _row(tag: str, cells: Iterable[str]) -> str:
    return "<tr>" + "".join(f'<{tag} style="text-align:left">{_cell(cell)}</{tag}>' for cell in cells) + "</tr>"


def _cell(text: str) -> str:
    colour = next((each for word, each in _COLOURS.items() if text.startswith(word)), "")
    return f'<span style="color:{colour};font-weight:600">{escape(text)}</span>' if colour else escape(text)
