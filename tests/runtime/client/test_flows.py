"""What the client shows of runs: all of what happened, nothing of what did not, and never by unpickling unasked."""

from __future__ import annotations

import datetime
import json
import os
import pickle
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from flowc.client import flows as client
from flowc.client.flows import DataArtifact, Flow, Metaflow, Run, Step, Task
from flowc.exceptions import (
    CaughtFailure,
    MetaflowInvalidPathspec,
    MetaflowNotFound,
)
from flowc.store.files import FileStore
from flowc.task.call import Reported, TaskCall
from flowc.task.task import execute

from tests.stages.runs import CHILDRENS_SWITCH, FAILING, SPLIT, SWITCH, branch, fan, looked_at
from tests.stages.task import Stage

pytestmark = pytest.mark.usefixtures("everything_shown")


@pytest.mark.language("client.artifacts")
def test_artifacts_are_read_from_run_to_value(fanned: Stage) -> None:
    fan(fanned)
    run = Flow("F").latest_successful_run
    assert run is not None
    assert (run.data.x, run.data.ys, run["end"].task.data.x) == (30, [0, 10, 20], 30)
    assert [task.data.y for task in run["body"]] == [0, 10, 20]
    assert run["body"].task.data.y == 0
    assert run["start"].task.data.p == run.data.p == 3
    assert run.data.constant == "c"
    assert run["start"].task.data._private == "hidden"
    assert run["end"].task.data._artifacts["x"].data == 30
    assert run["end"].task["x"].data == 30
    assert run["end"].task.artifacts.x.data == 30
    assert DataArtifact("F/r/body/2/y").data == 20


@pytest.mark.language("client.levels")
def test_all_levels_iterate_and_know_their_children(fanned: Stage) -> None:
    fan(fanned)
    assert [flow.id for flow in Metaflow()] == ["F"] == [flow.id for flow in Metaflow().flows]
    assert [run.id for run in Flow("F")] == ["r"] == [run.id for run in Metaflow()["F"]]
    run = Run("F/r")
    assert [step.id for step in run] == ["start", "body", "gather", "end"] == [step.id for step in run.steps()]
    assert (
        [task.id for task in run["body"]] == ["body-0", "body-1", "body-2"] == [task.id for task in run["body"].tasks()]
    )
    assert {artifact.id for artifact in Task("F/r/end/-")} == {"p", "constant", "x", "ys"}
    for parent, there, absent in [
        (Flow("F"), "r", "q"), (run, "body", "bodies"), (run["body"], "2", "3"), (Task("F/r/end/-"), "x", "y"),
        (Task("F/r/end/-").data, "x", "y"), (Task("F/r/end/-").artifacts, "x", "_private"), (Metaflow(), "F", "G"),
    ]:  # fmt: skip
        assert there in parent
        assert absent not in parent
    for parent, absent in [(Flow("F"), "q"), (run, "bodies"), (run["body"], "3"), (Task("F/r/end/-"), "y")]:
        with pytest.raises(KeyError):
            parent[absent]
    with pytest.raises(AttributeError, match="no artifact 'y'; it has"):
        _ = run.data.y


def test_paths_lead_up_and_down(fanned: Stage) -> None:
    fan(fanned)
    artifact = DataArtifact("F/r/body/1/y")
    task, step, run, flow = Task("F/r/body/1"), Step("F/r/body"), Run("F/r"), Flow("F")
    assert (artifact.parent, task.parent, step.parent, run.parent, flow.parent) == (task, step, run, flow, None)
    assert [each.id for each in (artifact, task, step, run, flow)] == ["y", "body-1", "body", "r", "F"]
    assert artifact.pathspec == "F/r/body/body-1/y"
    assert artifact.path_components == ["F", "r", "body", "body-1", "y"]
    assert str(task) == repr(task) == "Task('F/r/body/body-1')"
    assert run["body"]["1"] == task == flow["r"]["body"]["1"]
    assert len({task, Task("F/r/body/1"), run["body"]["2"]}) == 2


