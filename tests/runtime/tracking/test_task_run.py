"""Runs of flows on a real MLflow server: what is there afterwards, once each, and what it takes."""

from __future__ import annotations

import math
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from flowc.artifacts.address import RunAddress
from flowc.artifacts.manifest import RunRecord
from flowc.artifacts.ordering import Fence, begin, claim
from flowc.store.files import FileStore
from flowc.tracking.facts import Code
from flowc.tracking.task_run import TaskRun
from flowc.tracking.telling import Told
from flowc.tracking.wanted import Wanted

from tests.engines.mlflow_server import Logged, MlflowServer, counted
from tests.runtime.tracking.flows import ALL, BREAKING, HOSTILE, SMALL, TASKS, WIDE, written
from tests.runtime.tracking.runs import Ran, ran

pytestmark = [pytest.mark.xdist_group("mlflow"), pytest.mark.sampled("alone")]


def test_a_run_and_each_of_its_tasks_are_there_once(mlflow: MlflowServer, project: Path) -> None:
    """Attempts, iterations, nodes of a gang and what `@catch` takes are no runs of their own."""
    run = ran(written(project, "logged", ALL), "LoggedFlow", uri=mlflow.url)
    assert run.code == 0, run.log
    assert "MLflow" not in run.log
    parent, tasks = mlflow.family("LoggedFlow", run.id)
    assert tasks.keys() == TASKS
    assert {each.status for each in (parent, *tasks.values())} == {"FINISHED"}
    assert all(each.ended and each.started <= each.ended for each in (parent, *tasks.values()))
    assert parent.params == {"alpha": "0.5", "text": HOSTILE, "table": f"[{', '.join(['1'] * 20)}, ...]"}
    assert (parent.metrics, parent.name) == ({"loss": 0.125, "total": 3.0, "final": 7.0}, f"LoggedFlow/{run.id}")
    expected = {"flowc.flow": "LoggedFlow", "flowc.run": run.id, "flowc.target": "local", "mlflow.user": "tester"}
    assert expected.items() <= parent.tags.items()
    assert tasks["each-2"].tags["flowc.index"] == "2"
    _work(
        run,
        tasks["start"].tags["flowc.card"].replace(" view ", " get "),
        *_commands(tasks["each-1"]),
        *_commands(parent)[1:],
    )
    assert {name: each.metrics for name, each in tasks.items() if name not in ("start", "loop")} == {
        **{f"each-{place}": {"score": (place + 1) * 0.5} for place in range(3)},
        **{f"node-{place}": {"rank": float(place)} for place in range(2)},
        **{"join": {"total": 3.0, "rounds": 0.0}, "end": {"final": 7.0}},
        **{name: {} for name in ("fan", "gather", "risky")},
    }
    assert tasks["start"].metrics.keys() == {"count", "lost", "most"}
    assert math.isnan(tasks["start"].metrics["lost"])
    assert mlflow.history(tasks["loop"].id, "loss") == [(0, 0.5), (1, 0.25), (2, 0.125)]
    assert mlflow.history(tasks["each-1"].id, "score") == [(0, 1.0)]
    assert tasks["each-1"].tags["flowc.attempt"] == "2"
    assert tasks["each-1"].tags["flowc.exception"] == "attempt 1: builtins.ValueError: once"
    assert tasks["risky"].tags["flowc.caught"] == "builtins.KeyError: 'taken'"
    experiment = mlflow.experiments()["LoggedFlow"]
    assert run.left("start")["seen"] == {
        "MLFLOW_TRACKING_URI": mlflow.url,
        "MLFLOW_EXPERIMENT_ID": experiment,
        "MLFLOW_EXPERIMENT_NAME": None,
        "MLFLOW_RUN_ID": tasks["start"].id,
    }
    for place in range(3):
        assert run.left("each", str(place))["seen"] == tasks[f"each-{place}"].id


def _commands(logged: Logged) -> list[str]:
    """The commands that MLflow's page shows of a run."""
    return logged.tags["mlflow.note.content"].splitlines()[5:-1]


