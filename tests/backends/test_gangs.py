"""Gangs and a limit of tasks at once: what would wait for ever is refused, on every target."""

from __future__ import annotations

import json

import pytest

from compiler.backends import Options, refuse
from compiler.backends.targets import BUILT_IN, load_backend
from compiler.diagnostics import Report
from compiler.ir.flow import Flow
from compiler.ir.planner import plan
from tests.stages.plans import flow

ALONE = flow(start="a^3", a="j", j="+ end", end="")
UNKNOWN = flow(start="a^n", a="j", j="+ end", end="")
IN_A_FOREACH = flow(start="b*", b="a^3", a="j", j="+ k", k="+ end", end="")
IN_A_BRANCH = flow(start="b, c", b="a^3", a="j", j="+ k", c="k", k="+ end", end="")
IN_AN_ARM = flow(start="b | c", b="a^3", a="j", j="+ k", c="k", k="end", end="")


@pytest.mark.parametrize("target", BUILT_IN)
@pytest.mark.parametrize(
    ("given", "most", "codes"),
    [
        (ALONE, None, []),
        (ALONE, 3, []),
        (ALONE, 2, ["FC632"]),
        (UNKNOWN, 2, []),
        (IN_A_FOREACH, None, []),
        (IN_A_FOREACH, 3, ["FC633"]),
        (IN_A_FOREACH, 2, ["FC632"]),
        (IN_A_BRANCH, 100, ["FC633"]),
        (IN_AN_ARM, 3, []),
        (IN_AN_ARM, 1, ["FC632"]),
    ],
)
def test_a_limit_never_holds_back_some_nodes_of_a_gang(
    target: str, given: Flow, most: int | None, codes: list[str]
) -> None:
    backend, report = load_backend(target), Report()
    assert backend is not None
    refuse(plan(given), backend, Options(default_image="f:0", max_workers=most), report)
    assert [found.rule.code for found in report if found.rule.code in ("FC632", "FC633")] == codes


@pytest.mark.parametrize(
    ("given", "nodes"),
    [
        (flow(start="end", end=""), 0),
        (ALONE, 3),
        (UNKNOWN, 0),
        (IN_A_FOREACH, 3),
        (flow(start="a^3", a="j", j="+ b^4", b="k", k="+ end", end=""), 4),
        (flow(start="a^3", a="b^4", b="k", k="+ j", j="+ end", end=""), 4),
        (flow(start="a | b", a="c^3", c="j", j="+ end", b="d^5", d="k", k="+ end", end=""), 5),
        (flow(start="a, b", a="c^3", c="j", j="+ m", b="d^5", d="k", k="+ m", m="+ end", end=""), 8),
    ],
)
def test_nodes_that_may_wait_at_once_are_counted(given: Flow, nodes: int) -> None:
    """One gang after the other, or in another arm of a switch, or the nodes' own: the widest; in branches: all."""
    assert plan(given).root.meeting() == nodes


def test_step_functions_limits_a_foreach_and_no_gang() -> None:
    backend = load_backend("step-functions")
    assert backend is not None
    for given, limits in ((UNKNOWN, []), (flow(start="a*", a="j", j="+ end", end=""), [2])):
        text = backend.emit(plan(given), Options(default_image="f:0", max_workers=2))[0].text
        assert _found(json.loads(text), "MaxConcurrency") == limits


def _found(tree: object, name: str) -> list[object]:
    if isinstance(tree, dict):
        own = [tree[name]] if name in tree else []
        return own + [each for inner in tree.values() for each in _found(inner, name)]
    return [each for inner in tree for each in _found(inner, name)] if isinstance(tree, list) else []
