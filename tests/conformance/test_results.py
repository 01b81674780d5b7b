"""The comparison itself: each kind of difference is seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.conformance.results import Place, Result, TaskResult, against_local

TASKS: Mapping[Place, TaskResult] = {
    ("start", "-"): TaskResult(1, {"x": "1"}),
    ("each", "0"): TaskResult(1, {"x": "1", "y": "2"}),
    ("each", "1"): TaskResult(2, {"x": "1", "y": "3"}),
}
SAME = Result(True, TASKS, frozenset(), frozenset(TASKS))


def without(place: Place) -> Result:
    left = {key: task for key, task in TASKS.items() if key != place}
    return replace(SAME, tasks=left, walked=frozenset(left))


def with_task(place: Place, task: TaskResult) -> Result:
    return replace(SAME, tasks={**TASKS, place: task})


def test_equal_runs_do_not_differ() -> None:
    assert list(against_local(SAME, SAME)) == []


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (replace(SAME, success=False), "success"),
        (without(("each", "1")), "missing"),
        (with_task(("each", "2"), TaskResult(1, {})), "too many"),
        (replace(SAME, walked=frozenset({("start", "-")})), "decisions"),
        (with_task(("each", "0"), TaskResult(2, {"x": "1", "y": "2"})), "attempts"),
        (with_task(("each", "0"), TaskResult(1, {"x": "1", "y": "3"})), "artifact y"),
        (with_task(("each", "0"), TaskResult(1, {"x": "1"})), "artifact y"),
        (with_task(("each", "0"), TaskResult(1, {"x": "1", "y": "2", "z": "0"})), "artifact z"),
        (with_task(("each", "0"), TaskResult(1, None)), "done"),
    ],
)
def test_each_difference_is_told(other: Result, told: str) -> None:
    assert told in "\n".join(against_local(SAME, other))


def test_a_failed_run_must_fail_at_the_same_task_and_go_no_further() -> None:
    failed = replace(with_task(("each", "1"), TaskResult(2, None)), success=False)
    further = replace(failed, tasks={**failed.tasks, ("join", "-"): TaskResult(1, {})})
    elsewhere = replace(failed, tasks={**TASKS, ("each", "0"): TaskResult(1, None)})
    assert list(against_local(failed, failed)) == []
    assert "must not run" in "\n".join(against_local(failed, further))
    assert "failed tasks" in "\n".join(against_local(failed, elsewhere))