def test_a_task_is_found_by_its_id_and_by_its_index_path(fanned: Stage) -> None:
    fan(fanned)
    body = Run("F/r")["body"]
    own, old = Task("F/r/body/body-1"), Task("F/r/body/1")
    assert own == old == body["body-1"] == body["1"]
    assert len({own, old}) == 1
    assert [each.pathspec for each in (own, old, body["1"], own["y"].parent)] == ["F/r/body/body-1"] * 4
    assert DataArtifact("F/r/body/1/y") == DataArtifact("F/r/body/body-1/y") == own["y"]
    assert DataArtifact("F/r/body/1/y").pathspec == "F/r/body/body-1/y"
    assert all(name in body for name in ("1", "body-1"))
    assert not any(name in body for name in ("7", "body-7", "end", "-"))
    assert Task("F/r/end/end") == Task("F/r/end/-") == pickle.loads(pickle.dumps(Task("F/r/end/-")))


def test_the_tasks_of_a_run_that_0_1_0_began_keep_their_index_paths(fanned: Stage) -> None:
    fan(fanned)
    record = fanned.store.get("F/r/_run.json")
    old = {name: value for name, value in json.loads(record.data).items() if name != "has_ids"}
    assert fanned.store.replace("F/r/_run.json", json.dumps(old).encode(), record.etag)
    run = Run("F/r")
    assert [task.id for task in run["body"]] == ["0", "1", "2"]
    assert [Task(f"F/r/end/{name}").pathspec for name in ("-", "end")] == ["F/r/end/-"] * 2
    assert list(Task("F/r/start/start").child_task_pathspecs) == ["F/r/body/0", "F/r/body/1", "F/r/body/2"]


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (Flow, "G"),
        (Run, "F/q"),
        (Run, "G/r"),
        (Step, "F/r/none"),
        (Task, "F/r/body/7"),
        (Task, "F/r/body/-"),
        (DataArtifact, "F/r/end/-/z"),
    ],
)
def test_what_is_not_there_is_not_found(fanned: Stage, kind: Any, path: str) -> None:
    fan(fanned)
    with pytest.raises(MetaflowNotFound, match=path):
        kind(path)


@pytest.mark.parametrize(
    ("kind", "path"),
    [(Run, "F"), (Run, "F/"), (Step, "F/r"), (Task, "F/r/s"), (DataArtifact, "F/r/s/-"), (Flow, ""), (Run, "/r")],
)
def test_a_path_of_the_wrong_length_is_refused(fanned: Stage, kind: Any, path: str) -> None:
    with pytest.raises(MetaflowInvalidPathspec):
        kind(path)


@pytest.mark.parametrize(
    "name", ["argo-ns-wf-x", "airflow-dag-manual__2024-01-01T00:00:00+00:00", "a/b", "~ü %41", "n" * 400]
)
def test_any_engines_name_of_a_run_works(fanned: Stage, name: str) -> None:
    fan(fanned, 1, run=name)
    run = Flow("F").latest_run
    assert run is not None
    assert (run.id, run.pathspec) == (name, f"F/{name}")
    assert Run(f"F/{name}")["body"]["0"].data.y == DataArtifact(f"F/{name}/body/0/y").data == 0
    assert Flow("F").latest_successful_run == run


@pytest.mark.language("client.state")
def test_times_are_local_and_in_order(fanned: Stage) -> None:
    before = datetime.datetime.now()
    fan(fanned)
    run = Run("F/r")
    moments = [
        before,
        run.created_at,
        run["start"].task.finished_at,
        run["end"].task.created_at,
        run.finished_at,
        datetime.datetime.now(),
    ]
    assert moments == sorted(moments, key=lambda moment: moment or before)
    assert Flow("F").created_at == run.created_at
    assert run["body"].finished_at == max(task.finished_at for task in run["body"])
    assert run["end"].task["x"].finished_at == run.finished_at


@pytest.mark.language("client.latest")
def test_the_latest_run_is_the_latest_created(fanned: Stage) -> None:
    fan(fanned, run="first")
    fan(fanned, run="second", upto="body")
    fan(fanned, run="third", upto="start")
    assert [run.id for run in Flow("F").runs()] == ["third", "second", "first"]
    assert Flow("F").latest_run == Run("F/third")
    assert Flow("F").latest_successful_run == Run("F/first")
    fanned.done("gather", "gather:start/body", run="second")
    fanned.done("end", "gather", run="second")
    assert Flow("F").latest_successful_run == Run("F/second")