def _work(run: Ran, *commands: str) -> None:
    for command in commands:
        name, *words = shlex.split(command)
        assert name == "flowc"
        done = subprocess.run(
            [sys.executable, "-P", "-m", "compiler", *words, "--store", run.store],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (command, done.stderr)


def test_a_foreach_of_200_asks_the_server_at_most_four_times_a_task(mlflow: MlflowServer, project: Path) -> None:
    path = written(project, "wide", WIDE)
    with counted(mlflow) as front:
        run = ran(path, "WideFlow", uri=front.url)
    assert run.code == 0, run.log
    _, tasks = mlflow.family("WideFlow", run.id)
    assert len(tasks) == 203
    for number in range(200):
        task = tasks[f"each-{number}"]
        assert front.of(task.id) == ["runs/create", "runs/log-batch", "runs/update"]
        assert task.metrics == {"square": float(number**2)}
    assert len(front.calls) <= 4 * len(tasks)
    assert "runs/delete" not in {name for name, _ in front.calls}


def test_where_it_is_off_nothing_is_asked_and_nothing_imported(mlflow: MlflowServer, project: Path) -> None:
    path = written(project, "small", SMALL)
    with counted(mlflow) as front:
        run = ran(path, "SmallFlow", env={"MLFLOW_TRACKING_URI": front.url})
        (project / "pyproject.toml").write_text(f'[tool.flowc.mlflow]\nuri = "{front.url}"\n', encoding="utf-8")
        taken_back = ran(path, "SmallFlow", uri="")
        asked = [*front.calls]
        logged = ran(path, "SmallFlow")
    assert not asked
    for each in (run, taken_back):
        assert each.code == 0, each.log
        assert each.left("start")["loaded"] == []
        assert not [key for key in each.kept() if "_mlflow" in key]
    assert logged.left("start")["loaded"], "where it is on, it is imported"
    parent, tasks = mlflow.family("SmallFlow", logged.id)
    assert [each.metrics for each in (parent, *tasks.values())] == [{}] * 3, "nobody has asked for numbers"
    assert sorted(map(len, map(front.of, (each.id for each in tasks.values())))) == [2, 2]


def test_a_run_that_fails_and_the_one_that_goes_on_from_it(mlflow: MlflowServer, project: Path) -> None:
    fixed = project / "fixed"
    path = written(project, "breaking", BREAKING.replace("FIXED", repr(str(fixed))))
    run = ran(path, "BreakingFlow", uri=mlflow.url)
    assert run.code == 1, run.log
    parent, tasks = mlflow.family("BreakingFlow", run.id)
    assert parent.status == "FAILED"
    assert {name: each.status for name, each in tasks.items()} == {
        "start": "FINISHED",
        "each-0": "FINISHED",
        "each-1": "FAILED",
    }
    assert tasks["each-1"].tags["flowc.exception"] == "attempt 1: builtins.RuntimeError: not yet"
    fixed.touch()
    resumed = ran(path, "BreakingFlow", "--resume", run.id, uri=mlflow.url)
    assert resumed.code == 0, resumed.log
    parent, tasks = mlflow.family("BreakingFlow", resumed.id)
    assert tasks.keys() == {"each-1", "join", "end"}, "what was taken over is the other run's"
    assert (parent.status, parent.params) == ("FINISHED", {"size": "4"})
    assert parent.tags["flowc.resumed_from"] == run.id
    assert parent.metrics == {"total": 6.0}


@pytest.mark.parametrize("words", [("--fuse", "--chunk", "each=2"), ("--start-method", "spawn")], ids=" ".join)
def test_however_tasks_are_started_each_has_its_own_run(mlflow: MlflowServer, project: Path, words: list[str]) -> None:
    path = written(project, "breaking", BREAKING.replace("FIXED", "'/'"))
    run = ran(path, "BreakingFlow", *words, uri=mlflow.url)
    assert run.code == 0, run.log
    parent, tasks = mlflow.family("BreakingFlow", run.id)
    assert {name: each.status for name, each in tasks.items()} == dict.fromkeys(
        ("start", "each-0", "each-1", "join", "end"), "FINISHED"
    )
    assert (parent.status, parent.metrics) == ("FINISHED", {"total": 6.0})


class _Life:
    """Attempts of one task, as containers that know nothing of each other begin them."""

    def __init__(self, server: MlflowServer, folder: Path, run: str, times: int = 1) -> None:
        self.store = FileStore(f"file:{folder / 'store'}")
        self.address = RunAddress("LifeFlow", run).task("start")
        self._wanted = Wanted(server.url, "LifeFlow", None)
        self._record = RunRecord("LifeFlow", run, "me", 1e9, (), (), "start", "tester", "")
        self._times = times
        claim(self.store, self._record)

    def fence(self, retry: int) -> Fence:
        """The next attempt."""
        return begin(self.store, self.address, retry, os.urandom(4).hex(), 1e9)

    def attempt(self, fence: Fence) -> TaskRun:
        """It, begun."""
        told = Told(self._wanted, Code("f.py", "", ""), "tester", self._record, {"a": 1}, attempts=self._times)
        run = TaskRun(self.store, fence, told)
        run.begin()
        return run


def test_a_late_container_changes_nothing(mlflow: MlflowServer, tmp_path: Path) -> None:
    life = _Life(mlflow, tmp_path, "late")
    first = life.attempt(life.fence(0))
    second = life.attempt(life.fence(1))
    second.left({"x": 2}, {"x": object()}, ends=True)
    second.finished("")
    first.failed("RuntimeError: too late", is_steps=True)
    parent, tasks = mlflow.family("LifeFlow", "late")
    assert (parent.status, parent.metrics, parent.params) == ("FINISHED", {"x": 2.0}, {"a": "1"})
    assert (tasks["start"].status, tasks["start"].metrics) == ("FINISHED", {"x": 2.0})
    assert "flowc.exception" not in tasks["start"].tags


def test_attempts_that_begin_at_once_have_one_run(mlflow: MlflowServer, tmp_path: Path) -> None:
    """Whoever is second takes the run of the first, and deletes its own: here the first has not yet put it where others look."""
    life = _Life(mlflow, tmp_path, "twice")
    fence, later = life.fence(0), life.fence(1)
    life.attempt(fence)
    for key in life.store.list(f"{life.address.of.folder}/_mlflow"):
        life.store.delete(key)  # as if its process had been killed just before
    life.attempt(later).finished("")
    parent, tasks = mlflow.family("LifeFlow", "twice")
    assert (parent.status, tasks["start"].status) == ("RUNNING", "FINISHED")
    racing = _Life(mlflow, tmp_path, "racing")
    one, two = racing.fence(0), racing.fence(0)._replace(attempt=1)
    racing.attempt(one)
    kept = dict.fromkeys(racing.store.list(f"{racing.address.of.folder}/_mlflow"), b"")
    kept = {key: bytes(racing.store.get(key).data) for key in kept}
    for key in kept:
        racing.store.delete(key)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FileStore, "create", lambda store, key, _: store.put(key, (kept[key],)))  # the other was faster
        racing.attempt(two)
    parent, tasks = mlflow.family("LifeFlow", "racing")
    assert tasks.keys() == {"start"}
    assert len(mlflow.runs("LifeFlow", "tags.`flowc.run` = 'racing'", "DELETED_ONLY")) == 2


