"""What is the same on both sides under another name: steps of a flow, and flows of a repository.

Names come first. What is left is the same where its code is equal, then where it stands in the same place and half of its code is equal.
Nothing depends on which side is which.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import TypeVar

from compiler.ir.flow import Flow
from compiler.ir.graph import order, predecessors, successors
from compiler.slotted_class import record

ALIKE = 0.5
"""So much of the code of two steps in the same place is equal, at least."""

EMPTY = ("", "Pass()")
"""Bodies that many steps have: they say nothing about which step it is."""

T = TypeVar("T", bound=Hashable)


@record
class Drawn:
    """The steps of one side as a graph: their code, and what stands before and after each, in topological order."""

    bodies: Mapping[str, str]
    before: Mapping[str, Sequence[str]]
    after: Mapping[str, Sequence[str]]


def drawn(flow: Flow, bodies: Mapping[str, str]) -> Drawn:
    """A flow as `same_steps` reads it."""
    graph = {name: successors(step) for name, step in flow.steps.items()}
    return Drawn({name: bodies.get(name, "") for name in order(graph)}, predecessors(graph), graph)


def same_steps(old: Drawn, new: Drawn) -> dict[str, str]:
    """Each old step that is still there, and its name of today."""
    same = {name: name for name in old.bodies if name in new.bodies}
    for rule in (_equal_code, _alike):
        while found := _pairs(old, new, same, rule):
            same |= found
    return same


_Rule = Callable[[Drawn, Drawn, Mapping[str, str], str, str], float]


def _pairs(old: Drawn, new: Drawn, same: Mapping[str, str], rule: _Rule) -> dict[str, str]:
    """The pairs of unmatched steps each of which is the only best for the other."""
    left = [name for name in old.bodies if name not in same]
    right = [name for name in new.bodies if name not in same.values()]
    return mutual(left, right, lambda one, other: rule(old, new, same, one, other))


def mutual(left: Sequence[T], right: Sequence[T], score: Callable[[T, T], float]) -> dict[T, T]:
    """The pairs with a score above 0, each of them the only best one for both."""
    rows: dict[T, dict[T, float]] = {one: {} for one in left}
    columns: dict[T, dict[T, float]] = {other: {} for other in right}
    for one in left:
        for other in right:
            if (found := score(one, other)) > 0:
                rows[one][other] = columns[other][one] = found
    best = {one: _only_best(row) for one, row in rows.items()}
    return {one: other for one, other in best.items() if other is not None and _only_best(columns[other]) == one}


def _only_best(scores: Mapping[T, float]) -> T | None:
    most = max(scores.values(), default=0)
    best = [key for key, value in scores.items() if value == most]
    return best[0] if len(best) == 1 else None


def _equal_code(old: Drawn, new: Drawn, same: Mapping[str, str], one: str, other: str) -> float:
    """Equal code, the more the more neighbours are the same. An empty step is known by its place alone."""
    if old.bodies[one] != new.bodies[other]:
        return 0
    place = _place(old, new, same, one, other)
    return place if old.bodies[one] in EMPTY else 1 + place


def _alike(old: Drawn, new: Drawn, same: Mapping[str, str], one: str, other: str) -> float:
    if not _place(old, new, same, one, other):
        return 0
    alike = similarity(old.bodies[one], new.bodies[other])
    return alike if alike >= ALIKE else 0


def _place(old: Drawn, new: Drawn, same: Mapping[str, str], one: str, other: str) -> float:
    """How many neighbours are the same, where those before or those after all are; else 0."""
    sides = ((old.before[one], new.before[other]), (old.after[one], new.after[other]))
    equal = [{same.get(name) for name in were} == set(are) for were, are in sides]
    return sum(1 + len(are) for (_, are), is_equal in zip(sides, equal, strict=True) if is_equal and are) or all(equal)


def similarity(one: str, other: str) -> float:
    """How much of two bodies is equal, from 0 to 1; the same in both directions."""
    first, second = sorted((one, other))
    return SequenceMatcher(None, _words(first), _words(second), autojunk=False).ratio()


def _words(body: str) -> list[str]:
    return body.replace("(", "( ").replace(",", " ").replace("\n", " ").split()[:_MOST]


_MOST = 2_000
"""Words of a body that are compared: comparing takes the square of it."""