def test_a_run_whose_start_took_another_way_is_no_success_until_it_ends_again(fanned: Stage) -> None:
    fan(fanned, run="first")
    fan(fanned, run="second", owner="me")
    assert Flow("F").latest_successful_run == Run("F/second")
    fan(fanned, width=4, run="second", upto="start", owner="me")
    assert fanned.left("start", run="second").attempt == 2
    assert Flow("F").latest_successful_run == Run("F/first"), "the marker of its earlier life is still there"
    fan(fanned, width=4, run="second", owner="me")
    assert Flow("F").latest_successful_run == Run("F/second")


def test_a_deleted_run_is_passed_over(fanned: Stage) -> None:
    fan(fanned, run="old")
    fan(fanned, run="new")
    shutil.rmtree(Path(_root(fanned)) / "F" / "new")
    assert [run.id for run in Flow("F")] == ["old"]
    assert Flow("F").latest_run == Flow("F").latest_successful_run == Run("F/old")
    fan(fanned, run="new", upto="start")
    assert [run.id for run in Flow("F")] == ["new", "old"], "a run that was created again is there once"
    assert Flow("F").latest_successful_run == Run("F/old"), "its earlier life does not count"
    shutil.rmtree(Path(_root(fanned)) / "F" / "old")
    shutil.rmtree(Path(_root(fanned)) / "F" / "new")
    with pytest.raises(MetaflowNotFound):
        Flow("F")


def _root(stage: Stage) -> str:
    assert isinstance(stage.store, FileStore)
    return stage.store.root


@pytest.mark.language("client.state", "failure.latest")
def test_a_run_is_finished_when_its_last_step_is(fanned: Stage) -> None:
    fan(fanned, upto="gather")
    run = Run("F/r")
    assert (run.finished, run.successful, run.end_task, run.data, run.finished_at) == (False, False, None, None, None)
    assert "end" not in run, "a step that has not begun is not shown"
    fanned.done("end", "gather")
    assert (run.finished, run.successful) == (True, True)
    assert run.end_task == Task("F/r/end/-")


def test_after_a_clear_the_new_width_counts(fanned: Stage) -> None:
    fan(fanned, 3)
    # The start is done again and fans out to fewer; what the third child left is still in the store.
    fanned.done("start", retry=1, parameters={"p": 2}, owner=_owner())
    run = Run("F/r")
    assert [task.id for task in run["body"]] == ["body-0", "body-1"]
    assert "2" not in run["body"]
    with pytest.raises(MetaflowNotFound):
        Task("F/r/body/2")


def test_after_a_clear_the_new_decision_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = looked_at(tmp_path, SWITCH, monkeypatch)
    for step, load in [("start", ""), ("left", "start"), ("meet", "start=0:left,start=1:right")]:
        stage.done(step, load, **({"parameters": {"way": "left"}} if not load else {}))
    run = Run("F/r")
    assert [step.id for step in run] == ["start", "left", "meet"]
    assert run.data.came == "left"
    stage.done("start", retry=1, parameters={"way": "right"}, owner=_owner())
    assert [step.id for step in run] == ["start"], (
        "the right arm has not begun; what the left one left is not of this run any more"
    )
    assert not run.successful
    assert run.data is None
    assert "left" not in run
    with pytest.raises(MetaflowNotFound):
        Task("F/r/left/-")
    stage.done("right", "start")
    stage.done("meet", "start=0:left,start=1:right", retry=1)
    assert [step.id for step in run] == ["start", "right", "meet"]
    assert run.successful
    assert run.data.came == "right"


