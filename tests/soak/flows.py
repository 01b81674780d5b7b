"""Flows of random shape in which every value tells where it comes from."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.drawing import draw_shape
from tests.conformance.shapes import GANG, Diamond, Each, Level, Line, first_step, inside, last_step

MAX_STEPS, MAX_TASKS = 10, 14
FLOW = "Soaked"

_HEAD = '''"""Made from a seed."""

import hashlib
import os
import time

from flowc import FlowSpec, current, parallel, retry, step

SIZES = {sizes}
PAUSE = {pause}
COMMON = bytes(range(256)) * 800


def keep(self, inputs=None):
    """Say what has led here (`line`, of which every try makes the same), and which try of each task it was (`met`)."""
    came_from = [self] if inputs is None else list(inputs)
    met = {{}}
    for one in came_from:
        for task, mark in getattr(one, "met", {{}}).items():
            if met.setdefault(task, mark) != mark:
                raise RuntimeError("MIXED: two tries of %s have led to %s" % (task, current.step_name))
    turn = self.turn = self.turn + 1 if getattr(self, "at", None) == current.step_name else 0
    self.at = current.step_name
    self.me = "%s/%s/%d" % (self.at, ".".join(str(index) for index, _, _ in self.foreach_stack()), turn)
    self.met = {{**met, self.me: os.urandom(8).hex()}}
    self.line = hashlib.sha256(repr((self.me, [getattr(one, "line", "") for one in came_from])).encode()).hexdigest()
    size = SIZES[int(self.line[:4], 16) % len(SIZES)]
    self.heavy = (self.line.encode() * (size // 64 + 1))[:size]
    self.common = COMMON
    time.sleep(PAUSE)
    return int(self.line[4:12], 16)


class {name}(FlowSpec):
'''


@dataclass(frozen=True, slots=True)
class SoakFlow:
    """A flow's file, and how many tasks it has at most."""

    path: Path
    shape: Level


def draw(seed: int, folder: Path) -> SoakFlow:
    """The flow of this seed, written below `folder`."""
    rng = random.Random(seed)
    shape = draw_shape(rng, MAX_STEPS, MAX_TASKS)
    sizes = [rng.choice((0, 70, 5_000, 70_000, 300_000)) for _ in range(4)]
    head = _HEAD.format(name=FLOW, sizes=sizes, pause=rng.choice((0, 0, 0.05)))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "soaked.py"
    path.write_text(head + "\n".join(_level(shape, None, rng, gang=False)), encoding="utf-8")
    return SoakFlow(path, shape)


def _level(level: Level, after: str | None, rng: random.Random, *, gang: bool) -> Iterator[str]:
    """The steps of a level that leads to the step `after`; the first of a gang's is its node."""
    for at, node in enumerate(level.nodes):
        targets = [after if way == len(level.nodes) else first_step(level.nodes[way]) for way in level.ways[at]]
        going = _going(level, at, targets)
        is_node = gang and at == 0
        match node:
            case Line():
                yield _step(node.name, going, rng, is_node=is_node)
            case Diamond():
                arms = ", ".join(f"self.{arm.entry}" for arm in node.arms)
                yield _step(node.split, [f"self.next({arms})"], rng, is_node=is_node)
            case Each():
                yield _step(node.split, _fan(node), rng, is_node=is_node)
        is_gang = isinstance(node, Each) and node.kind == GANG
        for inner in inside(node):
            yield from _level(inner, last_step(node), rng, gang=is_gang)
        if not isinstance(node, Line):
            yield _step(node.join, going, rng, joins=True)


def _fan(node: Each) -> list[str]:
    entry = node.body.entry
    if node.kind == GANG:
        return [f"self.next(self.{entry}, num_parallel={node.width})"]
    width = f"{node.width} + self.index % 2" if node.ragged else str(node.width)
    width = f"({width} if self.foreach_stack() else {node.width})" if node.ragged else width
    return [f"self.{node.variable} = list(range({width}))", f'self.next(self.{entry}, foreach="{node.variable}")']


def _going(level: Level, at: int, targets: list[str | None]) -> list[str]:
    """The last lines of a step that leads on, decided by its line; of one that repeats, by its turn first."""
    node = level.nodes[at]
    if not level.switches(at):
        return [] if targets[0] is None else [f"self.next(self.{targets[0]})"]
    rounds = node.rounds if isinstance(node, Line) else 0
    cases = {f"way {number}": target for number, target in enumerate(targets)}
    lines = [f'self.way = "way %d" % (chosen % {len(targets)})']
    if rounds:
        cases["again"] = last_step(node)
        lines += [f"if self.turn < {rounds}:", '    self.way = "again"']
    spelled = ", ".join(f'"{key}": self.{target}' for key, target in cases.items())
    return [*lines, f'self.next({{{spelled}}}, condition="way")']


def _step(name: str, going: list[str], rng: random.Random, *, joins: bool = False, is_node: bool = False) -> str:
    retries = rng.choice((0, 1, 3, 3))
    lines = [f"@retry(times={retries}, minutes_between_retries=0)"] if retries and not is_node else []
    lines += ["@parallel"] if is_node else []
    lines += ["@step", f"def {name}(self{', inputs' if joins else ''}):"]
    lines += [f"    chosen = keep(self{', inputs' if joins else ''})"]
    lines += [f"    {line}" for line in going]
    return "".join(f"    {line}\n" for line in lines)
