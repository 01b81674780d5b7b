"""A step that a switch sends back to itself, as the client shows it."""

from __future__ import annotations

from pathlib import Path

import pytest
from flowc.client import flows as client
from flowc.client.flows import Run, Step, Task, namespace
from flowc.exceptions import MetaflowNotFound

from tests.stages.task import Stage

FLOW = """
from flowc import FlowSpec, current, step
class F(FlowSpec):
    @step
    def start(self):
        self.n = 0
        self.next(self.loop)
    @step
    def loop(self):
        if self.n == {failing}:
            raise ValueError("no more")
        self.n += 1
        self.path = current.pathspec
        self.more = self.n < 3
        self.next({{True: self.loop, False: self.end}}, condition="more")
    @step
    def end(self):
        pass
"""


def _run(folder: Path, monkeypatch: pytest.MonkeyPatch, failing: int = -1) -> Run:
    stage = Stage(folder, FLOW.format(failing=failing))
    monkeypatch.setenv("FLOWC_STORE", stage.store.url)
    namespace(None)
    stage.done("start")
    stage.do("loop", "start", repeats=True)
    if failing < 0:
        stage.done("end", "loop")
    return Run("F/r")


@pytest.fixture(autouse=True)
def _namespace() -> object:
    yield
    client.default_namespace()


def _ids(tasks: object) -> list[str]:
    assert hasattr(tasks, "__iter__")
    return [f"{task.parent.id}/{task.id}" for task in tasks]


@pytest.mark.language("recursion.tasks")
def test_each_iteration_is_a_task_and_the_step_has_what_the_last_one_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = _run(tmp_path, monkeypatch)
    loop = run["loop"]
    assert _ids(loop) == _ids(loop.tasks()) == ["loop/loop-i0", "loop/loop-i1", "loop/loop-i2"]
    assert [task.data.n for task in loop] == [1, 2, 3]
    assert [task.pathspec for task in loop] == [task.data.path for task in loop]
    assert [len(list(step)) for step in run] == [1, 3, 1]
    assert loop.task is not None
    assert (loop.task.data.n, [task.metadata_dict["attempt"] for task in loop]) == (3, ["0", "0", "0"])
    assert _ids(loop.control_tasks) == ["loop/loop-i0"]


def test_the_path_of_an_iteration_leads_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _run(tmp_path, monkeypatch)
    task = Task("F/r/loop/-~1")
    assert (task.data.n, task.iteration, Step("F/r/loop")["-~2"].data.n) == (2, 1, 3)
    with pytest.raises(MetaflowNotFound):
        Task("F/r/loop/-~3")
    with pytest.raises(MetaflowNotFound):
        Task("F/r/end/-~0")


def test_iterations_lead_to_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _run(tmp_path, monkeypatch)
    first, second, last = (Task(f"F/r/loop/-~{number}") for number in range(3))
    assert [_ids(task.parent_tasks) for task in (first, second)] == [["start/start"], ["loop/loop-i0"]]
    assert [_ids(task.child_tasks) for task in (first, last)] == [["loop/loop-i1"], ["end/end"]]


def test_an_unfinished_step_shows_the_iterations_that_began(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = _run(tmp_path, monkeypatch, failing=1)["loop"]
    assert [(task.id, task.successful) for task in loop] == [("loop-i0", True), ("loop-i1", False)]
    failed = Task("F/r/loop/-~1").exception
    assert failed is not None
    assert "no more" in failed.exception
    assert _ids(Task("F/r/loop/-~0").child_tasks) == ["loop/loop-i1"]
