"""Flows, runs, steps and tasks as small tables. Nothing is unpickled, all text is escaped, and of wide runs few tasks are read."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from html import escape
from itertools import islice
from typing import Any

from flowc.artifacts.manifest import attempts
from flowc.shown.graph import graph

MOST = 300
"""Tasks of a run, or of a step, that are looked at."""
RUNS = 10
"""Runs of a flow that are shown."""
_COLOURS = {"succeeded": "#1f883d", "failed": "#d93b42", "caught": "#a06c00", "not finished": "#6e7781"}
"""Seen on white (a ratio of 4.5) and on what is nearly black (4.1)."""
_WORDS = {"successful": "succeeded", "timeout": "failed: it took longer than it was waited for"}
_SAID = 4000
"""Characters of what the command said."""
_ASKED = 20
"""Tasks that have left nothing whose attempts are read."""


def shown(kind: str, found: Any) -> str | None:
    """The table of an object of that kind; None for one that a line says all of."""
    tables = {"Flow": _flow, "Run": _run, "Step": _step, "Task": _task}
    make = tables.get(kind)
    return make(found) if make else None


def executing(status: str, run: Any | None, said: str) -> str:
    """A run that `Runner` has started: how it goes, and the run; where it did not begin, what the command said last."""
    word = _WORDS.get(status, status)
    shown_run = run._repr_html_() if run is not None else None
    told = f"<p>{_cell(word)}</p>"
    if shown_run is None and status not in ("running", "successful"):
        told += f"<pre>{escape(said[-_SAID:])}</pre>"
    return f'<div style="font-family:system-ui,sans-serif">{told}{shown_run or ""}</div>'


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
    failed = set(_failed(found._store, [address for address, manifest in seen[:MOST] if manifest is None]))
    said = {step: _of_all(step, tasks, failed) for step, tasks in steps.items()}
    rows = [(step, str(len(tasks)), said[step], _span(tasks)) for step, tasks in steps.items()]
    ways = [(step, name) for step, tasks in steps.items() for each in tasks if each for name in each.next]
    drawn = graph({step: (text, _colour(text)) for step, text in said.items()}, ways)
    more = f"more than {MOST} tasks: `flowc ui` shows all" if len(seen) > MOST else ""
    facts = [_time(found.created_at), _tags(found)]
    kept = _rows(("artifact of the end", "type", "bytes"), _last_artifacts(seen[:MOST]))
    return _table("Run", found.pathspec, facts, ("step", "tasks", "status", "took"), rows, more, drawn, kept)


def _last_artifacts(seen: Sequence[Any]) -> list[tuple[str, str, str]]:
    """The artifacts of the run's last task, once it has ended; without what is the same in all: parameters and constants."""
    end = next((manifest for _, manifest in reversed(seen) if manifest is not None and manifest.is_end), None)
    if end is None:
        return []
    own = [name for name in end.names if name not in {*end.parameters, *end.constants}]
    return [(name, end.entry(name).kind, f"{end.entry(name).size:,}") for name in own]


def _failed(store: Any, unfinished: Sequence[Any]) -> Iterator[str]:
    """The steps of the first few tasks that have left nothing whose newest attempt ended with an exception."""
    for address in unfinished[:_ASKED]:
        begun = attempts(store, address)
        if begun and begun[-1].failure:
            yield address.step


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


def _of_all(step: str, tasks: Sequence[Any], failed: Container[str]) -> str:
    """How the tasks of a step stand, which is told by their manifests, and by what is known to have failed."""
    done = [manifest for manifest in tasks if manifest is not None]
    if step in failed:
        return f"failed, {len(done)} of {len(tasks)} succeeded" if done else "failed"
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
    kind: str,
    name: str,
    facts: Iterable[str],
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    more: str = "",
    above: str = "",
    below: str = "",
) -> str:
    """A heading and its table; `above` and `below` are HTML already."""
    told = " · ".join(_cell(fact) for fact in facts if fact)
    rest = f"<p>{escape(more)}</p>" if more else ""
    begin = f"<p><b>{escape(kind)}</b> <code>{escape(name)}</code>{' ' + told if told else ''}</p>"
    return f'<div style="font-family:system-ui,sans-serif">{begin}{above}{_rows(head, rows)}{rest}{below}</div>'


def _rows(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = "".join(_row("td", row) for row in rows)
    return f'<table style="text-align:left">{_row("th", head)}{lines}</table>' if rows else ""


def _row(tag: str, cells: Iterable[str]) -> str:
    return "<tr>" + "".join(f'<{tag} style="text-align:left">{_cell(cell)}</{tag}>' for cell in cells) + "</tr>"


def _cell(text: str) -> str:
    colour = _colour(text)
    return f'<span style="color:{colour};font-weight:600">{escape(text)}</span>' if colour else escape(text)


def _colour(text: str) -> str:
    return next((each for word, each in _COLOURS.items() if text.startswith(word)), "")
