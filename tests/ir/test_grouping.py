"""Which steps share a container, by tables; and what grouping leaves as it was, for generated graphs and whatever is asked of them."""

from __future__ import annotations

import random

import pytest

from compiler.backends.command import loads_text, step_word
from compiler.ir.flow import Flow
from compiler.ir.grouping import Grouping, grouped
from compiler.ir.plan import Begin, Branches, Chunk, Enter, FanOut, Node, Plan, Resources, Retry, Scope, Task, entry
from compiler.ir.planner import plan
from compiler.slotted_class import replaced
from tests.stages.plans import ARMS, BODY, LINEAR, NESTED, SPLIT, SWITCH, flow, random_switches

CHAIN = flow(start="a*", a="b", b="j", j="+c", c="end", end="")
LEVELS = flow(start="a*", a="b*", b="c", c="k", k="+d", d="j", j="+end", end="")
GANG = flow(start="b", b="a^3", a="j", j="+c", c="end", end="")
MEETS = flow(start="a | b", a="m", b="m", m="end", end="")
ONE_WAY = flow(start="a | a", a="end", end="")
LOOP = flow(start="loop", loop="loop | done", done="end", end="")
ALL = Grouping(fuse=True)


def words(scope: Scope) -> str:
    """A scope's containers as text, each by the word of its argv: `start+a`, `start/4*(a+b*4)`, `s{x / y}`."""
    return " ".join(_words(node) for node in scope.nodes)


def _words(node: Task | FanOut | Branches) -> str:
    match node:
        case Task():
            return step_word(node)
        case FanOut(split=split, body=body):
            return f"{step_word(split)}*({words(body)})"
        case Branches(split=split, arms=arms):
            return f"{step_word(split)}{{{' / '.join(words(arm) for arm in arms)}}}"


def chunk(**sizes: int) -> dict[str, Chunk]:
    """Portions by step, one member at once."""
    return {step: Chunk(size) for step, size in sizes.items()}


@pytest.mark.parametrize(
    ("given", "asked", "expected"),
    [
        (LINEAR, Grouping(), "start a end"),
        (LINEAR, ALL, "start+a+end"),
        (LINEAR, Grouping(fuse=("start", "a")), "start+a end"),
        (LINEAR, Grouping(fuse=("start", "end")), "start a end"),
        (SPLIT, ALL, "start{b+c / a} j+end"),
        (NESTED, ALL, "start*(outer{x*(inner+leaf) ij / y} xy) oj+end"),
        (SWITCH, ALL, "start a b b1 b2 m+end"),
        (BODY, ALL, "start*(body l r+r2) j+end"),
        (ARMS, ALL, "start{p p1 p2 / q*(f+g) fj} j+end"),
        (CHAIN, ALL, "start*(a+b) j+c+end"),
        (CHAIN, Grouping(chunk=chunk(a=4)), "start*(a b) j c end"),
        (CHAIN, Grouping(fuse=True, chunk=chunk(a=4)), "start/4*(a+b*4) j+c+end"),
        (CHAIN, Grouping(fuse=True, chunk={"a": Chunk(16, 4)}), "start/16*(a+b*16:4) j+c+end"),
        (flow(start="a*", a="j", j="+end", end=""), Grouping(chunk=chunk(a=3)), "start/3*(a*3) j end"),
        (LEVELS, Grouping(fuse=True, chunk=chunk(b=8)), "start*(a/8*(b+c*8) k+d) j+end"),
        (GANG, ALL, "start b*(a) j+c+end"),
        (MEETS, ALL, "start a b m+end"),
        (ONE_WAY, ALL, "start+a+end"),
        (LOOP, ALL, "start+loop~+done+end"),
        (flow(start="p", p="a, b", a="j", b="j", j="+end", end=""), ALL, "start+p{a / b} j+end"),
        (flow(start="p", p="q*", q="j", j="+end", end=""), ALL, "start+p*(q) j+end"),
    ],
)  # fmt: skip
def test_steps_in_a_row_and_members_of_a_foreach_share_where_that_is_asked_for(
    given: Flow, asked: Grouping, expected: str
) -> None:
    assert words(grouped(plan(given), asked).root) == expected


