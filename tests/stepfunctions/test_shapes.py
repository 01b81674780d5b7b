"""The emitted machine, executed: every task of the flow and no other runs, after all that it loads."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.ir.plan import Plan, Retry, Task
from compiler.ir.planner import plan
from compiler.record import replaced
from tests.argo.stage import Script, expected
from tests.argo.test_execution import SHAPES
from tests.ir.flows import flow
from tests.stepfunctions.stage import OPTIONS, stage


@pytest.mark.parametrize("name", SHAPES)
def test_every_task_runs_once_and_after_what_it_loads(name: str, tmp_path: Path) -> None:
    made, script = SHAPES[name]
    staged = stage(made, script, tmp_path)
    assert staged.result.status == "SUCCEEDED", staged.result.log
    assert staged.ended == expected(made, script)
    assert len(staged.result.jobs) == len(staged.ended)


def test_max_workers_leaves_nothing_out(tmp_path: Path) -> None:
    made, script = flow(start="a*", a="j", j="+ end", end=""), Script({"start": 5})
    staged = stage(made, script, tmp_path, options=replaced(OPTIONS, max_workers=2))
    assert staged.result.status == "SUCCEEDED", staged.result.log
    assert staged.ended == expected(made, script)


def test_a_flow_whose_name_batch_would_not_take_runs(tmp_path: Path) -> None:
    made = replaced(flow(start="a", a="end", end=""), name="_F")
    staged = stage(made, Script(), tmp_path)
    assert staged.result.status == "SUCCEEDED", staged.result.log


def test_a_failed_task_fails_the_run_and_stops_what_follows(tmp_path: Path) -> None:
    made = flow(start="a*", a="b", b="j", j="+ end", end="")
    staged = stage(made, Script({"start": 2}, fail={"a@1": 9}), tmp_path)
    assert staged.result.status == "FAILED"
    assert {"start@-"} <= staged.ended <= {"start@-", "a@0", "b@0"}


@pytest.mark.parametrize(
    ("times", "catch", "fails", "attempts", "status"),
    [
        (0, False, 1, ["0"], "FAILED"),
        (2, False, 2, ["0", "1", "2"], "SUCCEEDED"),
        (2, False, 3, ["0", "1", "2"], "FAILED"),
        (0, True, 1, ["0", "1"], "SUCCEEDED"),
        (2, True, 3, ["0", "1", "2", "3"], "SUCCEEDED"),
        (2, True, 1, ["0", "1"], "SUCCEEDED"),
    ],
)
def test_attempts_are_numbered_and_bounded(
    times: int, catch: bool, fails: int, attempts: list[str], status: str, tmp_path: Path
) -> None:
    """With @catch there is one attempt more, whose number is past `times`."""
    made = plan(flow(start="a", a="end", end=""))
    retry = Retry(times, 0.0) if times else None
    nodes = tuple(
        replaced(node, retry=retry, catch=catch) if isinstance(node, Task) and node.step == "a" else node
        for node in made.root.nodes
    )
    decided: Plan = replaced(made, root=replaced(made.root, nodes=nodes))
    staged = stage(decided, Script(fail={"a@-": fails}), tmp_path)
    assert staged.result.status == status, staged.result.log
    numbers = [job.argv[job.argv.index("--retry") + 1] for job in staged.result.jobs if job.argv[4] == "a"]
    assert numbers == attempts
