"""The shape of a generated flow: a tree of steps, splits and foreaches, drawn from a seeded random."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tests.conformance.dice import chance

MAX_DEPTH = 3
# Names that a target might mangle into each other, or take for words of its own.
STEP_NAMES = (
    *("alpha", "a_b", "a__b", "a_b_", "x1", "x_1", "load", "map", "tasks", "task", "run", "item", "default", "args"),
    *("left", "right", "each", "case", "steps", "this", "long_name_of_a_step_that_goes_on_and_on", "go2", "z"),
    *("retries", "dag", "on", "yes", "null", "parameters", "inner", "outer"),
)
ITEM_KINDS = ("list", "list", "list", "ints", "text", "dicts", "range", "set", "dict", "generator")
BEYOND_METAFLOW = frozenset({"set", "dict", "generator"})


@dataclass(frozen=True, slots=True)
class Line:
    """One ordinary step."""

    name: str


@dataclass(frozen=True, slots=True)
class Diamond:
    """A static split, its arms, its join."""

    split: str
    arms: tuple[tuple[Node, ...], ...]
    join: str


@dataclass(frozen=True, slots=True)
class Each:
    """A foreach over `variable`; a ragged one has one item more in every second task of the foreach around it."""

    split: str
    variable: str
    kind: str
    width: int
    ragged: bool
    body: tuple[Node, ...]
    join: str

    def width_at(self, path: Sequence[int]) -> int:
        """How many items the split has at this index path."""
        return self.width + (path[-1] % 2 if self.ragged and path else 0)


Node = Line | Diamond | Each


@dataclass(frozen=True, slots=True)
class Shape:
    """The nodes in order. The first step is `start`, the last one `end`; the first may open a region."""

    nodes: tuple[Node, ...]


def first_step(nodes: Sequence[Node]) -> str:
    """The step by which these nodes are entered."""
    node = nodes[0]
    match node:
        case Line():
            return node.name
        case Diamond() | Each():
            return node.split


def last_step(nodes: Sequence[Node]) -> str:
    """The step by which these nodes are left."""
    node = nodes[-1]
    match node:
        case Line():
            return node.name
        case Diamond() | Each():
            return node.join


def step_names(nodes: Sequence[Node]) -> Iterator[str]:
    """Every step, in an order in which each comes after what it needs."""
    for node in nodes:
        match node:
            case Line():
                yield node.name
            case Diamond():
                yield node.split
                for arm in node.arms:
                    yield from step_names(arm)
                yield node.join
            case Each():
                yield node.split
                yield from step_names(node.body)
                yield node.join


def count_tasks(nodes: Sequence[Node], path: tuple[int, ...] = ()) -> int:
    """How many tasks a run of these nodes has at one index path."""
    total = 0
    for node in nodes:
        match node:
            case Line():
                total += 1
            case Diamond():
                total += 2 + sum(count_tasks(arm, path) for arm in node.arms)
            case Each():
                total += 2 + sum(count_tasks(node.body, (*path, n)) for n in range(node.width_at(path)))
    return total


def draw_shape(rng: random.Random, max_steps: int, max_tasks: int) -> Shape:
    """A random shape within both bounds; small ones are rarer than chance would have it, nested foreaches less rare."""
    nested = chance(rng, 0.25)
    # A foreach in a foreach needs many tasks; to ask for many steps too would be to draw for long.
    least = rng.choice((2, 4, 5, 6) if nested else (2, 4, 6, 7, 8))
    while True:
        nodes = _closed(rng, _sequence(rng, depth=0))
        steps = sum(1 for _ in step_names(nodes))
        fits = min(least, max_steps) <= steps <= max_steps and count_tasks(nodes) <= max_tasks
        plain = all(isinstance(node, Line) for node in nodes)
        if fits and (not nested or foreach_depth(nodes) > 1) and (not plain or chance(rng, 0.02)):
            return Shape(_named(nodes, rng))


def foreach_depth(nodes: Sequence[Node]) -> int:
    """How deep foreaches lie in each other."""
    deepest = 0
    for node in nodes:
        match node:
            case Line():
                depth = 0
            case Diamond():
                depth = max(foreach_depth(arm) for arm in node.arms)
            case Each():
                depth = 1 + foreach_depth(node.body)
        deepest = max(deepest, depth)
    return deepest


def _sequence(rng: random.Random, depth: int) -> tuple[Node, ...]:
    return tuple(_node(rng, depth) for _ in range(rng.choice((1, 1, 1, 2, 2, 3))))


def _node(rng: random.Random, depth: int) -> Node:
    if depth >= MAX_DEPTH or chance(rng, (0.25, 0.5, 0.6)[depth]):
        return Line("?")
    if chance(rng, 0.45):
        arms = tuple(_sequence(rng, depth + 1) for _ in range(rng.choice((2, 2, 2, 3))))
        return Diamond("?", arms, "?")
    kind = rng.choice(ITEM_KINDS)
    variable = "items" if chance(rng, 0.2) else "?"
    return Each(
        split="?",
        variable=variable,
        kind=kind,
        width=rng.choice((1, 2, 2, 3, 3, 4)),
        ragged=depth > 0 and chance(rng, 0.3),
        body=_sequence(rng, depth + 1),
        join="?",
    )


def _closed(rng: random.Random, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """With `start` and `end`; a first split may be the start. The end is no join: the language wants a step after it."""
    first = nodes[0]
    if not isinstance(first, Line) and chance(rng, 0.5):
        return (replace(first, split="start"), *nodes[1:], Line("end"))
    return (Line("start"), *nodes, Line("end"))


def _named(nodes: tuple[Node, ...], rng: random.Random) -> tuple[Node, ...]:
    names = list(STEP_NAMES)
    rng.shuffle(names)
    return _take_names(nodes, iter(names), iter(f"items_{n}" for n in range(99)))


def _take_names(nodes: tuple[Node, ...], names: Iterator[str], variables: Iterator[str]) -> tuple[Node, ...]:
    def name(old: str) -> str:
        return next(names) if old == "?" else old

    found: list[Node] = []
    for node in nodes:
        match node:
            case Line():
                found.append(Line(name(node.name)))
            case Diamond():
                arms = tuple(_take_names(arm, names, variables) for arm in node.arms)
                found.append(Diamond(name(node.split), arms, name(node.join)))
            case Each():
                body = _take_names(node.body, names, variables)
                variable = next(variables) if node.variable == "?" else node.variable
                split, join = name(node.split), name(node.join)
                found.append(replace(node, split=split, variable=variable, body=body, join=join))
    return tuple(found)
