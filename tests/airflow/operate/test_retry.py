"""What is cleared where a run is done again: what failed, what meets or looks back with it, and what a person names; nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pytest

from compiler.backends.airflow.operate.api.protocol import Api, Cleared, Dag, Instance, Row
from compiler.backends.airflow.operate.connecting import Credentials, Place
from compiler.backends.airflow.operate.engine import AirflowEngine, end
from compiler.backends.airflow.operate.tasks import TERMINATED
from compiler.backends.operating import EngineTask, LogPart, RefusedError

SOURCE = """
node = KubernetesPodOperator(task_id="node", arguments=["node", *_at(index), "--load", "gang:open"])
fit = KubernetesPodOperator(task_id="fit", arguments=["fit", *_at("-"), "--load", "start"])
"""
RUN = "airflow-a-b-manual__1-2"


class Fake:
    """An Airflow with one DAG `a-b` and one run, that keeps what it was asked to change."""

    version = "3.3.2"

    def __init__(self, state: str, note: str, instances: Sequence[Instance]) -> None:
        self._state, self._note, self._instances = state, note, instances
        self.changed: list[object] = []

    def dag(self, dag: str) -> Dag:
        from compiler.backends.operating import NotThereError

        if dag != "a-b":
            raise NotThereError(dag)
        return Dag(dag, False, False, frozenset({"flowc"}), "", "/dags/a-b.py", "key", False)

    def row(self, dag: str, run: str) -> Row:
        from compiler.backends.operating import NotThereError

        if (dag, run) != ("a-b", "manual__1-2"):
            raise NotThereError(run)
        return Row(dag, run, self._state, 1.0, 1.0, 2.0, self._note)

    def source(self, dag: Dag) -> str:
        return SOURCE

    def instances(self, dag: str, run: str, most: int) -> tuple[Instance, ...]:
        return tuple(self._instances)

    def instance(self, dag: str, run: str, task: str, map_index: int) -> Instance:
        return next(each for each in self._instances if (each.task, each.map_index) == (task, map_index))

    def mark(self, dag: str, run: str, *, state: str | None, note: str | None) -> None:
        self.changed.append((state, note))
        self._state, self._note = state or self._state, self._note if note is None else note

    def becomes(self, state: str, note: str | None) -> None:
        """What somebody else makes of the run."""
        self._state, self._note = state, self._note if note is None else note

    def clear(self, dag: str, run: str, cleared: Cleared) -> None:
        self.changed.append(cleared)


def task(name: str, state: str, map_index: int = -1) -> Instance:
    return Instance(name, map_index, state, 1, 1.0, 2.0)


def asked(state: str, *instances: Instance, note: str = "") -> tuple[AirflowEngine, Fake]:
    engine = AirflowEngine(Place("http://airflow", Credentials(), "", "", 1, 1))
    fake = Fake(state, note, instances)
    opened: Any = fake
    engine._opened = opened
    return engine, fake


GANG = [
    task("foreach-open.node", "success", 0),
    task("foreach-open.node", "failed", 1),
    task("join", "upstream_failed"),
]


@pytest.mark.parametrize(
    ("instances", "step", "cleared"),
    [
        ([task("start", "success"), task("fit", "failed")], None, [Cleared(None)]),
        (GANG, None, [Cleared(("foreach-open.node",), goes_on=False), Cleared(None)]),
        (
            [task("fit", "failed"), task("_on_error_tell", "success")],
            None,
            [Cleared(("_on_error_tell",), goes_on=False), Cleared(None)],
        ),
        (
            [task("fit", "failed"), task("start", "success")],
            "start",
            [Cleared(None, goes_on=False), Cleared(("start",), with_later=True)],
        ),
        ([task("start", "success")], "start", [Cleared(("start",), with_later=True)]),
        (
            [task("foreach-start.cell", "success", 0), task("foreach-start.cell", "success", 1)],
            "cell",
            [Cleared(("foreach-start.cell",), with_later=True)],
        ),
    ],
)
def test_what_is_cleared(instances: list[Instance], step: str | None, cleared: list[Cleared]) -> None:
    engine, fake = asked("failed", *instances)
    engine.retry(RUN, step)
    assert fake.changed == cleared


def test_what_a_person_had_ended_is_no_longer_called_so() -> None:
    engine, fake = asked("failed", task("fit", "failed"), note=f"mine\n{TERMINATED}")
    assert engine.retry(RUN, None).own == "manual__1-2"
    assert fake.changed == [(None, "mine"), Cleared(None)]


@pytest.mark.parametrize(
    ("state", "step", "says"),
    [
        ("running", None, "still goes on"),
        ("queued", "fit", "still goes on"),
        ("success", None, "--from STEP"),
        ("failed", "nobody", "has fit"),
    ],
)
def test_what_cannot_be_done_again_is_refused(state: str, step: str | None, says: str) -> None:
    engine, fake = asked(state, task("fit", "failed"))
    with pytest.raises(RefusedError, match=says):
        engine.retry(RUN, step)
    assert fake.changed == []


def test_a_run_that_is_over_is_not_ended_again() -> None:
    engine, fake = asked("success")
    engine.terminate(RUN)
    assert fake.changed == []


@pytest.mark.parametrize(
    ("becomes", "note", "marks"),
    [
        (["failed"] * 3, None, 1),
        (["success", "failed", "failed"], None, 2),
        (["failed", "failed", "success"], None, 2),
        (["running"] * 3, "mine", 1),
    ],
)
def test_a_run_that_is_ended_stays_so(becomes: list[str], note: str | None, marks: int) -> None:
    """A scheduler that looked at it in that moment may call it well, and somebody may do it again."""
    _, fake = asked("running", note="mine")
    states = iter(becomes)

    def pause(_: float) -> None:
        fake.becomes(next(states), note)

    end(cast("Api", fake), fake.row("a-b", "manual__1-2"), pause)
    assert fake.changed == [("failed", f"mine\n{TERMINATED}")] * marks


def test_a_task_that_failed_before_it_began_says_so() -> None:
    engine, fake = asked("failed", Instance("fit", -1, "failed", 0, None, 2.0))
    (told,) = engine.run(RUN).tasks
    assert (told.phase, told.reason, told.attempt) == ("failed", "NeverStarted", None)
    assert "flowc doctor airflow" in told.cure
    assert fake.changed == []


def test_a_task_that_has_not_begun_has_no_log_yet() -> None:
    engine, _ = asked("running", Instance("fit", -1, "queued", 0, None, None))
    assert engine.log(RUN, EngineTask("fit", "-", "queued", "fit")) == LogPart((), "", is_whole=False)