@pytest.mark.parametrize(
    ("retry", "how", "task", "run"),
    [
        (0, {"is_steps": True}, "FAILED", "RUNNING"),
        (1, {"is_steps": True}, "FAILED", "FAILED"),
        (0, {"never_again": True}, "FAILED", "FAILED"),
        (0, {"is_killed": True}, "KILLED", "RUNNING"),
        (1, {"is_killed": True}, "KILLED", "KILLED"),
    ],
)
def test_an_attempt_after_which_no_other_comes_ends_the_run(
    mlflow: MlflowServer, tmp_path: Path, retry: int, how: dict[str, bool], task: str, run: str
) -> None:
    name = f"ends-{retry}-{'-'.join(how)}"
    life = _Life(mlflow, tmp_path, name)
    life.attempt(life.fence(retry)).failed("X: y", **how)
    parent, tasks = mlflow.family("LifeFlow", name)
    assert (tasks["start"].status, parent.status) == (task, run)
    life.attempt(life.fence(0))
    parent, tasks = mlflow.family("LifeFlow", name)
    assert (tasks["start"].status, parent.status) == ("RUNNING", "RUNNING"), "somebody has started it again"


def test_more_numbers_than_a_request_may_have_are_said(mlflow: MlflowServer, tmp_path: Path) -> None:
    life = _Life(mlflow, tmp_path, "many")
    run = life.attempt(life.fence(0))
    own = {f"n{number}": number for number in range(1500)}
    with pytest.MonkeyPatch.context() as patch:
        said: list[str] = []
        patch.setattr(sys.stderr, "write", said.append)
        run.left(own, dict.fromkeys(own, object()), ends=False)
        run.finished("")
    assert "".join(said) == "flowc: it has 1500 numbers, and 1000 of them are told to MLflow: name those\n"
    _, tasks = mlflow.family("LifeFlow", "many")
    assert len(tasks["start"].metrics) == 1000