def test_a_step_that_only_a_later_child_took_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = looked_at(tmp_path, CHILDRENS_SWITCH, monkeypatch)
    stage.done("start")
    for place in range(3):
        stage.done("body", "foreach:start", str(place))
        stage.done("odd" if place == 1 else "even", "body", str(place))
    stage.done("end", "gather:start/body=0:even,body=1:odd")
    run = Run("F/r")
    assert run["odd"].task == Task("F/r/odd/1") == run["odd"]["1"]
    assert [task.id for task in run["even"]] == ["even-0", "even-2"]
    assert "0" not in run["odd"]
    assert run.successful


def _owner() -> str:
    from flowc.artifacts.manifest import read_run

    run = Run("F/r")
    return read_run(run._store, run._run).owner


def test_a_failed_second_attempt_is_not_hidden_by_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = looked_at(tmp_path, FAILING, monkeypatch)
    for step, load in [("start", ""), ("middle", "start"), ("end", "middle")]:
        stage.done(step, load)
    assert Run("F/r").successful
    monkeypatch.setenv("FAIL", "1")
    assert stage.do("start", retry=1).exit_code == 1
    task = Task("F/r/start/-")
    assert (task.successful, task.finished, task.retry_count, task.current_attempt) == (False, True, 1, 1)
    assert not Run("F/r").successful
    assert Flow("F").latest_successful_run is None
    assert task.data.kept == 1, "what the first attempt left is still what the next step would load"


@pytest.mark.language("client.logs")
def test_failures_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = looked_at(tmp_path, FAILING, monkeypatch)
    monkeypatch.setenv("FAIL", "1")
    assert _aloud(stage, 0).exit_code == 1
    run = Run("F/r")
    task = run["start"].task
    assert task is not None
    assert (task.successful, task.finished, run.successful, run.finished) == (False, True, False, False)
    assert isinstance(task.exception, CaughtFailure)
    assert (task.exception.type, str(task.exception)[:12]) == ("builtins.ValueError", "ValueError: ")
    assert task.exception.exception == "no luck"
    assert 'raise ValueError("no luck")' in task.exception.stacktrace
    assert task.stdout == "out\n"
    assert list(task.loglines("stdout")) == [(task.created_at, "out")]
    assert "no luck" in task.stderr
    assert list(task) == []
    assert task.finished_at is not None
    assert [(attempt.number, attempt.failure is None) for attempt in task.attempts] == [(1, False)]
    monkeypatch.delenv("FAIL")
    assert _aloud(stage, 1).exit_code == 0
    again = Task("F/r/start/-")
    assert (again.successful, again.exception, again.stdout, again.retry_count) == (True, None, "out\n", 1)
    assert [(attempt.number, attempt.failure is None) for attempt in again.attempts] == [(1, False), (2, True)]
    first, second = Task("F/r/start/-", attempt=0), Task("F/r/start/-", attempt=1)
    assert (first.successful, second.successful, first.exception is None, second.exception is None) == (
        False,
        True,
        False,
        True,
    )
    assert ("kept" in first, second.data.kept) == (False, 1)
    assert (first.metadata_dict["attempt"], first.metadata_dict["attempt_ok"]) == ("0", "False")
    assert (again.metadata_dict["attempt"], again.metadata_dict["attempt_ok"]) == ("1", "True")
    assert DataArtifact("F/r/start/-/kept", attempt=1).data == 1
    for kind, path, attempt in ((Task, "F/r/start/-", 2), (DataArtifact, "F/r/start/-/kept", 0)):
        with pytest.raises(MetaflowNotFound):
            kind(path, attempt=attempt)
    with pytest.raises(MetaflowInvalidPathspec, match="only tasks and artifacts"):
        Run("F/r", attempt=0)


def _aloud(stage: Stage, retry: int) -> Reported:
    """Do the first step with its output kept."""
    return execute(stage.loaded, TaskCall("start", "r", retry=retry, owner="me"), stage.store)


def test_a_caught_failure_is_a_success_that_tells_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = looked_at(tmp_path, FAILING, monkeypatch)
    monkeypatch.setenv("FAIL_MIDDLE", "1")
    for step, load in [("start", ""), ("middle", "start"), ("end", "middle")]:
        stage.done(step, load)
    task = Task("F/r/middle/-")
    assert task.successful
    assert Run("F/r").successful
    assert task.exception is not None
    assert task.exception.type == "builtins.KeyError"
    assert task.data.failure.type == "builtins.KeyError"


