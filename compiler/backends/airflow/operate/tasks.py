"""Airflow's task instances as steps and indexes, and how they stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from compiler.backends.airflow.operate.api.protocol import Instance, Row
from compiler.backends.airflow.operate.causes import Cause
from compiler.backends.airflow.operate.layout import Layout
from compiler.backends.operating import EngineTask, Phase
from compiler.slotted_class import record

TERMINATED = "flowc: terminated"
"""The line of a run's note that says that a person ended it by us: to Airflow it has failed."""
_RUNS: Mapping[str, Phase] = {"queued": "queued", "running": "running", "success": "succeeded", "failed": "failed"}
_TASKS: Mapping[str, Phase] = {
    "": "queued",
    "none": "queued",
    "scheduled": "queued",
    "queued": "queued",
    "restarting": "queued",
    "up_for_retry": "queued",
    "up_for_reschedule": "queued",
    "running": "running",
    "deferred": "running",
    "success": "succeeded",
    "failed": "failed",
}
NOT_MEANT = frozenset({"skipped", "removed", "upstream_failed"})
"""States of what has not been done and will not be: arms that a switch did not take, what stands behind a failure."""
Lists = Callable[[str], Sequence[str] | None]
"""The index paths that a task has listed; None where it has not listed them yet."""


def phase(row: Row) -> Phase:
    """How a run stands."""
    if row.state == "failed" and TERMINATED in row.note.split("\n"):
        return "terminated"
    return _RUNS.get(row.state, "unknown")


def tasks_of(
    instances: Sequence[Instance], layout: Layout, lists: Lists, run: Phase, why: Callable[[Instance], Cause]
) -> tuple[EngineTask, ...]:
    """The tasks of a run, in the order in which they began; what is not meant to be done is none of them.

    `why` is asked for each that has failed, in that order.
    """
    known: dict[str, Sequence[str] | None] = {}
    found: list[tuple[Instance, str]] = []
    for each in sorted(instances, key=_began):
        index = _index(each, layout, lists, known) if layout.step(each.task) else "-"
        if each.state not in NOT_MEANT and index is not None:
            found.append((each, index))
    told = [_task(each, index, layout, run, why) for each, index in found]
    return tuple(task for task in told if task.step or task.phase in ("failed", "terminated"))


def _began(instance: Instance) -> tuple[bool, float, str, int]:
    return (instance.started is None, instance.started or 0.0, instance.task, instance.map_index)


def _index(instance: Instance, layout: Layout, lists: Lists, known: dict[str, Sequence[str] | None]) -> str | None:
    """The index path of an instance; None for a place of a group that has no member, or whose members are not known yet."""
    indices = layout.indices(instance.task)
    if not indices:
        return "-"
    if _is_path(instance.label):
        return instance.label
    if instance.map_index < 0:
        return None
    if indices not in known:
        known[indices] = lists(indices)
    paths = known[indices] or ()
    return paths[instance.map_index] if instance.map_index < len(paths) else None


def _is_path(text: str) -> bool:
    return bool(text) and all(part.isdecimal() for part in text.split("."))


def _task(instance: Instance, index: str, layout: Layout, run: Phase, why: Callable[[Instance], Cause]) -> EngineTask:
    stands = _TASKS.get(instance.state, "unknown")
    if stands == "failed" and run == "terminated":
        stands = "terminated"
    cause = why(instance) if stands == "failed" else _waits(instance)
    return EngineTask(
        step=layout.step(instance.task),
        index=index,
        phase=stands,
        node=instance.node,
        attempt=instance.tries - 1 if instance.tries > 0 else None,
        reason=cause.reason,
        message=cause.message,
        cure=cause.cure,
        started=instance.started,
        finished=instance.finished,
        shares=layout.shares(instance.task),
    )


def _waits(instance: Instance) -> Cause:
    """An attempt that has failed and will be followed by another has a word of its own."""
    return (
        Cause("up_for_retry", "the attempt failed, and another follows")
        if instance.state == "up_for_retry"
        else Cause()
    )


@record
class Place:
    """Where a task instance is: what an `EngineTask.node` says."""

    task: str
    map_index: int


def place_of(node: str) -> Place:
    """The inverse of `Instance.node`."""
    task, bracket, number = node.removesuffix("]").rpartition("[")
    if bracket and node.endswith("]") and number.isdecimal():
        return Place(task, int(number))
    return Place(node, -1)


def flat(value: object) -> tuple[str, ...] | None:
    """The index paths of a list of rows, as the task that lists them has returned it; None where it is no such list."""
    if not isinstance(value, list) or not all(isinstance(row, list) for row in value):
        return None
    return tuple(str(path) for row in value for path in row)
