"""The generator itself: the same flow for the same seed, within its bounds, and of many kinds."""

from __future__ import annotations

import ast

import pytest

from tests.conformance.canonical import canonical
from tests.conformance.generator import GeneratedFlow, generate
from tests.conformance.plan import LONG, MAX_STEPS, MAX_TASKS, SAMPLED, draw, generated

SEEDS = generated() if SAMPLED or LONG else range(1, 201)
TRAITS = (
    *(
        ("switch", 400),
        ("foreach", 600),
        ("split", 300),
        ("recursion", 90),
        ("gang", 90),
        ("config", 200),
        ("merge", 600),
    ),
    *(("wrapper", 800), ("wrapper in foreach", 400), ("wrapper in arm", 200), ("wrapper in recursion", 30)),
    *(("foreach in foreach", 180), ("switch in foreach", 150), ("switch in split", 80), ("switch in arm", 40)),
    *(("recursion in foreach", 40), ("recursion in split", 25), ("recursion in arm", 25), ("split in foreach", 30)),
    *(
        ("gang in foreach", 30),
        ("gang in split", 15),
        ("gang in arm", 15),
        ("switch in gang", 10),
        ("split in gang", 6),
    ),
    *(
        ("foreach in gang", 5),
        ("recursion in gang", 3),
        ("switch in foreach in split", 5),
        ("switch in arm in foreach", 15),
    ),
    *(("switch in split in foreach", 3), ("switch in foreach in foreach", 10), ("switch in foreach in arm", 10)),
    *(("foreach in arm in foreach", 20), ("recursion in foreach in split", 2), ("recursion in arm in foreach", 6)),
    *(("recursion in foreach in arm", 6), ("gang in arm in foreach", 6), ("gang in split in foreach", 3)),
    *(("retry after raise", 500), ("retry after kill", 120), ("retry after hang", 40), ("catch of raise", 120)),
    *(("catch of kill", 20), ("catch of hang", 4), ("timeout", 50), ("timeout in foreach", 12)),
    *(
        ("retry after raise in recursion", 15),
        ("retry after kill in recursion", 5),
        ("retry after hang in recursion", 3),
    ),
    *(("retry after kill in foreach", 30), ("catch of raise in foreach", 50), ("catch of kill in foreach", 8)),
    *(("catch of raise in arm", 30), ("merge in foreach", 120), ("merge in arm", 50), ("config in a decorator", 120)),
    *(("failed run", 30), ("config as a key", 50), ("config as a key in foreach", 15), ("config in recursion", 6)),
)
"""How many flows in a thousand have each of them, at least."""
RARE = 30
"""What is rarer is only to be expected of all seeds."""


pytestmark = pytest.mark.xdist_group("generator")  # drawing them takes ten seconds


@pytest.fixture(scope="module")
def flows() -> list[GeneratedFlow]:
    return [draw(seed) for seed in SEEDS]


def test_a_seed_gives_the_same_flow_each_time(flows: list[GeneratedFlow]) -> None:
    for flow in flows[::10]:
        again = generate(flow.seed, max_tasks=MAX_TASKS, max_steps=MAX_STEPS)  # `draw` keeps what it has drawn
        assert again.source == flow.source
        assert {place: task.attempts for place, task in again.tasks.items()} == {
            place: task.attempts for place, task in flow.tasks.items()
        }


@pytest.mark.sampled
def test_flows_stay_within_their_bounds(flows: list[GeneratedFlow]) -> None:
    for flow in flows:
        steps = {step for step, _ in flow.tasks}
        assert len(steps) <= MAX_STEPS
        assert len(flow.tasks) <= MAX_TASKS
        assert len(steps) <= flow.source.count("    @step\n") <= MAX_STEPS


@pytest.mark.sampled
def test_flows_are_python(flows: list[GeneratedFlow]) -> None:
    for flow in flows:
        ast.parse(flow.source, flow.stem)


@pytest.mark.parametrize(
    ("what", "least"),
    [
        ("foreach=", 120),
        ("@retry", 60),
        ("@catch", 15),
        ("@environment", 60),
        ("merge_artifacts(inputs)", 30),
        ("exclude=", 60),
        ("include=", 20),
        ("foreach_stack", 200),
        ("Parameter('", 100),
        ("(Shared)", 20),
        ("inputs[0].bag", 60),
        ("[inputs.", 15),
        ("array.array(", 5),
        ("SIGKILL)", 5),
        ("time.sleep(600)", 1),
        ("setattr(self", 5),
        ("put(self", 5),
        ("self.note(", 5),
        ("del self.", 5),
        ("foreach=OVER_", 5),
        ('foreach=f"', 5),
        (" = set(range", 10),
        ("        return\n", 20),
    ],
)
def test_every_construct_is_drawn_often(flows: list[GeneratedFlow], what: str, least: int) -> None:
    assert sum(what in flow.source for flow in flows) >= least


@pytest.mark.parametrize(
    ("what", "least"),
    [
        ("condition=", 50),
        ('condition="par_', 5),
        ('condition="FIXED_', 5),
        ("{None: self.", 5),
        ("{-", 3),
        ("{True: ", 1),
        ("getattr(inputs, ", 4),
        ("peek_", 40),
    ],
)
def test_every_kind_of_switch_is_drawn_often(flows: list[GeneratedFlow], what: str, least: int) -> None:
    assert sum(what in flow.source for flow in flows) >= least


@pytest.mark.parametrize(("trait", "least"), [one for one in TRAITS if LONG or one[1] >= RARE])
def test_every_combination_is_drawn(flows: list[GeneratedFlow], trait: str, least: int) -> None:
    assert sum(trait in flow.traits for flow in flows) * 1000 >= least * len(flows) * (1 if LONG else 0.6)


def test_nested_foreaches_are_drawn_often(flows: list[GeneratedFlow]) -> None:
    assert sum(flow.has_nested_foreach for flow in flows) >= len(flows) // 5


@pytest.mark.sampled
def test_each_task_has_a_trail_of_its_own(flows: list[GeneratedFlow]) -> None:
    for flow in flows:
        if "SIGKILL" not in flow.source:  # what was killed leaves the trail as it was
            # the last iteration of a step is told twice: as itself, and as the task of the step
            whole = [task for (_, place), task in flow.tasks.items() if "~" not in place and task.artifacts]
            assert len({canonical((task.artifacts or {})["trail"]) for task in whole}) == len(whole)
