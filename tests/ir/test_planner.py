"""The plan's regions, edges and loads, against tables and against a walk of the graph that knows nothing of the planner."""

from __future__ import annotations

import random
import sys

import pytest

from compiler.backends.command import loads_text
from compiler.ir.flow import Goto, Switch
from compiler.ir.graph import order, successors
from compiler.ir.plan import Branches, FanOut, Follow, Load, Plan, Scope, Task, entry
from compiler.ir.planner import plan
from tests.stages.plans import ARMS, BODY, LINEAR, NESTED, SPLIT, SWITCH, flow, random_switches


def shape(scope: Scope) -> str:
    """A scope as text: `step`, `step*(body)`, `step{arm / arm}`."""
    return " ".join(_shape(node) for node in scope.nodes)


def _shape(node: Task | FanOut | Branches) -> str:
    match node:
        case Task(step=step):
            return step
        case FanOut(split=split, body=body):
            return f"{split.step}*({shape(body)})"
        case Branches(split=split, arms=arms):
            return f"{split.step}{{{' / '.join(shape(arm) for arm in arms)}}}"


def needs(planned: Plan) -> dict[str, str]:
    """Each step's flattened prerequisites as text: `a|b & c`."""
    return {
        name: " & ".join("|".join(edge.node for edge in group) for group in task.prerequisites)
        for name, task in planned.tasks.items()
    }


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (flow(start=""), "start"),
        (LINEAR, "start a end"),
        (SPLIT, "start{b c / a} j end"),
        (NESTED, "start*(outer{x*(inner leaf) ij / y} xy) oj end"),
        (SWITCH, "start a b b1 b2 m end"),
        (BODY, "start*(body l r r2) j end"),
        (ARMS, "start{p p1 p2 / q*(f g) fj} j end"),
    ],
)
def test_regions_nest_as_the_author_nested_them(given, expected):
    assert shape(plan(given).root) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (LINEAR, {"start": "", "a": "start", "end": "a"}),
        (SPLIT, {"start": "", "b": "start", "c": "b", "a": "start", "j": "c & a", "end": "j"}),
        (BODY, {"start": "", "body": "", "l": "body", "r": "body", "r2": "r", "j": "start", "end": "j"}),
        (
            ARMS,
            {
                "start": "",
                "p": "start",
                "p1": "p",
                "p2": "p",
                "q": "start",
                "f": "",
                "g": "f",
                "fj": "q",
                "j": "p1|p2 & fj",
                "end": "j",
            },
        ),
    ],
)
def test_flattened_prerequisites_wait_for_every_arm(given, expected):
    assert needs(plan(given)) == expected


@pytest.mark.parametrize(
    ("given", "step", "expected"),
    [
        (LINEAR, "start", ""),
        (LINEAR, "end", "a"),
        (SPLIT, "j", "merge:start/b>c;a"),
        (NESTED, "inner", "foreach:x"),
        (NESTED, "ij", "gather:x/leaf"),
        (NESTED, "xy", "merge:outer/x>ij;y"),
        (NESTED, "oj", "gather:start/xy"),
        (SWITCH, "m", "start=0:a,start=1+b=0:b1,start=1+b=1:b2"),
        (BODY, "j", "gather:start/body=0:l,body=1:r2"),
        (ARMS, "j", "merge:start/p>p=0:p1,p=1:p2;q>fj"),
        (flow(start="a | m", a="m", m="end", end=""), "m", "start=1:start,start=0:a"),
        (flow(start="a | a | b", a="m", b="m", m="end", end=""), "m", "start=0.1:a,start=2:b"),
        (flow(start="a | b", a="c | d", c="n", d="n", n="m", b="m", m="end", end=""), "m", "start=0:n,start=1:b"),
    ],
)
def test_loads_are_spelled_in_the_argv(given, step, expected):
    assert loads_text(plan(given).tasks[step].loads) == expected


def chosen(load: Load, taken: dict[str, int]) -> str:
    """The step that a decision list loads under the cases that were taken; an error where not exactly one holds."""
    holding = [
        choice.step for choice in load.choices if all(taken.get(switch) in cases for switch, cases in choice.when)
    ]
    assert len(holding) == 1
    return holding[0]


@pytest.mark.parametrize("seed", range(300))
def test_what_is_loaded_is_what_ran_before_whatever_the_switches_take(seed):
    given = random_switches(seed, 4 + seed % 12)
    tasks, draw = plan(given).tasks, random.Random(seed)
    for _ in range(20):
        taken: dict[str, int] = {}
        at = "start"
        while at != "end":
            transition = given.steps[at].next
            if isinstance(transition, Switch):
                taken[at] = draw.randrange(len(transition.cases))
                following = transition.cases[taken[at]].target
            else:
                assert isinstance(transition, Goto)
                following = transition.target
            loads = tasks[following].loads
            assert isinstance(loads, Follow)
            assert chosen(loads.load, taken) == at
            at = following


def is_meant(tasks: dict[str, Task], step: str, taken: dict[str, int]) -> bool:
    """Whether the cases that were taken lead to a step, by its ways alone."""
    ways = tasks[step].ways
    return not ways or any(is_meant(tasks, way.node, taken) and taken[way.node] in way.cases for way in ways)


