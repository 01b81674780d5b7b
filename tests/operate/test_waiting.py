"""Logs of tasks that share a container: from the store where a task has ended, else the container's own, and each line once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from flowc.artifacts.address import RunAddress
from flowc.artifacts.manifest import Attempt, Failure

from compiler.backends.operating import EngineRun, EngineTask, Phase, Sharing
from compiler.call.history import TaskState
from compiler.operate.places import Place
from compiler.operate.tasks.shared import tasks_of
from compiler.operate.views import RunView
from compiler.operate.waiting import Logs, Said
from tests.operate.engine import Engine, Memory

RUN = RunAddress("F", "argo-tests-f-1")
ROW = Sharing(("fit", "score", "tell"))
LINES = ["fit 1", "fit 2", "score 1"]


def left(step: str, how: str, index: str = "-") -> TaskState:
    """A task that is done, running, failed or waiting; one that has ended has kept what it printed."""
    printed = f"{step} 1\n{step} 2\n"
    manifest: Any = SimpleNamespace(attempt=1, caught=None, started=1.0, finished=2.0, stdout=printed, stderr="")
    began = Attempt(1, "t", 0, 1.0, None, None, "", "")
    if how == "failed":
        began = began._replace(failure=Failure("E", "no", "E: no"), stderr=printed, finished=2.0)
    attempts = () if how == "waiting" else (began,)
    return TaskState(RUN.task(step)._replace(index=index), manifest if how == "done" else None, attempts)


def view(phase: Phase, *states: TaskState, shares: Sharing = ROW, index: str = "-") -> RunView:
    container = EngineTask(shares.steps[0], index, phase, "n", 0, started=1.0, shares=shares)
    tasks = tuple(tasks_of(container, states))
    return RunView(RUN.run, "F", "argo", "running" if phase == "running" else phase, tasks=tasks)


def logs(lines: list[str] | None, step: str | None = None, index: str | None = None) -> tuple[Logs, Memory]:
    memory = Memory(logs={} if lines is None else {"n": lines})
    memory.started[RUN.run] = EngineRun(RUN.run, "f-1", "f", "running")
    return Logs(Place(RUN.run, "F", "argo", Engine(memory), "file:x"), step, index), memory


def told(said: list[Said]) -> list[tuple[str, str]]:
    return [
        (f"{each.step}{'' if each.index == '-' else '/' + each.index}", line.text)
        for each in said
        for line in each.lines
    ]


def of(step: str) -> list[tuple[str, str]]:
    return [(step, f"{step} 1"), (step, f"{step} 2")]


RUNNING = ("running", left("fit", "done"), left("score", "running"))
WHOLE = [("fit to tell", line) for line in LINES]


@pytest.mark.parametrize(
    ("seen", "lines", "step", "expected"),
    [
        (RUNNING, LINES, None, WHOLE),
        (RUNNING, LINES, "fit", of("fit")),
        (RUNNING, LINES, "score", WHOLE),
        (RUNNING, LINES, "tell", []),
        (RUNNING, None, None, of("fit")),
        (("running", left("fit", "waiting")), LINES, None, WHOLE),
        (("succeeded", *(left(step, "done") for step in ROW.steps)), LINES, None, of("fit") + of("score") + of("tell")),
        (("failed", left("fit", "done"), left("score", "failed")), LINES, None, of("fit") + of("score")),
        (("failed", left("fit", "done"), left("score", "running")), LINES, None, WHOLE),
        (("failed", left("fit", "done"), left("score", "running")), LINES, "fit", of("fit")),
        (("queued", left("fit", "waiting")), LINES, None, []),
    ],
)  # fmt: skip
def test_what_is_told_of_a_container(
    seen: Any, lines: list[str] | None, step: str | None, expected: list[tuple[str, str]]
) -> None:
    found, _ = logs(lines, step)
    assert told(found.all(view(*seen))) == expected


def test_a_person_is_told_whose_lines_they_are() -> None:
    found, _ = logs(LINES, "score")
    said = found.all(view(*RUNNING))
    assert {each.steps for each in said} == {ROW.steps}
    assert found.notes == ["fit to tell share a container, and its log is that of all of them until each has ended"]


def test_each_line_is_told_once_while_the_run_goes_on() -> None:
    found, memory = logs(LINES[:2])
    lines = told(found.new(view("running", left("fit", "running"))))
    memory.logs["n"].append("score 1")
    lines += told(found.new(view(*RUNNING)))
    memory.logs["n"] += ["score 2", "tell 1", "tell 2"]
    over = view("succeeded", *(left(step, "done") for step in ROW.steps))
    lines += told(found.all(over))
    assert [line for _, line in lines] == [f"{step} {number}" for step in ROW.steps for number in (1, 2)]
    assert {name for name, _ in lines} == {"fit to tell"}


def test_what_has_been_read_from_the_store_is_not_told_by_the_engine_too() -> None:
    found, memory = logs(None)
    lines = told(found.new(view(*RUNNING)))
    memory.logs["n"] = LINES
    lines += told(found.new(view("running", left("fit", "done"), left("score", "done"), left("tell", "running"))))
    lines += told(found.all(view("succeeded", *(left(step, "done") for step in ROW.steps))))
    assert lines == of("fit") + of("score") + of("tell")


def test_a_portion_that_is_only_counted_any_more_is_told_to_its_end() -> None:
    """Of a wide run the store's done tasks are no rows."""
    portion = Sharing(("fit",), 2)
    found, memory = logs(["a"])
    lines = told(found.new(view("running", left("fit", "running", "2"), shares=portion, index="1")))
    memory.logs["n"] += ["b", "c"]
    lines += told(found.all(RunView(RUN.run, "F", "argo", "running", unread={"fit": 4})))
    assert lines == [("fit/2-3", line) for line in "abc"]


def test_one_member_is_found_in_its_portion() -> None:
    portion = Sharing(("fit",), 2)
    for index, expected in (("3", [("fit/2-3", "a")]), ("4", [])):
        found, _ = logs(["a"], "fit", index)
        assert told(found.all(view("running", shares=portion, index="1"))) == expected
