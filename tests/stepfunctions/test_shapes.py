"""The emitted machine, executed: every task of the flow and no other runs, after all that it loads."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.ir.plan import Plan, Retry, Task
from compiler.ir.planner import plan
from compiler.slotted_class import replaced
from tests.argo.stage import Script, expected
from tests.stages.plans import flow
from tests.stages.shapes import SHAPES
from tests.stepfunctions.stage import OPTIONS, Staged, stage


@pytest.mark.every(2)
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
        (0, False, 0, ["0"], "SUCCEEDED"),
        (0, False, 1, ["0"], "FAILED"),
        (2, False, 2, ["~0", "~1", "~2"], "SUCCEEDED"),
        (2, False, 3, ["~0", "~1", "~2"], "FAILED"),
        (0, True, 1, ["0", "1"], "SUCCEEDED"),
        (2, True, 3, ["~0", "~1", "~2", "3"], "SUCCEEDED"),
        (2, True, 1, ["~0", "~1"], "SUCCEEDED"),
    ],
)
def test_attempts_are_numbered_and_bounded(
    times: int, catch: bool, fails: int, attempts: list[str], status: str, tmp_path: Path
) -> None:
    """With @catch there is one attempt more, whose number is past `times`."""
    retry = Retry(times, 0.0) if times else None
    staged = stage(_with_a(retry=retry, catch=catch), Script(fail={"a@-": fails}), tmp_path)
    assert staged.result.status == status, staged.result.log
    assert _numbers(staged) == attempts


def _with_a(**changes: object) -> Plan:
    """A flow of three steps whose middle one, `a`, is changed."""
    made = plan(flow(start="a", a="end", end=""))
    nodes = tuple(
        replaced(node, **changes) if isinstance(node, Task) and node.step == "a" else node for node in made.root.nodes
    )
    return replaced(made, root=replaced(made.root, nodes=nodes))


def _numbers(staged: Staged) -> list[str]:
    """What `--retry` said to each job of `a`."""
    return [job.argv[job.argv.index("--retry") + 1] for job in staged.result.jobs if job.argv[4] == "a"]


@pytest.mark.parametrize(
    ("times", "fails", "attempts"),
    [(0, 0, ["0"]), (0, 1, ["0", "1"]), (1, 2, ["~2", "~3", "2"]), (2, 3, ["~2", "~3", "~4", "3"])],
)
def test_submissions_that_batch_refuses_use_up_no_attempt(
    times: int, fails: int, attempts: list[str], tmp_path: Path
) -> None:
    """Both kinds of retries share one count: the shim takes it for a limit, and counts the attempts that it began itself."""
    retry = Retry(times, 0.0) if times else None
    made = _with_a(retry=retry, catch=True)
    staged = stage(made, Script(fail={"a@-": fails}), tmp_path, throttle=2)
    assert staged.result.status == "SUCCEEDED", staged.result.log
    assert _numbers(staged) == attempts
