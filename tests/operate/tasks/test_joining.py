"""A container that does several tasks, as its engine has it, and what its tasks have left: one status for each of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from flowc.artifacts.address import RunAddress
from flowc.artifacts.manifest import Attempt, Failure

from compiler.backends.operating import EngineTask, Phase, Sharing, portion_of, step_of
from compiler.call.history import RunState, TaskState
from compiler.operate.tasks.joining import joined

RUN = RunAddress("F", "r")
ROW = Sharing(("fit", "score", "tell"))
PORTION = Sharing(("fit", "score"), 4)
ONE = Sharing(("fit",), 3)
TRACE = Failure("ValueError", "no", "ValueError: no")


def container(phase: Phase, shares: Sharing = ROW, index: str = "-", reason: str = "", node: str = "n1") -> EngineTask:
    started = None if phase == "queued" else 5.0
    return EngineTask(shares.steps[0], index, phase, node, 0, reason, "it says", "do", started, shares=shares)


def state(words: str, unread: dict[str, int] | None = None) -> RunState:
    """What the store has: `fit:0 done` a task, `running` one whose attempt has begun, `failed`, `waiting`, `caught`."""
    tasks = [_task(*word.split()) for word in words.split(", ") if word]
    return RunState(SimpleNamespace(tags=[]), tuple(tasks), unread=unread or {})  # type: ignore[arg-type]


def _task(name: str, how: str) -> TaskState:
    step, _, index = name.partition(":")
    began = Attempt(1, "t", 0, 7.0, None, None, "", "")
    manifest: Any = SimpleNamespace(attempt=1, caught=TRACE if how == "caught" else None, started=7.0, finished=9.0)
    return TaskState(
        RUN.task(step)._replace(index=index or "-"),
        manifest if how in ("done", "caught") else None,
        () if how == "waiting" else (began._replace(failure=TRACE, finished=8.0) if how == "failed" else began,),
    )


def told(seen: list[EngineTask], left: RunState | None) -> str:
    return ", ".join(
        f"{view.step}{'' if view.index == '-' else ':' + view.index} {view.status}{' ' + view.reason if view.reason else ''}"
        for view in joined(seen, left)
    )


@dataclass
class Case:
    """What the engine and the store say, and each task's status with the reason of the engine."""

    seen: list[EngineTask]
    left: RunState | None
    expected: str
    facts: dict[str, object] = field(default_factory=dict)


