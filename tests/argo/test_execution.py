"""The emitted WorkflowTemplate, executed: every task of the flow and no other runs, after all that it loads."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.argo.stage import Script, expected, stage
from tests.stages.plans import flow
from tests.stages.shapes import SHAPES


@pytest.mark.parametrize("name", SHAPES)
def test_every_task_runs_once_and_after_what_it_loads(name: str, tmp_path: Path) -> None:
    made, script = SHAPES[name]
    staged = stage(made, script, tmp_path, seed=len(name))
    assert staged.workflow.succeeded, staged.workflow.log
    assert set(staged.ended) == expected(made, script)
    assert len(staged.workflow.pods) == len(staged.ended)


def test_a_failed_task_fails_the_run_and_stops_what_follows(tmp_path: Path) -> None:
    made = flow(start="a*", a="b", b="j", j="+ end", end="")
    staged = stage(made, Script({"start": 2}, fail={"a@1": 9}), tmp_path)
    assert staged.workflow.phase == "Failed"
    assert set(staged.ended) == {"start@-", "a@0", "b@0"}


def test_a_failed_switch_does_not_let_the_meeting_step_run(tmp_path: Path) -> None:
    made = flow(start="sw", sw="l | m", l="m", m="end", end="")
    staged = stage(made, Script(case={"sw": 1}, fail={"sw@-": 9}), tmp_path)
    assert staged.workflow.phase == "Failed"
    assert set(staged.ended) == {"start@-"}


def test_a_split_without_a_width_fails(tmp_path: Path) -> None:
    staged = stage(flow(start="a*", a="j", j="+ end", end=""), Script(), tmp_path)
    assert staged.workflow.phase == "Error"
    assert set(staged.ended) == {"start@-"}