def test_a_task_knows_its_place(fanned: Stage) -> None:
    fan(fanned)
    body, end = Task("F/r/body/1"), Task("F/r/end/-")
    assert (body.index_path, body.index, body.iteration, body.foreach_stack) == ("1", 1, None, [(1, 3, "1")])
    assert (end.index_path, end.index, end.foreach_stack) == ("-", None, [])


def test_parents_and_children_follow_the_graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    branch(looked_at(tmp_path, SPLIT, monkeypatch))
    run = Run("F/r")
    assert [step.id for step in run] == ["start", "left", "right", "more", "join", "end"]
    assert {task.parent.id for task in Task("F/r/join/-").parent_tasks} == {"more", "right"}
    assert [task.parent.id for task in Task("F/r/start/-").child_tasks] == ["left", "right"]
    assert list(Task("F/r/start/-").parent_task_pathspecs) == []
    assert {step.id for step in run["join"].parent_steps} == {"more", "right"}
    assert [step.id for step in run["start"].child_steps] == ["left", "right"]
    assert list(Task("F/r/more/-").child_task_pathspecs) == ["F/r/join/join"]


def test_a_foreachs_parents_and_children_follow_the_widths(fanned: Stage) -> None:
    fan(fanned)
    assert list(Task("F/r/start/-").child_task_pathspecs) == [f"F/r/body/body-{place}" for place in range(3)]
    assert list(Task("F/r/gather/-").parent_task_pathspecs) == [f"F/r/body/body-{place}" for place in range(3)]


@pytest.mark.parametrize(
    "copy", [lambda value: pickle.loads(pickle.dumps(value)), lambda value: pickle.loads(pickle.dumps(value, 2))]
)
@pytest.mark.language("client.pickles")
def test_objects_pickle_to_equal_ones_that_still_read(
    fanned: Stage, monkeypatch: pytest.MonkeyPatch, copy: Any
) -> None:
    fan(fanned)
    for made in (Flow("F"), Run("F/r"), Step("F/r/body"), Task("F/r/body/1"), DataArtifact("F/r/body/1/y")):
        again = copy(made)
        assert again == made
        assert type(again) is type(made)
    run = copy(Run("F/r"))
    monkeypatch.setenv("FLOWC_STORE", "file:/nonexistent")
    assert run["body"]["1"].data.y == 10, "it knows its own store"
    with pytest.raises(MetaflowNotFound):
        Run("F/r")


def test_a_pickle_names_only_what_will_stay(fanned: Stage) -> None:
    fan(fanned)
    data = pickle.dumps(Run("F/r"), 0)
    assert b"flowc.client\nrestore" in data
    assert b"client_" not in data


def test_listing_unpickles_nothing(fanned: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    fan(fanned)

    def explode(*_: object, **__: object) -> None:
        raise AssertionError("something was unpickled")

    monkeypatch.setattr("pickle.loads", explode)
    monkeypatch.setattr("flowc.artifacts.pickling.loads", explode)
    run = Flow("F").latest_successful_run
    assert run is not None
    names = {
        (task.pathspec, artifact.id, artifact.kind, artifact.size > 0)
        for step in run
        for task in step
        for artifact in task
    }
    assert ("F/r/end/end", "x", "int", True) in names
    assert all(len(artifact.sha) == 64 for artifact in Task("F/r/end/-"))
    assert Task("F/r/end/-").attempts
    assert "x" in dir(run.data)


def test_importing_the_client_is_no_reason_to_load_much() -> None:
    import subprocess

    code = "import sys, flowc.client, flowc.datatools; print(*sorted(sys.modules))"
    folder = Path(client.__file__).parent.parent
    loaded = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
    )
    heavy = {
        "boto3",
        "numpy",
        "concurrent.futures",
        "xml.etree.ElementTree",
        "ssl",
        "asyncio",
        "subprocess",
        "multiprocessing",
    }
    assert heavy & set(loaded.stdout.split()) <= {"ssl"}, "http.client brings ssl"
