"""The generator itself: the same flow for the same seed, within its bounds, and of many kinds."""

from __future__ import annotations

import ast

import pytest

from tests.conformance.canonical import canonical
from tests.conformance.generator import MAX_STEPS, MAX_TASKS, GeneratedFlow, generate

SEEDS = range(1, 201)


@pytest.fixture(scope="module")
def flows() -> list[GeneratedFlow]:
    return [generate(seed) for seed in SEEDS]


def test_a_seed_gives_the_same_flow_each_time(flows: list[GeneratedFlow]) -> None:
    for flow in flows[::10]:
        again = generate(flow.seed)
        assert again.source == flow.source
        assert {place: task.attempts for place, task in again.tasks.items()} == {
            place: task.attempts for place, task in flow.tasks.items()
        }


def test_flows_stay_within_their_bounds(flows: list[GeneratedFlow]) -> None:
    for flow in flows:
        steps = {step for step, _ in flow.tasks}
        assert len(steps) <= MAX_STEPS
        assert len(flow.tasks) <= MAX_TASKS
        assert len(steps) <= flow.source.count("    @step\n") <= MAX_STEPS


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
        ("class Shared", 15),
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


def test_nested_foreaches_are_drawn_often(flows: list[GeneratedFlow]) -> None:
    assert sum(flow.has_nested_foreach for flow in flows) >= len(flows) // 5


def test_each_task_has_a_trail_of_its_own(flows: list[GeneratedFlow]) -> None:
    for flow in flows:
        if "SIGKILL" not in flow.source:  # what was killed leaves the trail as it was
            # the last iteration of a step is told twice: as itself, and as the task of the step
            whole = [task for (_, place), task in flow.tasks.items() if "~" not in place]
            assert len({canonical(task.artifacts["trail"]) for task in whole}) == len(whole)