@pytest.mark.parametrize("seed", range(300))
def test_ways_lead_to_what_runs_and_to_nothing_else(seed):
    given = random_switches(seed, 4 + seed % 12)
    tasks, draw = plan(given).tasks, random.Random(seed)
    for _ in range(20):
        # What a switch that does not run would have taken is no way: it may be left over from an earlier life.
        taken = {
            name: draw.randrange(len(step.next.cases))
            for name, step in given.steps.items()
            if isinstance(step.next, Switch)
        }
        ran, at = {"start"}, "start"
        while at != "end":
            transition = given.steps[at].next
            at = (
                transition.cases[taken[at]].target if isinstance(transition, Switch) else successors(given.steps[at])[0]
            )
            ran.add(at)
        assert {step for step in tasks if is_meant(tasks, step, taken)} == ran


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (SWITCH, {"a": "start=0", "b": "start=1", "b1": "b=0", "b2": "b=1"}),
        (ARMS, {"p1": "p=0", "p2": "p=1"}),
        (BODY, {"l": "body=0", "r": "body=1", "r2": "body=1"}),
        (flow(start="a | a", a="end", end=""), {}),
        (flow(start="s | e", s="x, y", x="j", y="p | q", p="j", q="j", j="+e", e="end", end=""),
         {"s": "start=0", "x": "start=0", "y": "start=0", "p": "y=0", "q": "y=1", "j": "start=0"}),
        (flow(start="f | e", f="x*", x="j", j="+e", e="end", end=""), {"f": "start=0", "j": "start=0"}),
        (flow(start="a | b", a="m | n", b="m | n", m="end", n="end", end=""),
         {"a": "start=0", "b": "start=1", "m": "a=0 b=0", "n": "a=1 b=1"}),
    ],
)  # fmt: skip
def test_ways_are_few(given, expected):
    found = {
        step: " ".join(f"{way.node}={way.cases[0]}" for way in task.ways) for step, task in plan(given).tasks.items()
    }
    assert {step: ways for step, ways in found.items() if ways} == expected


@pytest.mark.parametrize("seed", range(50))
def test_the_order_is_topological_and_the_authors_where_that_is_one(seed):
    given = random_switches(seed, 12)
    graph = {name: successors(step) for name, step in given.steps.items()}
    names = list(graph)
    random.Random(seed).shuffle(names)
    shuffled = {name: graph[name] for name in names}
    assert order(graph) == tuple(graph)
    done = order(shuffled)
    assert all(done.index(name) < done.index(target) for name in graph for target in graph[name])


def test_large_and_deep_flows_are_planned_without_recursion():
    count = 5000
    chain = {f"s{at}": f"s{at + 1}" for at in range(count)}
    assert len(plan(flow(start="s0", **chain, **{f"s{count}": "end"}, end="")).tasks) == count + 3
    deep = {f"s{at}": f"s{at + 1}*" for at in range(500)} | {"s500": "j500"}
    joins = {f"j{at}": f"+ j{at - 1}" for at in range(500, 0, -1)}
    planned = plan(flow(start="s0*", **deep, **joins, j0="+ end", end=""))
    assert planned.tasks["s500"].depth == 501  # the depth built above
    assert entry(planned.root.nodes[0]).step == "start"


def test_forty_switches_in_a_row_load_in_forty_lines():
    steps = {}
    for at in range(40):
        steps |= {f"w{at}": f"l{at} | r{at}", f"l{at}": f"w{at + 1}", f"r{at}": f"w{at + 1}"}
    planned = plan(flow(start="w0", **steps, w40="end", end=""))
    assert loads_text(planned.tasks["w40"].loads) == "w39=0:l39,w39=1:r39"


def chain(size):
    return flow(start="s0", **{f"s{at}": f"s{at + 1}" for at in range(size)}, **{f"s{size}": "end"}, end="")


def wide(size):
    arms = [f"s{at}" for at in range(size)]
    return flow(start=", ".join(arms), **dict.fromkeys(arms, "j"), j="+end", end="")


def diamonds(size):
    steps = {}
    for at in range(size):
        steps |= {f"w{at}": f"l{at}, r{at}", f"l{at}": f"j{at}", f"r{at}": f"j{at}", f"j{at}": f"+w{at + 1}"}
    return flow(start="w0", **steps, **{f"w{size}": "end"}, end="")


def nested(size):
    steps = {f"s{at}": f"s{at + 1}, r{at}" for at in range(size)}
    joins = {f"j{at}": f"+ j{at - 1}" for at in range(size - 1, 0, -1)}
    sides = {f"r{at}": f"j{at}" for at in range(size)}
    return flow(start="s0", **steps, **{f"s{size}": f"j{size - 1}"}, **sides, **joins, j0="+end", end="")


def switches(size):
    steps = {}
    for at in range(size):
        steps |= {f"w{at}": f"l{at} | r{at}", f"l{at}": f"w{at + 1}", f"r{at}": f"w{at + 1}"}
    return flow(start="w0", **steps, **{f"w{size}": "end"}, end="")


def lines_run(given):
    """How many lines the planner runs: a cost that no other process on the machine changes."""
    count = 0

    def trace(frame, event, argument):
        nonlocal count
        count += 1
        return trace

    sys.settrace(trace)
    try:
        plan(given)
    finally:
        sys.settrace(None)
    return count


@pytest.mark.parametrize("make", [chain, wide, diamonds, nested, switches])
def test_twice_the_flow_costs_at_most_little_more_than_twice_the_lines(make):
    plan(make(2))
    assert lines_run(make(200)) <= 2.3 * lines_run(make(100))