@pytest.mark.parametrize(
    ("given", "asked", "expected"),
    [
        (LINEAR, Grouping(fuse=("start", "end")), {
            "start": "no other step that is to be fused stands directly before or behind it",
            "end": "no other step that is to be fused stands directly before or behind it",
        }),
        (LINEAR, Grouping(fuse=("start", "a", "b")), {"b": "the flow has no such step"}),
        (SPLIT, Grouping(fuse=("c", "j")), {
            "c": "no other step that is to be fused stands directly before or behind it",
            "j": "no other step that is to be fused stands directly before or behind it",
        }),
        (SPLIT, Grouping(fuse=("start", "j")), {
            "j": "`start` splits, and what it splits into runs in between",
        }),
        (GANG, Grouping(fuse=("start", "b")), {
            "b": "it opens a gang, whose nodes wait for each other",
        }),
        (SWITCH, Grouping(fuse=("start", "a", "m", "end")), {
            "a": "`start` chooses between several ways",
        }),
        (CHAIN, Grouping(chunk=chunk(a=4)), {"a": "the body of the foreach is 2 containers (`a`, `b`): fuse them"}),
        (CHAIN, Grouping(chunk=chunk(j=4)), {"j": "it is not the first step of a foreach's body"}),
        (CHAIN, Grouping(chunk=chunk(x=4)), {"x": "the flow has no such step"}),
        (NESTED, Grouping(chunk=chunk(outer=4)), {
            "outer": "the body of the foreach is 2 containers (`outer`, `xy`): fuse them",
        }),
        (LEVELS, Grouping(chunk=chunk(a=4)), {"a": "the body of the foreach is 3 containers (`a`, `k`, `d`): fuse them"}),
        (GANG, Grouping(chunk=chunk(a=4)), {"a": "it is the node of a gang, and all of them run at once"}),
        (LINEAR, ALL, {}),
        (GANG, ALL, {}),
    ],
)  # fmt: skip
def test_what_is_named_and_cannot_share_is_told(given: Flow, asked: Grouping, expected: dict[str, str]) -> None:
    obstacles = grouped(plan(given), asked).obstacles
    assert {each.step: each.reason for each in obstacles} == expected
    assert {each.option for each in obstacles} <= ({"chunk"} if asked.chunk else {"fuse"})


DIFFERENT = [
    ({"resources": Resources(cpu=2)}, "resources"),
    ({"image": "own:1"}, "image"),
    ({"environment": (("A", "1"),)}, "environment"),
    ({"variant": "a"}, "packages"),
    ({"image": "own:1", "resources": Resources(memory=9)}, "image, resources"),
]


@pytest.mark.parametrize(("asked_for", "names"), DIFFERENT)
def test_a_container_of_another_kind_is_not_shared(asked_for: dict[str, object], names: str) -> None:
    planned = plan(LINEAR)
    nodes = tuple(replaced(each, **asked_for) if entry(each).step == "a" else each for each in planned.root.nodes)
    planned = replaced(planned, root=Scope(nodes))
    assert words(grouped(planned, ALL).root) == "start a end"
    found = grouped(planned, Grouping(fuse=("start", "a"))).obstacles
    assert found[-1].reason == f"it asks for another container than `start`: {names}"


def test_images_of_settings_count() -> None:
    assert words(grouped(plan(LINEAR), Grouping(fuse=True, images={"a": "x:1"})).root) == "start a end"
    assert words(grouped(plan(LINEAR), Grouping(fuse=True, images={"a": "x:1", "end": "x:1"})).root) == "start a+end"


