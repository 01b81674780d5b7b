"""How foreaches nest in a DAG that has only one level of mapped groups.

The body of a foreach is cut at its nested foreaches: a step's segment is the largest number of nested foreaches on a
path before it. Every segment of a body is a mapped group over the same list of index paths; a nested foreach's list is
computed from the widths that its splits reported. See docs/decisions/0003-airflow-segments.md; how a list is longer than
what Airflow maps over, docs/decisions/0030-airflow-wide.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from compiler.backends.names import within
from compiler.ir.plan import FanOut, Scope, Task, entry
from compiler.slotted_class import record

MOST_ID = 250
"""Characters of the id of a DAG, or of a task with its group's."""
_HALF = 124


@record
class Guard:
    """How a step deals with skipped ones: whether it starts after such too, and whether it looks if it is meant itself.

    A step that does neither is skipped with what it follows, as Airflow does by default.
    """

    bears_skips: bool = False
    looks: bool = False


@record
class Single:
    """A step outside any foreach; `after` names what else in the DAG it waits for, as `Unit.name` does."""

    task: Task
    after: tuple[str, ...]
    guard: Guard

    @property
    def name(self) -> str:
        """What its variable is named after."""
        return self.task.step

    @property
    def id(self) -> str:
        """Its task id."""
        return task_id(self.task)


@record
class Indices:
    """The small task that lists the index paths below `split`, a task id with its group; `around` names the list of that group."""

    split: str
    step: str
    around: str | None
    after: tuple[str, ...]

    @property
    def name(self) -> str:
        """What its variable is named after."""
        return f"_each_{self.step}"

    @property
    def id(self) -> str:
        """Its task id."""
        return within(self.name, MOST_ID)


@record
class Columns:
    """The small task that numbers the places of the longest row of a list, which `rows` names."""

    rows: str
    step: str

    @property
    def name(self) -> str:
        """What its variable is named after."""
        return columns_name(self.step)

    @property
    def id(self) -> str:
        """Its task id."""
        return within(self.name, MOST_ID)


@record
class Segment:
    """One mapped group: tasks of a foreach's body with the edges between them."""

    split: str
    number: int
    tasks: tuple[Task, ...]
    edges: Mapping[str, tuple[str, ...]]
    after: tuple[str, ...]
    guards: Mapping[str, Guard]

    @property
    def name(self) -> str:
        """A Python name that no step can have."""
        return segment_name(self.split, self.number)

    @property
    def group(self) -> str:
        """The group's id: a hyphen keeps it apart from every step's name."""
        return within(self._wish, MOST_ID if self._fits else _HALF)

    @property
    def ids(self) -> Mapping[str, str]:
        """By step, the task's id within the group: Airflow's limit is for both together."""
        return {task.step: task_id(task, MOST_ID if self._fits else _HALF) for task in self.tasks}

    @property
    def _wish(self) -> str:
        return f"foreach-{self.split}" + (f"-{self.number + 1}" if self.number else "")

    @property
    def _fits(self) -> bool:
        longest = max(len(_wished_id(task)) for task in self.tasks)
        return len(self._wish) + len(".") + longest <= MOST_ID

    @property
    def indices(self) -> str:
        """The name of the list that it is mapped over."""
        return f"_each_{self.split}"

    @property
    def columns(self) -> str:
        """The name of what numbers the places of the list's rows."""
        return columns_name(self.split)


def task_id(task: Task, most: int = MOST_ID) -> str:
    """What Airflow calls a container outside of any group: its step, or `first-to-last`, or `step-portions`.

    A hyphen is in no step's name: the id says that the step's word has to be read (`compiler.backends.airflow.operate.layout`).
    """
    return within(_wished_id(task), most)


def _wished_id(task: Task) -> str:
    return task.title.replace(" ", "-") if len(task.steps) > 1 or not task.chunk else f"{task.step}-portions"


Unit = Single | Indices | Columns | Segment


def columns_name(split: str) -> str:
    """The Python name of what numbers the places in the rows of a foreach's list."""
    return f"_columns_{split}"


def units(root: Scope) -> Iterator[Unit]:
    """What stands directly in the DAG, in an order in which each comes after all that it waits for."""
    cut = _Within(root, None)
    for node in root.flat:
        task = entry(node)
        yield cut.single(task)
        if isinstance(node, FanOut):
            yield from _body(node, task_id(task), None, (task.step,))


def node_ids(root: Scope) -> dict[str, str]:
    """By the first step of each container, its whole task id."""
    found: dict[str, str] = {}
    for unit in units(root):
        if isinstance(unit, Single):
            found[unit.task.step] = unit.id
        elif isinstance(unit, Segment):
            found |= {step: f"{unit.group}.{each}" for step, each in unit.ids.items()}
    return found


