"""Two runs of a flow side by side: parameters and artifacts that differ, told by their digests, so that nothing is unpickled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flowc.artifacts.manifest import Manifest
from flowc.artifacts.pickling import Packed

from compiler.call.history import RunState, TaskState
from compiler.slotted_class import record


@record
class Differs:
    """A thing that two runs have different: both sides as a person reads them; empty where one has none."""

    name: str
    one: str
    other: str


@record
class TaskDifference:
    """A task with its artifacts that differ; `only` is `one` or `other` where just one of the runs has it."""

    step: str
    index: str
    only: str
    artifacts: tuple[Differs, ...]


def parameters(one: RunState, other: RunState) -> tuple[Differs, ...]:
    """What the runs were given differently."""
    left, right = (dict(state.record.given or {}) for state in (one, other))
    names = sorted({*left, *right})
    return tuple(
        Differs(name, _shown(left, name), _shown(right, name))
        for name in names
        if left.get(name, _NOTHING) != right.get(name, _NOTHING)
    )


_NOTHING = object()


def _shown(given: Mapping[str, object], name: str) -> str:
    return repr(given[name]) if name in given else ""


def tasks(one: RunState, other: RunState) -> Iterator[TaskDifference]:
    """The tasks of which the runs have left something else, in the order of the first.

    What goes on from task to task as it was is told of the first alone.
    """
    left, right = (_by_place(state.tasks) for state in (one, other))
    told: set[tuple[str, object, object]] = set()
    for place in dict.fromkeys([*left, *right]):
        if place not in left or place not in right:
            yield TaskDifference(*place, "one" if place in left else "other", ())
            continue
        found = tuple(_artifacts(left[place].manifest, right[place].manifest, told))
        if found:
            yield TaskDifference(*place, "", found)


def _by_place(found: tuple[TaskState, ...]) -> dict[tuple[str, str], TaskState]:
    return {(task.address.step, task.address.index): task for task in found}


def _artifacts(
    one: Manifest | None, other: Manifest | None, told: set[tuple[str, object, object]]
) -> Iterator[Differs]:
    names = sorted({*(one.names if one else ()), *(other.names if other else ())})
    for name in names:
        left, right = (_told(each, name) for each in (one, other))
        if left[0] != right[0] and (name, left[0], right[0]) not in told:
            told.add((name, left[0], right[0]))
            yield Differs(name, left[1], right[1])


def _told(manifest: Manifest | None, name: str) -> tuple[object, str]:
    """What tells one value from another, and the type and size for a person."""
    if manifest is None or name not in manifest:
        return None, ""
    entry = manifest.entry(name)
    content = bytes(manifest.content(entry)) if isinstance(entry, Packed) else entry.sha
    return content, f"{entry.kind}, {entry.size:,} bytes"