def test_the_engine_starts_a_container_again_as_often_as_all_of_its_tasks_may_be() -> None:
    planned = plan(CHAIN)
    again = {"a": Retry(2, 60), "c": Retry(3, 1)}

    def with_retries(scope: Scope) -> Scope:
        return Scope(tuple(map(of_node, scope.nodes)))

    def of_node(node: Node) -> Node:
        if isinstance(node, FanOut):
            return replaced(node, body=with_retries(node.body))
        return replaced(node, retry=again.get(entry(node).step))

    planned = replaced(planned, root=with_retries(planned.root))
    containers = {task.step: task for task in grouped(planned, Grouping(fuse=True, chunk=chunk(a=4))).root.containers()}
    assert containers["a"].retry == Retry(8, 0, only_system=True)
    assert containers["j"].retry == Retry(3, 0, only_system=True)
    assert containers["start"].retry is None
    assert (containers["a"].timeout, containers["a"].catch) == (None, False)


def _random(seed: int) -> tuple[Flow, Grouping]:
    """A graph of one of the kinds, and something asked of it."""
    draw = random.Random(seed)
    tables = (LINEAR, SPLIT, NESTED, SWITCH, BODY, ARMS, CHAIN, LEVELS, GANG, MEETS, LOOP)
    given = random_switches(seed, 4 + seed % 12) if draw.random() < 0.6 else draw.choice(tables)
    names = [*given.steps]
    some = tuple(draw.sample(names, draw.randrange(1, len(names) + 1)))
    portions = {step: Chunk(draw.randrange(1, 9), draw.randrange(1, 4)) for step in draw.sample(names, 2)}
    return given, Grouping(draw.choice((True, True, False, some)), draw.choice(({}, portions)))


def _edges(task: Task) -> list[str]:
    groups = (task.after, task.ways, *task.prerequisites)
    return [edge.node for group in groups for edge in group]


@pytest.mark.parametrize("seed", range(150))
def test_grouping_keeps_every_task_its_order_and_what_it_loads(seed: int) -> None:
    given, asked = _random(seed)
    before = plan(given)
    after = grouped(before, asked)
    assert _order_holds(before, after)
    assert {step: loads_text(task.loads) for step, task in after.tasks.items()} == {
        step: loads_text(task.loads) for step, task in before.tasks.items()
    }
    assert after.tasks.keys() == before.tasks.keys()
    assert grouped(before, asked) == after


def _order_holds(before: Plan, after: Plan) -> bool:
    """Whether no step comes before one that it loads from, and each comes once."""
    place = {task.step: at for at, task in enumerate(after.root.tasks())}
    return len(place) == len([*after.root.tasks()]) and all(
        place[node] < place[step] for step, task in before.tasks.items() for node in _edges(task) if node in place
    )


@pytest.mark.parametrize("seed", range(150))
def test_every_group_asks_for_one_container_and_edges_lead_to_groups(seed: int) -> None:
    given, asked = _random(seed)
    after = grouped(plan(given), asked)
    containers = {task.step: task for task in after.root.containers()}
    for task in containers.values():
        assert set(_edges(task)) <= containers.keys()
        assert {(each.image, each.variant, each.resources, each.environment) for each in task.steps} == {
            (task.image, task.variant, task.resources, task.environment)
        }
        assert (task.loads, task.step) == (task.steps[0].loads, task.steps[0].step)
        assert (task.reports, task.is_end) == (task.steps[-1].reports, task.steps[-1].is_end)
        assert not any(isinstance(each.loads, Begin | Enter) for each in task.steps[1:])
    asked_for = {*given.steps} if asked.fuse is True else {*(asked.fuse or ())}
    assert all({each.step for each in task.group} <= asked_for for task in containers.values() if len(task.group) > 1)
    for node in _fans(after.root):
        body = entry(node.body.nodes[0])
        assert node.split.counts_by == (body.chunk.size if body.chunk else 1)


def _fans(scope: Scope) -> list[FanOut]:
    found: list[FanOut] = []
    for node in scope.nodes:
        if isinstance(node, FanOut):
            found += [node, *_fans(node.body)]
        elif isinstance(node, Branches):
            found += [fan for arm in node.arms for fan in _fans(arm)]
    return found
