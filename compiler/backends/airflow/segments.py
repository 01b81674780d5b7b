"""How foreaches nest in a DAG that has only one level of mapped groups.

The body of a foreach is cut at its nested foreaches: a step's segment is the largest number of nested foreaches on a
path before it. Every segment of a body is a mapped group over the same list of index paths; a nested foreach's list is
computed from the widths that its splits reported. See docs/decisions/0003-airflow-segments.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from compiler.ir.plan import FanOut, Scope, Task, entry
from compiler.record import record


@record
class Single:
    """A step outside any foreach; `after` names what else in the DAG it waits for, as `Unit.name` does."""

    task: Task
    after: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its task id."""
        return self.task.step


@record
class Indices:
    """The small task that lists the index paths below `split`; `split` is the task id with its group."""

    split: str
    step: str
    after: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its task id."""
        return f"_each_{self.step}"


@record
class Segment:
    """One mapped group: tasks of a foreach's body with the edges between them."""

    split: str
    number: int
    tasks: tuple[Task, ...]
    edges: Mapping[str, tuple[str, ...]]
    after: tuple[str, ...]

    @property
    def name(self) -> str:
        """A Python name that no step can have."""
        return segment_name(self.split, self.number)

    @property
    def group(self) -> str:
        """The group's id: a hyphen keeps it apart from every step's name."""
        return f"foreach-{self.split}" + (f"-{self.number + 1}" if self.number else "")

    @property
    def indices(self) -> str:
        """The name of the list that it is mapped over."""
        return f"_each_{self.split}"


Unit = Single | Indices | Segment


def units(root: Scope) -> Iterator[Unit]:
    """What stands directly in the DAG, in an order in which each comes after all that it waits for."""
    within = _Within(root, None)
    for node in root.flat:
        task = entry(node)
        yield Single(task, within.after(task))
        if isinstance(node, FanOut):
            yield from _body(node, task.step, (task.step,))


def _body(node: FanOut, split: str, after: tuple[str, ...]) -> Iterator[Unit]:
    """The list of a foreach, the segments of its body, and between them what is nested there."""
    within = _Within(node.body, node.split.step)
    yield Indices(split, node.split.step, after)
    for number in range(within.count):
        segment = within.segment(number)
        yield segment
        for nested in within.nested(number):
            yield from _body(nested, f"{segment.group}.{nested.split.step}", (segment.name,))


class _Within:
    """One scope cut into segments; the root, whose `split` is None, is not cut."""

    def __init__(self, scope: Scope, split: str | None) -> None:
        self._split = split
        self._nodes = {entry(node).step: node for node in scope.flat}
        self._level: dict[str, int] = {}
        for step, node in self._nodes.items():
            before = [edge.node for group in entry(node).prerequisites for edge in group]
            self._level[step] = max((self._level[name] + self._is_fan(name) for name in before), default=0)
        self._tails = scope.tails

    @property
    def count(self) -> int:
        return max(self._level.values()) + 1

    def ends(self) -> tuple[str, ...]:
        """The segments after which all of the scope has ended."""
        return tuple(dict.fromkeys(self._segment_name(self._level[step]) for step in self._tails))

    def segment(self, number: int) -> Segment:
        assert self._split is not None
        tasks = tuple(entry(node) for step, node in self._nodes.items() if self._level[step] == number)
        mine = {task.step for task in tasks}
        edges = {task.step: tuple(name for name in _before(task) if name in mine) for task in tasks}
        inner = [name for task in tasks for name in _before(task) if self._is_fan(name)]
        outer = [name for task in tasks for name in _before(task) if name not in mine and not self._is_fan(name)]
        implied = {self._level[name] for name in inner}
        after = [end for name in inner for end in self._ends_of(name)]
        after += [self._segment_name(self._level[name]) for name in outer if self._level[name] not in implied]
        return Segment(self._split, number, tasks, edges, tuple(dict.fromkeys(after)))

    def nested(self, number: int) -> Iterator[FanOut]:
        for step, node in self._nodes.items():
            if isinstance(node, FanOut) and self._level[step] == number:
                yield node

    def after(self, task: Task) -> tuple[str, ...]:
        """What a task of the root scope waits for."""
        names = [end for name in _before(task) for end in (self._ends_of(name) if self._is_fan(name) else (name,))]
        return tuple(dict.fromkeys(names))

    def _ends_of(self, fan: str) -> tuple[str, ...]:
        node = self._nodes[fan]
        assert isinstance(node, FanOut)
        return _Within(node.body, fan).ends()

    def _is_fan(self, name: str) -> bool:
        return isinstance(self._nodes[name], FanOut)

    def _segment_name(self, number: int) -> str:
        assert self._split is not None
        return segment_name(self._split, number)


def segment_name(split: str, number: int) -> str:
    """The Python name of a segment; the number comes first, so that no split's name can end like one."""
    return f"_foreach{number + 1 if number else ''}_{split}"


def _before(task: Task) -> tuple[str, ...]:
    return tuple(dict.fromkeys(edge.node for group in task.prerequisites for edge in group))
