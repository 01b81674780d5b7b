"""The local run's control flow, in any order of ends."""

from __future__ import annotations

import random

import pytest

from compiler.ir.planner import plan
from compiler.run.walk import Report, Walk
from tests.stages.plans import flow

NESTED = flow(
    start="outer*", outer="x, y", x="inner*", inner="leaf", leaf="ij", ij="+xy", y="xy", xy="+oj", oj="+end", end=""
)
SWITCHED = flow(start="body*", body="l | r", l="j", r="r2", r2="j", j="+end", end="")


def executed(given, seed, fans, cases):
    """The tasks in the order in which they ended, taken at random from what may start."""
    walk, draw, done = Walk(plan(given)), random.Random(seed), []
    open_tasks = walk.begin()
    while open_tasks:
        ready = open_tasks.pop(draw.randrange(len(open_tasks)))
        done.append((ready.task.step, ready.index))
        report = Report(fans.get(ready.task.step), cases.get((ready.task.step, ready.index)))
        open_tasks += walk.end(ready, report)
    return done


@pytest.mark.parametrize("seed", range(20))
def test_every_member_runs_once_and_each_after_what_it_needs(seed):
    done = executed(NESTED, seed, {"start": 2, "x": 3}, {})
    leaves = {(step, f"{i}.{j}") for step in ("inner", "leaf") for i in range(2) for j in range(3)}
    bodies = {(step, str(i)) for step in ("outer", "x", "y", "ij", "xy") for i in range(2)}
    assert len(done) == len(set(done))
    assert set(done) == leaves | bodies | {("start", "-"), ("oj", "-"), ("end", "-")}
    for i in range(2):
        assert done.index(("ij", str(i))) > max(done.index(("leaf", f"{i}.{j}")) for j in range(3))
        assert done.index(("xy", str(i))) > max(done.index(("ij", str(i))), done.index(("y", str(i))))
    assert done[-2:] == [("oj", "-"), ("end", "-")]


@pytest.mark.parametrize("seed", range(5))
def test_a_case_opens_its_arm_alone(seed):
    done = executed(SWITCHED, seed, {"start": 2}, {("body", "0"): 0, ("body", "1"): 1})
    assert set(done) == {
        *(("start", "-"), ("body", "0"), ("body", "1"), ("l", "0"), ("r", "1"), ("r2", "1"), ("j", "-"), ("end", "-"))
    }
