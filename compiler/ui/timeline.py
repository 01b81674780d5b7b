"""When the tasks of a run ran, and which of them it waited for: bars over time, and the way back from its last task."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from compiler.call.history import TaskState
from compiler.slotted_class import record

MOST = 400
"""Bars that a page shows; of a step with more tasks than its share those that took longest."""
_PERCENT = 100.0


@record
class Piece:
    """An attempt in per cent of the run's time, by its end: `succeeded`, `failed`, `running`."""

    left: float
    width: float
    phase: str
    title: str


@record
class Bar:
    """A task: its attempts one behind the other, how long it waited after what it has loaded, whether the run's length hung on it."""

    step: str
    index: str
    pieces: tuple[Piece, ...]
    seconds: float
    waited: float | None
    is_critical: bool


@record
class Timeline:
    """Bars in the order of their start; `hidden` tasks are not among them."""

    begun: float
    seconds: float
    bars: tuple[Bar, ...]
    hidden: int


def timeline(tasks: Iterable[TaskState], created: float, now: float | None, unread: Mapping[str, int]) -> Timeline:
    """The bars of a run; `now` is the end of what still runs, None where nothing does."""
    ran = [task for task in tasks if task.started is not None and not task.is_taken_over]
    ends = [end for task in ran for _, end in _spans(task, now)]
    begun = min([created, *(start for task in ran for start, _ in _spans(task, now))])
    seconds = max([*ends, begun + 0.001]) - begun
    critical = critical_path(ran, now)
    shown = sorted(
        ran, key=lambda task: ((task.address.step, task.address.index) not in critical, -_length(task, now))
    )[:MOST]
    shown.sort(
        key=lambda task: (task.attempts[0].started if task.attempts else task.started or 0.0, task.address.place)
    )
    known = {(task.address.step, task.address.name): task for task in ran}
    bars = tuple(_bar(task, begun, seconds, now, known, critical) for task in shown)
    return Timeline(begun, seconds, bars, len(ran) - len(shown) + sum(unread.values()))


def critical_path(tasks: Iterable[TaskState], now: float | None = None) -> set[tuple[str, str]]:
    """Step and index path of the tasks that the run's end has waited for: from the task that ended last back, always to the last of those
    that it has loaded. Of tasks that were only counted nothing is known.

    Where some still run (`now`), what the run waits for is the one of them that began first; what it has loaded is not known yet.
    """
    known = {(task.address.step, task.address.name): task for task in tasks if task.finished is not None}
    running = [task for task in tasks if _still_runs(task)] if now is not None else []
    at = min(running, key=lambda task: task.started or 0.0, default=None)
    at = at or max(known.values(), key=lambda task: task.finished or 0.0, default=None)
    found: set[tuple[str, str]] = set()
    while at is not None and (at.address.step, at.address.index) not in found:
        found.add((at.address.step, at.address.index))
        loaded = (at.manifest.loaded if at.manifest else None) or ()
        before = [
            known[step, name.partition("~")[0]] for step, name, _ in loaded if (step, name.partition("~")[0]) in known
        ]
        at = max(before, key=lambda task: task.finished or 0.0, default=None)
    return found


def _spans(task: TaskState, now: float | None) -> list[tuple[float, float]]:
    """Start and end of each attempt; the end of one that was killed is where the next begins."""
    starts = [attempt.started for attempt in task.attempts] or [task.started or 0.0]
    spans = []
    for at, start in enumerate(starts):
        own = task.attempts[at].finished if at < len(task.attempts) else None
        if at == len(starts) - 1:
            own = own or task.finished or now
        following = starts[at + 1] if at + 1 < len(starts) else None
        spans.append((start, max(own or following or start, start)))
    return spans


def _still_runs(task: TaskState) -> bool:
    count = len(task.attempts)
    return task.finished is None and count > 0 and _phase(task, count - 1, count) == "running"


def _length(task: TaskState, now: float | None) -> float:
    return sum(end - start for start, end in _spans(task, now))


def _bar(
    task: TaskState,
    begun: float,
    seconds: float,
    now: float | None,
    known: Mapping[tuple[str, str], TaskState],
    critical: set[tuple[str, str]],
) -> Bar:
    spans = _spans(task, now)
    pieces = tuple(
        Piece(
            _PERCENT * (start - begun) / seconds,
            max(_PERCENT * (end - start) / seconds, 0.2),
            _phase(task, at, len(spans)),
            f"attempt {at + 1}: {end - start:.2f} s",
        )
        for at, (start, end) in enumerate(spans)
    )
    loaded = (task.manifest.loaded if task.manifest else None) or ()
    ready = [known[step, name].finished or 0.0 for step, name, _ in loaded if (step, name) in known]
    waited = max(spans[0][0] - max(ready), 0.0) if ready else None
    place = (task.address.step, task.address.index)
    return Bar(*place, pieces, _length(task, now), waited, place in critical)


def _phase(task: TaskState, at: int, count: int) -> str:
    is_last = at == count - 1
    if not is_last or (at < len(task.attempts) and task.attempts[at].failure is not None and task.status != "stopped"):
        return "failed"
    return {
        "done": "succeeded",
        "caught": "succeeded",
        "failed": "failed",
        "killed": "failed",
        "stopped": "terminated",
    }.get(task.status, "running")
