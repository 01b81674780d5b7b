"""Which steps share a container on each target, and how many members of a foreach one does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from compiler.difference.part_changes import ContainerAdded, ContainerChange, ContainerRemoved, PortionsChanged
from compiler.difference.sides import State
from compiler.ir.plan import Task


def container_changes(old: State, new: State, same: Mapping[str, str]) -> Iterator[ContainerChange]:
    """What differs of it; `same` gives the steps of the old side the names of today."""
    for target in new.emitted:
        if target not in old.emitted:
            continue
        made, makes = old.emitted[target].containers, new.emitted[target].containers
        before, now = _groups(made, same), _groups(makes, {})
        yield from (ContainerAdded(target, steps) for steps in now if steps not in before)
        yield from (ContainerRemoved(target, steps) for steps in before if steps not in now)
        sizes, sizes_now = _portions(made, same), _portions(makes, {})
        for step in {**sizes_now, **sizes}:
            pair = sizes.get(step, _ONE), sizes_now.get(step, _ONE)
            if pair[0] != pair[1]:
                yield PortionsChanged(target, step, *pair)


_ONE = "1 member"


def _groups(containers: Sequence[Task], same: Mapping[str, str]) -> list[tuple[str, ...]]:
    return [tuple(same.get(each.step, each.step) for each in task.group) for task in containers if len(task.group) > 1]


def _portions(containers: Sequence[Task], same: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for task in containers:
        if task.chunk:
            at_once = f", {task.chunk.workers} at once" if task.chunk.workers > 1 else ""
            found[same.get(task.step, task.step)] = f"{task.chunk.size} members{at_once}"
    return found
