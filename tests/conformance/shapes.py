"""The shape of a generated flow: levels of steps, splits and foreaches in which switches lead forward."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

GANG = "gang"
BEYOND_METAFLOW = frozenset({"set", "dict", "generator"})


@dataclass(frozen=True, slots=True)
class Line:
    """One ordinary step. With `rounds` it is a switch that goes back to itself that many times, and once more at odd indices."""

    name: str
    rounds: int = 0

    def rounds_at(self, path: Sequence[int]) -> int:
        """How often the step runs again at this index path."""
        return self.rounds + (path[-1] % 2 if path else 0) if self.rounds else 0


@dataclass(frozen=True, slots=True)
class Diamond:
    """A static split, its arms, its join."""

    split: str
    arms: tuple[Level, ...]
    join: str


@dataclass(frozen=True, slots=True)
class Each:
    """A foreach over `variable`; a ragged one has one item more in every second task of the foreach around it.

    Of the kind `gang` it is a gang of that width, whose nodes are the body's first step.
    """

    split: str
    variable: str
    kind: str
    width: int
    ragged: bool
    body: Level
    join: str

    def width_at(self, path: Sequence[int]) -> int:
        """How many items the split has at this index path."""
        return self.width + (path[-1] % 2 if self.ragged and path else 0)


Node = Line | Diamond | Each


@dataclass(frozen=True, slots=True)
class Level:
    """Nodes in an order in which every way leads forward, the first one the entry.

    `ways` says where each node leads, by position; the number of nodes is the exit. A node with one way goes there; with several
    it is a switch, a way for each of its keys. A step that repeats has a last way, back to itself, that is not written here.
    """

    nodes: tuple[Node, ...]
    ways: tuple[tuple[int, ...], ...]

    def switches(self, at: int) -> bool:
        """Whether the node at a position ends with a switch."""
        node = self.nodes[at]
        return len(self.ways[at]) > 1 or (isinstance(node, Line) and node.rounds > 0)

    def ends(self) -> tuple[str, ...]:
        """The steps that lead to the exit."""
        return tuple(
            last_step(node) for node, ways in zip(self.nodes, self.ways, strict=True) if len(self.nodes) in ways
        )

    @property
    def entry(self) -> str:
        """The step by which the level is entered."""
        return first_step(self.nodes[0])


def first_step(node: Node) -> str:
    """The step by which a node is entered."""
    return node.name if isinstance(node, Line) else node.split


def last_step(node: Node) -> str:
    """The step by which a node is left."""
    return node.name if isinstance(node, Line) else node.join


def step_names(level: Level) -> Iterator[str]:
    """Every step, in an order in which each comes after what it needs."""
    for node in level.nodes:
        yield first_step(node)
        for inner in inside(node):
            yield from step_names(inner)
        if not isinstance(node, Line):
            yield node.join


def levels(level: Level) -> Iterator[Level]:
    """A level and all that lie in it."""
    yield level
    for node in level.nodes:
        for inner in inside(node):
            yield from levels(inner)


def inside(node: Node) -> tuple[Level, ...]:
    """The levels that lie in a node."""
    match node:
        case Line():
            return ()
        case Diamond():
            return node.arms
        case Each():
            return (node.body,)


def count_tasks(level: Level, path: tuple[int, ...] = ()) -> int:
    """The most tasks that a run of this level can have at one index path; switches make it fewer."""
    total = 0
    for node in level.nodes:
        match node:
            case Line():
                total += 1 + node.rounds_at(path)
            case Diamond():
                total += 2 + sum(count_tasks(arm, path) for arm in node.arms)
            case Each():
                total += 2 + sum(count_tasks(node.body, (*path, n)) for n in range(node.width_at(path)))
    return total


def foreach_depth(level: Level) -> int:
    """How deep foreaches lie in each other."""
    return max(
        isinstance(node, Each) + max((foreach_depth(inner) for inner in inside(node)), default=0)
        for node in level.nodes
    )


def has_switch(level: Level) -> bool:
    """Whether any level in it has one."""
    return any(one.switches(at) for one in levels(level) for at in range(len(one.nodes)))


def has_recursion(level: Level) -> bool:
    """Whether any step repeats."""
    return any(isinstance(node, Line) and node.rounds > 0 for one in levels(level) for node in one.nodes)


def has_gang(level: Level) -> bool:
    """Whether any foreach is a gang."""
    return any(isinstance(node, Each) and node.kind == GANG for one in levels(level) for node in one.nodes)
