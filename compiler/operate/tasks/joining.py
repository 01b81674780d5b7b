"""All tasks of a run: what its engine says of each, joined with what each has left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from compiler.backends.operating import EngineTask, portion_of
from compiler.call.history import RunState, TaskState
from compiler.operate.tasks.shared import tasks_of
from compiler.operate.tasks.views import TaskView, task_view

_Key = tuple[str, str]
"""A step and an index path."""


def joined(seen: Sequence[EngineTask], state: RunState | None) -> list[TaskView]:
    """The tasks in the store's order, then those that only the engine knows. What is done and only counted is none of them."""
    stored = {(task.address.step, task.address.index): task for task in state.tasks} if state else {}
    unread = state.unread if state else {}
    alone = {(task.step, task.index): task for task in seen if task.step and not task.shares}
    found = {key: task_view(alone.get(key), task) for key, task in stored.items()}
    for container, states in _containers(seen, stored).values():
        if states or container.step not in unread:
            found |= {(task.step, task.index): task for task in tasks_of(container, states)}
    tasks = [*found.values()]
    tasks += [
        task_view(task, None)
        for key, task in alone.items()
        if key not in stored and not (task.phase == "succeeded" and task.step in unread)
    ]
    return tasks + [task_view(task, None) for task in seen if not task.step]


def _containers(
    seen: Sequence[EngineTask], stored: Mapping[_Key, TaskState]
) -> dict[_Key, tuple[EngineTask, list[TaskState]]]:
    """The containers that do several tasks, by step and index, each with those of its tasks that the store tells of."""
    found = {(task.step, task.index): (task, list[TaskState]()) for task in seen if task.shares}
    firsts = {step: (task.step, task.shares.size) for task, _ in found.values() if task.shares for step in task.steps}
    for (step, index), state in stored.items():
        if step in firsts:
            first, size = firsts[step]
            held = found.get((first, portion_of(index, size) if size else index))
            if held is not None:
                held[1].append(state)
    return found