def _body(node: FanOut, split: str, around: str | None, after: tuple[str, ...]) -> Iterator[Unit]:
    """The list of a foreach, the segments of its body, and between them what is nested there."""
    cut = _Within(node.body, node.split.step)
    indices = Indices(split, node.split.step, around, after)
    yield indices
    yield Columns(indices.name, node.split.step)
    for number in range(cut.count):
        segment = cut.segment(number)
        yield segment
        for nested in cut.nested(number):
            split_id = f"{segment.group}.{segment.ids[nested.split.step]}"
            yield from _body(nested, split_id, indices.name, (segment.name,))


class _Within:
    """One scope cut into segments; the root, whose `split` is None, is not cut."""

    def __init__(self, scope: Scope, split: str | None) -> None:
        self._split = split
        self._nodes = {entry(node).step: node for node in scope.flat}
        self._level: dict[str, int] = {}
        for step, node in self._nodes.items():
            before = _before(entry(node))
            self._level[step] = max((self._level[name] + self._is_fan(name) for name in before), default=0)
        self._tails = scope.tails

    @property
    def count(self) -> int:
        return max(self._level.values()) + 1

    def segment(self, number: int) -> Segment:
        assert self._split is not None
        tasks = self._tasks(number)
        mine = {task.step for task in tasks}
        edges = {task.step: tuple(name for name in _before(task) if name in mine) for task in tasks}
        barrier = self._barrier(tasks)
        guards = {task.step: self._guard(task, bool(barrier)) for task in tasks}
        return Segment(self._split, number, tasks, edges, barrier, guards)

    def nested(self, number: int) -> Iterator[FanOut]:
        for step, node in self._nodes.items():
            if isinstance(node, FanOut) and self._level[step] == number:
                yield node

    def single(self, task: Task) -> Single:
        """A task of the root scope."""
        barrier = self._barrier((task,))
        names = [name for name in _before(task) if self._is_near(name, task)]
        return Single(task, (*names, *barrier), self._guard(task, bool(barrier)))

    def _guard(self, task: Task, after_groups: bool) -> Guard:
        """What a task follows for certain at its own index is skipped with it; nothing else tells whether it is meant.

        Any group may end with skipped steps: those that a switch did not take, and those of places without a member.
        """
        near = [all(self._is_near(edge.node, task) for edge in group) for group in task.prerequisites]
        joint = bool(near) and not any(self._is_near(name, task) for name in _before(task))
        arms = any(len(group) > 1 for group in task.prerequisites)
        bears = bool(task.ways) or after_groups if joint else arms
        certain = [group for group, own in zip(task.prerequisites, near, strict=True) if own and len(group) == 1]
        follows = any(not group[0].cases for group in certain)
        return Guard(bears, bool(task.ways) and (bears or not follows))

    def _barrier(self, tasks: tuple[Task, ...]) -> tuple[str, ...]:
        """The groups that tasks of one segment wait for, all members of each."""
        names = dict.fromkeys(name for task in tasks for name in _before(task) if not self._is_near(name, task))
        fans = [node for node in map(self._nodes.__getitem__, names) if isinstance(node, FanOut)]
        found: list[str] = []
        for node in fans:
            body = _Within(node.body, node.split.step)
            found += [body._name(number) for number in dict.fromkeys(map(body._level.__getitem__, body._tails))]
        implied = {self._level[node.split.step] for node in fans}
        levels = [self._level[name] for name in names if not self._is_fan(name)]
        return tuple(dict.fromkeys([*found, *(self._name(level) for level in levels if level not in implied)]))

    def _tasks(self, number: int) -> tuple[Task, ...]:
        return tuple(entry(node) for step, node in self._nodes.items() if self._level[step] == number)

    def _is_near(self, name: str, task: Task) -> bool:
        """Whether a task waits for the one of that name at its own index alone."""
        return not self._is_fan(name) and (self._split is None or self._level[name] == self._level[task.step])

    def _is_fan(self, name: str) -> bool:
        return isinstance(self._nodes[name], FanOut)

    def _name(self, number: int) -> str:
        assert self._split is not None
        return segment_name(self._split, number)


def segment_name(split: str, number: int) -> str:
    """The Python name of a segment; the number comes first, so that no split's name can end like one."""
    return f"_foreach{number + 1 if number else ''}_{split}"


def _before(task: Task) -> tuple[str, ...]:
    return tuple(dict.fromkeys(edge.node for group in task.prerequisites for edge in group))