CASES = {
    "a row that never began": Case(
        [container("queued", reason="ImagePullBackOff")], None, "fit queued ImagePullBackOff, score queued, tell queued"
    ),
    "a row that never began, of which the store tells": Case(
        [container("queued", reason="Unschedulable")],
        state("start done, fit waiting"),
        "start succeeded, fit queued Unschedulable, score queued, tell queued",
    ),
    "a row that could not begin": Case(
        [container("failed", reason="ErrImagePull")],
        state("start done, fit waiting"),
        "start succeeded, fit failed ErrImagePull, score queued, tell queued",
    ),
    "a row under way": Case(
        [container("running")], state("fit done, score running"), "fit succeeded, score running, tell queued"
    ),
    "a row between two tasks": Case(
        [container("running")], state("fit done, score waiting"), "fit succeeded, score running, tell queued"
    ),
    "a row whose container was lost": Case(
        [container("failed", reason="OOMKilled")],
        state("fit done, score running"),
        "fit succeeded, score failed OOMKilled, tell queued",
    ),
    "a row whose container is to be started again": Case(
        [container("queued", reason="up_for_retry")],
        state("fit done, score running"),
        "fit succeeded, score queued up_for_retry, tell queued",
    ),
    "a row whose task has failed and will be tried again": Case(
        [container("running")], state("fit done, score failed"), "fit succeeded, score running, tell queued"
    ),
    "a row whose task has failed": Case(
        [container("failed", reason="Error")],
        state("fit done, score failed"),
        "fit succeeded, score failed Error, tell queued",
    ),
    "a row that was ended": Case(
        [container("terminated")], state("fit done, score running"), "fit succeeded, score terminated, tell queued"
    ),
    "a row that is done, before the store has all of it": Case(
        [container("succeeded")], state("fit done, score waiting"), "fit succeeded, score succeeded, tell succeeded"
    ),
    "a row that is done, and the store is not asked": Case(
        [container("succeeded")], None, "fit succeeded, score succeeded, tell succeeded"
    ),
    "a row that caught": Case(
        [container("running")], state("fit caught, score running"), "fit succeeded, score running, tell queued"
    ),
    "a row whose engine says nothing": Case(
        [container("unknown")], state("fit done, score running"), "fit succeeded, score unknown, tell queued"
    ),
    "portions": Case(
        [container("running", PORTION, "0"), container("queued", PORTION, "1", "Unschedulable")],
        state("fit:0 done, fit:1 running, fit:2 waiting, fit:3 waiting, fit:4 waiting, fit:5 waiting, score:0 done"),
        "fit:0 succeeded, fit:1 running, fit:2 queued, fit:3 queued, fit:4 queued Unschedulable, fit:5 queued, "
        "score:0 succeeded, score:1 queued, score:2 queued, score:3 queued, score:4 queued, score:5 queued",
    ),
    "a portion of several at once": Case(
        [container("running", ONE, "0")], state("fit:0 running, fit:1 done, fit:2 running"),
        "fit:0 running, fit:1 succeeded, fit:2 running",
    ),
    "a portion with a member that has failed": Case(
        [container("running", ONE, "0")], state("fit:0 failed, fit:1 waiting, fit:2 waiting"),
        "fit:0 failed, fit:1 running, fit:2 queued",
    ),
    "a portion that has failed": Case(
        [container("failed", ONE, "0", "Error")], state("fit:0 done, fit:1 failed, fit:2 done"),
        "fit:0 succeeded, fit:1 failed Error, fit:2 succeeded",
    ),
    "a portion that was lost with a member, after another had failed": Case(
        [container("failed", ONE, "0", "OOMKilled")], state("fit:0 failed, fit:1 running, fit:2 waiting"),
        "fit:0 failed, fit:1 failed OOMKilled, fit:2 queued",
    ),
    "a portion of an inner foreach": Case(
        [container("running", ONE, "2.1")], state("fit:2.2 done, fit:2.3 done, fit:2.4 running"),
        "fit:2.2 succeeded, fit:2.3 succeeded, fit:2.4 running",
    ),
    "portions of which the store is not asked": Case(
        [container("running", PORTION, "0.2"), container("queued", ONE, "1")], None,
        "fit:0.8-11 running, score:0.8-11 queued, fit:3-5 queued",
    ),
    "a portion that is done and counted": Case(
        [container("succeeded", ONE, "0"), container("running", ONE, "1", node="n2")],
        state("fit:3 running, fit:4 waiting", {"fit": 3}), "fit:3 running, fit:4 queued",
    ),
    "a step beside": Case(
        [container("running"), EngineTask("end", "-", "queued", "n2")], state("fit running"),
        "fit running, score queued, tell queued, end queued",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_each_task_stands_as_engine_and_store_say_together(name: str) -> None:
    case = CASES[name]
    assert sorted(told(case.seen, case.left).split(", ")) == sorted(case.expected.split(", "))


def test_the_store_gives_the_order_and_what_no_attempt_has_begun_has_no_time() -> None:
    views = joined([container("running")], state("start done, fit done, score waiting"))
    assert [view.step for view in views] == ["start", "fit", "score", "tell"]
    assert [view.started for view in views] == [7.0, 7.0, None, None]
    assert [view.engine.node if view.engine else "" for view in views] == ["", "n1", "n1", "n1"]


def test_the_first_task_of_a_container_begins_with_it() -> None:
    [view, *_] = joined([container("running")], state("fit waiting"))
    assert (view.status, view.started) == ("running", 5.0)


def test_a_wide_foreach_in_portions_is_joined_in_one_pass() -> None:
    """Engines list portions, the store lists members: neither is looked through for each of the other."""
    seen = [
        container("queued" if at else "running", Sharing(("fit",), 16), str(at), node=f"n{at}") for at in range(625)
    ]
    left = state(", ".join(f"fit:{at} {'running' if not at else 'waiting'}" for at in range(10_000)))
    found = joined(seen, left)
    assert len(found) == 10_000
    assert [view.index for view in found if view.status == "running"] == ["0"]
    assert {view.status for view in found[1:]} == {"queued"}


@pytest.mark.parametrize(
    ("word", "step", "shares"),
    [
        ("fit", "fit", None),
        ("loop~", "loop", None),
        ("start/16", "start", None),
        ("fit+score", "fit", Sharing(("fit", "score"))),
        ("fit+loop~", "fit", Sharing(("fit", "loop"))),
        ("fit*16", "fit", Sharing(("fit",), 16)),
        ("fit+score*16:4/8", "fit", Sharing(("fit", "score"), 16)),
        ("", "", None),
        ("{{inputs.parameters.step}}", "{{inputs.parameters.step}}", None),
        ("fit*0", "fit*0", None),
    ],
)
def test_a_steps_word_is_read_in_one_place(word: str, step: str, shares: Sharing | None) -> None:
    assert step_of(word) == (step, shares)


@pytest.mark.parametrize(
    ("index", "size", "portion"),
    [("-", 4, "-"), ("0", 4, "0"), ("7", 4, "1"), ("2.9", 4, "2.2"), ("1.0.3", 1, "1.0.3")],
)
def test_a_member_is_in_one_portion(index: str, size: int, portion: str) -> None:
    assert portion_of(index, size) == portion
    assert container("running", Sharing(("fit",), size), portion).for_member(index)
    assert not container("running", Sharing(("fit",), size), "99").for_member(index)
