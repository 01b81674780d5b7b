"""Which tasks of a plan may start, as others end: the control flow of the local run, without any process."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from compiler.ir.plan import Enter, FanOut, Plan, Scope, Task, entry
from compiler.slotted_class import fresh, mutable, record


@record
class Report:
    """What a finished task tells: the width of its foreach, or the position of the case that it chose."""

    fan: int | None = None
    case: int | None = None


@record
class Ready:
    """A task that may start, at its index path (`-` outside any foreach). `together`: its siblings wait until it runs."""

    task: Task
    index: str
    together: bool = False


@mutable
class _Level:
    """A scope with what hangs on each of its nodes."""

    scope: Scope
    nodes: Mapping[str, Task | FanOut]
    following: Mapping[str, list[str]]
    tails: frozenset[str]


@mutable
class _Instance:
    """One run of a scope: what has ended in it, and what has been started."""

    level: _Level
    index: str
    parent: _Instance | None
    opened_by: str
    ended: dict[str, int | None] = fresh(default_factory=dict)
    started: set[str] = fresh(default_factory=set)
    waiting: dict[str, int] = fresh(default_factory=dict)


class Walk:
    """The progress of one run. `begin`, then `end` for each task that succeeded; both answer with what may start now."""

    def __init__(self, plan: Plan) -> None:
        self._levels: dict[int, _Level] = {}
        self._root = self._open(plan.root, "-", None, "")
        self._running: dict[tuple[str, str], _Instance] = {}

    def begin(self) -> list[Ready]:
        """The first step."""
        return self._start(self._root, _entries(self._root.level))

    def end(self, ready: Ready, report: Report) -> list[Ready]:
        """What may start after a task has succeeded with that report."""
        instance = self._running.pop((ready.task.step, ready.index))
        node = instance.level.nodes[ready.task.step]
        if isinstance(node, FanOut):
            assert report.fan, "the shim refuses an empty foreach"
            return self._fan_out(instance, node, report.fan)
        return self._ended(instance, ready.task.step, report.case)

    def _fan_out(self, instance: _Instance, node: FanOut, width: int) -> list[Ready]:
        instance.waiting[node.split.step] = width
        ready: list[Ready] = []
        for at in range(width):
            index = str(at) if instance.index == "-" else f"{instance.index}.{at}"
            body = self._open(node.body, index, instance, node.split.step)
            ready += self._start(body, _entries(body.level))
        return ready

    def _ended(self, instance: _Instance, step: str, case: int | None) -> list[Ready]:
        """Mark a node as ended; where its scope ends with it, the fan-out around may end too."""
        while True:
            instance.ended[step] = case
            ready = self._start(instance, instance.level.following.get(step, ()))
            if step not in instance.level.tails or instance.parent is None:
                return ready
            around, step, case = instance.parent, instance.opened_by, None
            around.waiting[step] -= 1
            if around.waiting[step]:
                return ready
            instance = around

    def _start(self, instance: _Instance, names: Iterable[str]) -> list[Ready]:
        ready = []
        for name in names:
            task = entry(instance.level.nodes[name])
            if name not in instance.started and _may_start(instance, task):
                instance.started.add(name)
                self._running[name, instance.index] = instance
                together = isinstance(task.loads, Enter) and task.loads.gang
                ready.append(Ready(task, instance.index, together))
        return ready

    def _open(self, scope: Scope, index: str, parent: _Instance | None, opened_by: str) -> _Instance:
        level = self._levels.get(id(scope))
        if level is None:
            level = self._levels[id(scope)] = _level(scope)
        return _Instance(level, index, parent, opened_by)


def _level(scope: Scope) -> _Level:
    nodes = {entry(node).step: node for node in scope.flat}
    following: dict[str, list[str]] = {}
    for name, node in nodes.items():
        for edge in (edge for group in entry(node).prerequisites for edge in group):
            following.setdefault(edge.node, []).append(name)
    return _Level(scope, nodes, following, frozenset(scope.tails))


def _entries(level: _Level) -> list[str]:
    return [name for name, node in level.nodes.items() if not entry(node).prerequisites]


def _may_start(instance: _Instance, task: Task) -> bool:
    return all(
        any(
            edge.node in instance.ended and (not edge.cases or instance.ended[edge.node] in edge.cases)
            for edge in group
        )
        for group in task.prerequisites
    )
