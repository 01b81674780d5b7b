"""What a run has still to do, counted from what runs and waits."""

from __future__ import annotations

import pytest

from compiler.ir.planner import plan
from compiler.run.ahead import Ahead
from tests.stages.plans import flow

FAN = flow(start="body*", body="more", more="join", join="+ end", end="")
NESTED = flow(start="a*", a="b*", b="c", c="+ d", d="+ end", end="")
BRANCHES = flow(start="l, r", l="j", r="s", s="j", j="+ end", end="")
SWITCH = flow(start="x | y", x="end", y="z", z="end", end="")


@pytest.mark.parametrize(
    ("steps", "live", "count"),
    [
        (FAN, [("start", "-")], 5),
        (FAN, [("body", "0"), ("body", "1"), ("body", "2")], 8),
        (FAN, [("body", "0"), ("more", "1")], 5),
        (FAN, [("join", "-")], 2),
        (FAN, [], 0),
        (NESTED, [("a", "0"), ("a", "1")], 8),
        (NESTED, [("b", "0.0"), ("b", "0.1"), ("a", "1")], 8),
        (BRANCHES, [("l", "-"), ("r", "-")], 5),
        (BRANCHES, [("s", "-")], 3),
        (SWITCH, [("start", "-")], 5),
        (SWITCH, [("x", "-")], 2),
    ],
)
def test_each_task_counts_once_and_an_open_foreach_by_its_width(
    steps: object, live: list[tuple[str, str]], count: int
) -> None:
    assert Ahead(plan(steps)).count(live) == count  # type: ignore[arg-type]
