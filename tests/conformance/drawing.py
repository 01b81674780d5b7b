"""Shapes drawn from a seeded random, so that each combination of constructs comes often enough."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tests.conformance.dice import chance
from tests.conformance.shapes import (
    GANG,
    Diamond,
    Each,
    Level,
    Line,
    Node,
    count_tasks,
    foreach_depth,
    has_gang,
    has_recursion,
    has_switch,
    levels,
    step_names,
)
from tests.conformance.structure import structure

MAX_DEPTH = 3
# Names that a target might mangle into each other, or take for words of its own.
STEP_NAMES = (
    *("alpha", "a_b", "a__b", "a_b_", "x1", "x_1", "load", "map", "tasks", "task", "run", "item", "default", "args"),
    *("left", "right", "each", "case", "steps", "this", "long_name_of_a_step_that_goes_on_and_on", "go2", "z"),
    *("retries", "dag", "on", "yes", "null", "parameters", "inner", "outer"),
)
ITEM_KINDS = ("list", "list", "list", "ints", "text", "dicts", "range", "set", "dict", "generator", "array")
COMBINATIONS = (
    *("switch in foreach in split", "switch in split in foreach", "switch in foreach in foreach"),
    *("switch in arm in foreach", "switch in foreach in arm", "split in arm", "foreach in arm in foreach"),
    *("recursion in foreach in split", "recursion in foreach in arm", "recursion in split in foreach"),
    *("recursion in foreach in foreach", "recursion in arm in foreach", "split in foreach"),
    *("gang in foreach", "gang in split", "gang in arm", "gang in arm in foreach", "gang in split in foreach"),
    *("switch in gang", "recursion in gang", "foreach in gang", "split in gang"),
)
"""What chance alone would hardly ever put together."""


@dataclass(frozen=True, slots=True)
class Taste:
    """What a shape is drawn for: how likely a step is a switch, and what it must have at least.

    `wanted` is one of the words of its structure.
    """

    switch: float = 0.0
    repeat: float = 0.0
    gang: float = 0.0
    nested: bool = False
    several_ends: bool = False
    wanted: str = ""
    least: int = 2

    def accepts(self, level: Level) -> bool:
        """Whether a shape has what it was drawn for."""
        return (
            (not self.nested or foreach_depth(level) > 1)
            and (self.wanted in structure(level) if self.wanted else self._has_its_kind(level))
            and (not self.several_ends or any(len(inner.ends()) > 1 for inner in levels(level) if inner is not level))
        )

    def _has_its_kind(self, level: Level) -> bool:
        return (
            (self.switch == 0 or any(len(ways) > 1 for one in levels(level) for ways in one.ways))
            and (self.repeat == 0 or has_recursion(level))
            and (self.gang == 0 or has_gang(level))
        )


def draw_shape(rng: random.Random, max_steps: int, max_tasks: int) -> Level:
    """A random shape within both bounds; small ones are rarer than chance would have it, nested foreaches and switches less rare.

    The first step is `start`, the last one `end`; the first may open a region.
    """
    taste = _taste(rng)
    most = max_tasks * 3 // 2 if taste.switch else max_tasks
    while True:
        try:
            level = _closed(rng, _level(Draft(rng, taste, max_steps), 0, into_join=False))
        except TooLargeError:
            continue
        steps = sum(1 for _ in step_names(level))
        fits = min(taste.least, max_steps) <= steps <= max_steps and count_tasks(level) <= most
        plain = all(isinstance(node, Line) for node in level.nodes) and not has_switch(level)
        if fits and taste.accepts(level) and (not plain or chance(rng, 0.02)):
            return _named(level, rng)


def _taste(rng: random.Random) -> Taste:
    kinds: Mapping[str, Taste] = {
        # A foreach in a foreach needs many tasks; to ask for many steps too would be to draw for long.
        "nested": Taste(nested=True, least=rng.choice((2, 4, 5, 6))),
        "plain": Taste(least=rng.choice((2, 4, 6, 7, 8))),
        "switch": Taste(switch=rng.choice((0.25, 0.4)), least=rng.choice((4, 5, 6, 7, 8))),
        "switch in a split": Taste(switch=0.5, several_ends=True, least=rng.choice((2, 5, 6, 7, 8))),
        "nested switch": Taste(switch=0.3, nested=True, least=rng.choice((2, 4, 5, 6))),
        "gang": Taste(gang=0.8, switch=rng.choice((0.0, 0.0, 0.2)), least=rng.choice((4, 5, 6, 7))),
        "combined": _combined(rng),
        "recursion": Taste(repeat=0.2, switch=rng.choice((0.0, 0.2)), least=rng.choice((4, 5, 6, 7))),
    }
    weights = {
        "nested": 15,
        "plain": 30,
        "switch": 30,
        "switch in a split": 10,
        "nested switch": 8,
        "gang": 5,
        "combined": 35,
        "recursion": 12,
    }
    (kind,) = rng.choices(tuple(weights), tuple(weights.values()))
    return kinds[kind]


def _combined(rng: random.Random) -> Taste:
    wanted = rng.choice(COMBINATIONS)
    likely = 0.4 if "switch" in wanted or "arm" in wanted else rng.choice((0.0, 0.2))
    return Taste(
        switch=likely,
        repeat=0.3 if "recursion" in wanted else rng.choice((0.0, 0.1)),
        gang=0.5 if "gang" in wanted else 0.0,
        wanted=wanted,
    )


class TooLargeError(Exception):
    """A draft that has more steps than are wanted: it is thrown away before it is whole."""


@dataclass(slots=True)
class Draft:
    """A shape that is being drawn, and how many steps it may still have."""

    rng: random.Random
    taste: Taste
    left: int

    def take(self, steps: int) -> None:
        """Count steps that are drawn."""
        self.left -= steps
        if self.left < 0:
            raise TooLargeError


def _level(draft: Draft, depth: int, *, into_join: bool) -> Level:
    count = draft.rng.choice((1, 1, 2, 3, 3, 4) if draft.taste.switch else (1, 1, 1, 2, 2, 3))
    nodes = tuple(_node(draft, depth) for _ in range(count))
    return _connected(draft, nodes, into_join=into_join)


def _connected(draft: Draft, nodes: tuple[Node, ...], *, into_join: bool) -> Level:
    """Ways between nodes: each takes some of the ends that are open before it; what stays open leads to the exit."""
    rng, taste = draft.rng, draft.taste
    found = list(nodes)
    ways: list[list[int]] = []
    loose: list[tuple[int, int]] = []
    for at, node in enumerate(nodes):
        taken = [] if at == 0 else _some(rng, loose)
        _lead(ways, taken, at)
        keys = rng.choice((2, 2, 2, 3)) if chance(rng, taste.switch) else 1
        ways.append([-1] * keys)
        loose = [end for end in loose if end not in taken] + [(at, way) for way in range(keys)]
        if isinstance(node, Line) and (at or into_join) and chance(rng, taste.repeat):
            found[at] = replace(node, rounds=rng.choice((1, 1, 2)))
    cases = [end for end in loose if into_join and _is_case(found, ways, end)]
    if cases:  # a case may not lead into a join: a step goes between
        taken = cases if chance(rng, 0.7) else loose
        _lead(ways, taken, len(found))
        loose = [end for end in loose if end not in taken] + [(len(found), 0)]
        found.append(Line("?"))
        ways.append([-1])
    _lead(ways, loose, len(found))
    return _checked(Level(tuple(found), tuple(tuple(way) for way in ways)))


def _is_case(nodes: list[Node], ways: list[list[int]], end: tuple[int, int]) -> bool:
    node = nodes[end[0]]
    return len(ways[end[0]]) > 1 or (isinstance(node, Line) and node.rounds > 0)


def _some(rng: random.Random, loose: list[tuple[int, int]]) -> list[tuple[int, int]]:
    return list(loose) if chance(rng, 0.45) else rng.sample(loose, rng.randint(1, len(loose)))


def _lead(ways: list[list[int]], ends: Sequence[tuple[int, int]], target: int) -> None:
    for at, way in ends:
        ways[at][way] = target


def _checked(level: Level) -> Level:
    """A switch whose keys all lead to one step is none."""
    ways = tuple(way[:1] if len(set(way)) == 1 else way for way in level.ways)
    return replace(level, ways=ways)


def _node(draft: Draft, depth: int) -> Node:
    rng, taste = draft.rng, draft.taste
    draft.take(1)
    if depth >= MAX_DEPTH or chance(
        rng, (0.25, 0.5, 0.6)[depth] + (0.2 if (taste.switch or taste.repeat) and not taste.wanted else 0)
    ):
        return Line("?")
    if chance(rng, 0.45):
        draft.take(1)
        arms = tuple(
            _level(draft, depth + 1, into_join=True) for _ in range(rng.choice((2, 2, 2, 2 if taste.wanted else 3)))
        )
        return Diamond("?", arms, "?")
    draft.take(1)
    if chance(rng, taste.gang):
        body = _level(draft, depth + 1, into_join=True)
        if not isinstance(body.nodes[0], Line) or body.nodes[0].rounds:  # a node is one step, which runs once
            body = Level((Line("?"),), ((1,),))
        return Each("?", "?", GANG, rng.choice((1, 2, 2) if taste.wanted else (1, 2, 2, 3)), False, body, "?")
    return Each(
        split="?",
        variable="items" if chance(rng, 0.2) else "?",
        kind=rng.choice(ITEM_KINDS),
        width=rng.choice((1, 2, 2) if taste.wanted else (1, 2, 2, 3, 3, 4)),
        ragged=depth > 0 and chance(rng, 0.3),
        body=_level(draft, depth + 1, into_join=True),
        join="?",
    )


def _closed(rng: random.Random, level: Level) -> Level:
    """With `start` and `end`; a first split may be the start. The end is no join: the language wants a step after it."""
    first, *rest = level.nodes
    if isinstance(first, Line) and not first.rounds and chance(rng, 0.5):
        started: tuple[Node, ...] = (Line("start"), *rest)
        ways = level.ways
    elif not isinstance(first, Line) and chance(rng, 0.5):
        started = (replace(first, split="start"), *rest)
        ways = level.ways
    else:
        started = (Line("start"), *level.nodes)
        ways = ((1,), *(tuple(target + 1 for target in way) for way in level.ways))
    return Level((*started, Line("end")), (*ways, (len(started) + 1,)))


def _named(level: Level, rng: random.Random) -> Level:
    names = list(STEP_NAMES)
    rng.shuffle(names)
    return _take_names(level, iter(names), iter(f"items_{n}" for n in range(99)))


def _take_names(level: Level, names: Iterator[str], variables: Iterator[str]) -> Level:
    def name(old: str) -> str:
        return next(names) if old == "?" else old

    found: list[Node] = []
    for node in level.nodes:
        match node:
            case Line():
                found.append(replace(node, name=name(node.name)))
            case Diamond():
                arms = tuple(_take_names(arm, names, variables) for arm in node.arms)
                found.append(Diamond(name(node.split), arms, name(node.join)))
            case Each():
                body = _take_names(node.body, names, variables)
                variable = next(variables) if node.variable == "?" else node.variable
                split, join = name(node.split), name(node.join)
                found.append(replace(node, split=split, variable=variable, body=body, join=join))
    return replace(level, nodes=tuple(found))
