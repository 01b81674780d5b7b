"""Steps of another name: recognised by their code and their place, and only where it can be one alone."""

from __future__ import annotations

import pytest

from compiler.difference.matching import Drawn, mutual, same_steps, similarity
from compiler.ir.graph import predecessors

CODE = "Assign(targets=[Attribute(value=Name(id='self'), attr='x')], value=Constant(value={n}))"
OTHER = "Expr(value=Call(func=Name(id='print'), args=[Constant(value={n})], keywords=[]))"


def _drawn(graph: dict[str, tuple[str, ...]], **bodies: str) -> Drawn:
    return Drawn({name: bodies.get(name, "") for name in graph}, predecessors(graph), graph)


LINE = {"start": ("a",), "a": ("end",), "end": ()}
PORT = {"start": ("b",), "b": ("end",), "end": ()}
TWO = {"start": ("a", "b"), "a": ("j",), "b": ("j",), "j": ("end",), "end": ()}
OTHER_TWO = {"start": ("c", "d"), "c": ("j",), "d": ("j",), "j": ("end",), "end": ()}
LONG = {"start": ("a",), "a": ("b",), "b": ("end",), "end": ()}
LONG_TOO = {"start": ("c",), "c": ("d",), "d": ("end",), "end": ()}

CASES = (
    ("by its code", _drawn(LINE, a=CODE), _drawn(PORT, b=CODE), {"a": "b"}),
    ("by its place, though it is empty", _drawn(LINE), _drawn(PORT), {"a": "b"}),
    ("by place and most of its code", _drawn(LINE, a=CODE.format(n=1)), _drawn(PORT, b=CODE.format(n=2)), {"a": "b"}),
    ("not by its place alone", _drawn(LINE, a=CODE), _drawn(PORT, b=OTHER), {}),
    ("two by their code", _drawn(TWO, a=CODE, b=OTHER), _drawn(OTHER_TWO, c=OTHER, d=CODE), {"a": "d", "b": "c"}),
    ("not where it may be either", _drawn(TWO, a=CODE, b=CODE), _drawn(OTHER_TWO, c=CODE, d=CODE), {}),
    (
        "one after the other, by places that are known by then",
        _drawn(LONG, a=CODE),
        _drawn(LONG_TOO, c=CODE),
        {"a": "c", "b": "d"},
    ),
    (
        "by code wherever it stands",
        _drawn(LONG, a=CODE, b=OTHER),
        _drawn(LONG_TOO, c=OTHER, d=CODE),
        {"a": "d", "b": "c"},
    ),
)


@pytest.mark.parametrize(("old", "new", "renamed"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_step_of_another_name(old: Drawn, new: Drawn, renamed: dict[str, str]) -> None:
    found = same_steps(old, new)
    assert {one: other for one, other in found.items() if one != other} == renamed
    assert {other: one for one, other in same_steps(new, old).items()} == found


def test_only_the_only_best_of_both() -> None:
    scores = {("a", "x"): 2, ("a", "y"): 1, ("b", "x"): 1, ("b", "y"): 1}
    assert mutual("ab", "xy", lambda one, other: scores[one, other]) == {"a": "x"}
    assert mutual("ab", "x", lambda one, other: 1) == {}
    assert mutual("a", "x", lambda one, other: 0) == {}


def test_similarity_has_no_direction() -> None:
    one, other = CODE.format(n=1) * 3, CODE.format(n=2) + OTHER
    assert similarity(one, other) == similarity(other, one)
    assert similarity(one, one) == 1
