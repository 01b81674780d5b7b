"""Flows from seeds in which switches part and meet at every place where the language lets them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

MAX_DEPTH = 2
"""How deep splits and foreaches lie in each other."""


@dataclass(slots=True)
class _Draw:
    """The steps drawn so far, as the text of their methods."""

    rng: random.Random
    left: int
    steps: list[str] = field(default_factory=list)
    count: int = 0

    def name(self) -> str:
        self.count += 1
        return f"s{self.count}"


def switching(seed: int, size: int = 9) -> str:
    """The source of `SwitchingFlow`: each task adds its name to `trail`, and what is chosen follows from it and from `salt`."""
    draw = _Draw(random.Random(seed), size)
    _level(draw, "start", ("end",), 0)
    draw.steps.append(_step("end", False, "pass"))
    return (
        "from flowc import FlowSpec, Parameter, step\n\n\nclass SwitchingFlow(FlowSpec):\n"
        '    salt = Parameter("salt", default=0)\n\n' + "\n".join(draw.steps)
    )


def _level(draw: _Draw, first: str, exits: tuple[str, ...], depth: int) -> None:
    """Steps from `first` on, of which the last go to `exits`; only the root's exit may be a switch's case."""
    length = draw.rng.choice((1, 2, 3, 4, 4)) if depth else max(3, draw.left // 2)
    names = [first, *(draw.name() for _ in range(min(length - 1, max(draw.left, 0))))]
    draw.left -= len(names)
    wanted = {first}
    for at, name in enumerate(names):
        if name not in wanted:
            continue  # nothing leads there
        later = names[at + 1 :]
        cases = later + ([] if depth else list(exits))
        is_join = depth < MAX_DEPTH and draw.left > 1 and draw.rng.random() < 0.4
        last = _region(draw, name, depth) if is_join else name
        if len(cases) > 1 and draw.rng.random() < 0.7:
            chosen = draw.rng.sample(cases, draw.rng.choice((2, 2, min(3, len(cases)))))
            keys = [*chosen, chosen[0]] if draw.rng.random() < 0.3 else chosen
            _switch(draw, last, keys, is_join)
        else:
            chosen = [draw.rng.choice((later or list(exits))[:2])]
            draw.steps.append(_step(last, is_join, f"self.next(self.{chosen[0]})"))
        wanted.update(chosen)


def _region(draw: _Draw, name: str, depth: int) -> str:
    """A split or foreach that begins with `name`; the name of its join, which is still to be written."""
    join = draw.name()
    draw.left -= 1
    if draw.rng.random() < 0.6:
        body, width = draw.name(), draw.rng.choice((1, 2, 2, 3))
        items = f"self.items = range({width} + self.salt % 2)"
        draw.steps.append(_step(name, False, f'{items}\n        self.next(self.{body}, foreach="items")'))
        _level(draw, body, (join,), depth + 1)
    else:
        arms = [draw.name(), draw.name()]
        draw.steps.append(_step(name, False, f"self.next({', '.join(f'self.{arm}' for arm in arms)})"))
        for arm in arms:
            _level(draw, arm, (join,), depth + 1)
    return join


def _switch(draw: _Draw, name: str, targets: Sequence[str], is_join: bool) -> None:
    table = ", ".join(f"{key}: self.{target}" for key, target in enumerate(targets))
    places = "sum(index for index, _, _ in self.foreach_stack())"
    turn = draw.rng.randrange(7)
    chosen = f"self.chosen = (self.salt + {turn} + len(self.trail) + {places}) % {len(targets)}"
    draw.steps.append(_step(name, is_join, f'{chosen}\n        self.next({{{table}}}, condition="chosen")'))


def _step(name: str, is_join: bool, last: str) -> str:
    given = ", inputs" if is_join else ""
    before = "[each.trail for each in inputs]" if is_join else "[]" if name == "start" else "self.trail"
    return f"    @step\n    def {name}(self{given}):\n        self.trail = [*{before}, {name!r}]\n        {last}\n"
