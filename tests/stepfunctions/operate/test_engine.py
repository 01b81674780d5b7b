"""A flow's life on Step Functions, from `deploy` to `delete`, on the server that stands in for AWS, with jobs as processes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from compiler.backends.operating import Engine, NotThereError, RefusedError, Start
from tests.conformance.results import against_local, read_result
from tests.engines import FlowCase, Outcome
from tests.engines.local import run_local
from tests.engines.stepfunctions_case import copy_store
from tests.engines.stepfunctions_operated import Place, by_place, log_of, over, place, started, unique
from tests.stages.operated import until
from tests.stepfunctions.operate.flows import HOOKED, LIFE, SLOW

HOSTILE = "\"quotes\" 'too' {{ x }} {{=1+1}} ${Y} $(NAME) $$ \\ \n new line \u00fc \u4e2d \U0001f600 <b> `id` \t"


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A queue and a bucket for this file."""
    with place(tmp_path_factory.mktemp("operated")) as found:
        yield found


def written(there: Place, text: str, name: str) -> Path:
    """The flow as a file."""
    folder = there.folder / name
    folder.mkdir(exist_ok=True)
    (folder / "the_flow.py").write_text(text)
    return folder / "the_flow.py"


def silent(_: str) -> None:
    """Hears nothing."""


def deployed(there: Place, text: str, name: str, **settings: Any) -> Engine:
    """The engine, with the flow deployed under the name."""
    engine = there.connect()
    engine.deploy(there.release(written(there, text, name), name, **settings), silent)
    return engine


def test_a_run_that_fails_is_seen_repaired_and_as_a_local_one(there: Place) -> None:
    """Deploy, trigger with hostile parameters, the cause, a redrive that keeps what has succeeded, artifacts; nothing is left behind."""
    engine, text = deployed(there, LIFE, "life"), HOSTILE + "x" * 60_000
    marker = there.folder / "marker"
    first = engine.trigger("life", Start(unique(), {"text": text, "marker": str(marker)}, ("nightly", "team:a b")))
    assert first.run == f"sfn-life-{first.own}"
    assert first.tags == ("nightly", "team:a b")
    failed = over(engine, first.run)
    assert failed.phase == "failed"
    assert failed.reason == "States.ExceedToleratedFailureThreshold"
    assert failed.message == "work/1: exit code 1"
    tasks = by_place(failed)
    assert {key for key, task in tasks.items() if task.phase == "failed"} == {("work", "1")}
    assert tasks["work", "1"].reason == "exit code 1"
    assert "traceback" in tasks["work", "1"].cure
    assert "no marker yet" in log_of(engine, first.run, tasks["work", "1"])
    started_with = log_of(engine, first.run, tasks["start", "-"])
    assert f"text {text!r}" in started_with
    assert any("nightly" in line and "team:a b" in line for line in started_with)
    count = len(list((there.folder / "jobs").glob("life-work*.json")))

    marker.write_text("here")
    again = engine.retry(first.run, None)
    assert again.run == first.run
    done = over(engine, first.run)
    assert done.phase == "succeeded", done
    tasks = by_place(done)
    assert {key: task.phase for key, task in tasks.items()} == dict.fromkeys(
        [("start", "-"), ("work", "0"), ("work", "1"), ("work", "2"), ("join", "-"), ("end", "-")], "succeeded"
    )
    assert tasks["work", "1"].attempt == 1
    assert tasks["work", "0"].attempt == 0
    assert len(list((there.folder / "jobs").glob("life-work*.json"))) == count + 1, "what had succeeded was done again"
    assert "total 6" in log_of(engine, first.run, tasks["end", "-"])
    same_as_local(there, written(there, LIFE, "life"), "LifeFlow", first.run, {"text": text, "marker": str(marker)})

    assert [run.run for run in engine.runs("life", 5)] == [first.run]
    engine.delete("life")
    with pytest.raises(NotThereError, match="no deployment `life`"):
        engine.deployment("life")
    assert nothing_is_left(there, "life")


def same_as_local(there: Place, path: Path, flow: str, run: str, parameters: dict[str, object]) -> None:
    """All artifacts are those of a local run; attempts may be more."""
    folder = there.folder / "local"
    folder.mkdir(exist_ok=True)
    local = run_local(FlowCase(path, flow, parameters), folder)
    copied = copy_store(there.engine, there.bucket, "flowc", there.folder / "copied")
    results = [read_result(each, path.parent) for each in (local, Outcome(flow, run, copied, success=True, log=""))]
    differences = [each for each in against_local(*results) if "attempts" not in each]
    assert differences == []


def nothing_is_left(there: Place, name: str) -> bool:
    """No object of the deployment is in AWS."""
    client = there.engine.client
    machines = [each["name"] for each in client("stepfunctions").list_state_machines()["stateMachines"]]
    definitions = client("batch").describe_job_definitions(status="ACTIVE")["jobDefinitions"]
    schedules = [each["Name"] for each in client("scheduler").list_schedules()["Schedules"]]
    rules = [each["Name"] for each in client("events").list_rules()["Rules"]]
    return name not in machines + schedules + rules and not any(
        each["jobDefinitionName"].startswith(name) for each in definitions
    )


def test_a_run_is_ended_with_its_jobs(there: Place) -> None:
    """Those of a Map Run's children too, which their executions leave running; a second call does nothing."""
    engine = deployed(there, SLOW, "slow")
    run = started(engine, "slow").run
    until(engine, run, lambda found: [each.phase for each in found.tasks if each.step == "wait"] == ["running"] * 2)
    engine.terminate(run)
    ended = over(engine, run)
    assert ended.phase == "terminated"
    assert {task.phase for task in ended.tasks if task.step == "wait"} == {"terminated"}
    batch = there.engine.client("batch")
    jobs = batch.describe_jobs(jobs=[task.node for task in ended.tasks])["jobs"]
    assert {job["status"] for job in jobs if job["jobName"] == "slow-wait"} == {"FAILED"}
    engine.terminate(run)
    assert over(engine, run).phase == "terminated"


def test_a_deployment_can_be_stopped_and_let_go_again(there: Place) -> None:
    """Its schedule stays, disabled, and so it stays through a new deployment; by hand it is still started."""
    engine = deployed(there, LIFE, "stopped")
    engine.suspend("stopped")
    assert engine.deployment("stopped").is_suspended
    assert engine.deployment("stopped").schedule == "cron(0 6 * * ? *) Europe/Berlin"
    state = lambda: there.engine.client("scheduler").get_schedule(Name="stopped")["State"]  # noqa: E731
    assert state() == "DISABLED"
    release = there.release(written(there, LIFE.replace('"0 6 *', '"0 7 *'), "stopped"), "stopped")
    assert not any(change.by_hand for change in engine.changes(release))
    engine.deploy(release, silent)
    assert (state(), engine.deployment("stopped").schedule[:8]) == ("DISABLED", "cron(0 7")
    engine.resume("stopped")
    assert (state(), engine.deployment("stopped").is_suspended) == ("ENABLED", False)
    assert {change.state for change in engine.changes(release)} == {"unchanged"}
    engine.delete("stopped")


def test_what_step_functions_cannot_do_again_is_refused(there: Place) -> None:
    """With what stands in the way, and what to do instead."""
    engine = deployed(there, HOOKED, "hooked")
    run = over(engine, started(engine, "hooked").run).run
    with pytest.raises(RefusedError, match="exit hook for failures, which has caught this one"):
        engine.retry(run, None)
    with pytest.raises(RefusedError, match=r"never from a step that is named: leave `--from` out$"):
        engine.retry(run, "end")
    with pytest.raises(NotThereError, match="no run `sfn-hooked-nothing`"):
        engine.retry("sfn-hooked-nothing", None)
    engine.delete("hooked")


def test_a_run_that_has_not_failed_is_not_done_again(there: Place) -> None:
    """Neither while it runs nor after a success."""
    engine = deployed(there, LIFE, "good")
    run = started(engine, "good").run
    with pytest.raises(RefusedError, match="has not ended"):
        engine.retry(run, None)
    over(engine, run)
    with pytest.raises(RefusedError, match="has succeeded: there is nothing to retry"):
        engine.retry(run, None)
    engine.delete("good")


def test_parameters_that_no_execution_takes_go_through_the_store(there: Place) -> None:
    """Where the caller may write to it; else they are refused, with the limit."""
    engine, text = deployed(there, LIFE, "large"), HOSTILE * 6_000
    assert len(json.dumps(text)) > 262_144
    run = over(engine, started(engine, "large", text=text).run)
    assert run.phase == "succeeded", run
    copied = copy_store(there.engine, there.bucket, "flowc", there.folder / "large-copy")
    result = read_result(Outcome("LifeFlow", run.run, copied, success=True, log=""), there.folder / "large")
    assert (result.tasks["join", "-"].artifacts or {})["size"] == str(len(text))
    for store in (None, "file:/tmp/x", "s3://no-such-bucket-of-anybody/flowc"):
        with pytest.raises(RefusedError, match="an execution takes 262144"):
            there.connect(store=store).trigger("large", Start(unique(), {"text": text}))
    engine.delete("large")


def test_the_same_start_is_one_run(there: Place) -> None:
    """Whoever has lost the answer asks again, also after the run's end."""
    engine = deployed(there, LIFE, "once")
    start = Start(unique(), {"text": "one"})
    runs = {engine.trigger("once", start).run, engine.trigger("once", start).run}
    over(engine, next(iter(runs)))
    runs.add(engine.trigger("once", start).run)
    assert len(runs) == 1 == len(engine.runs("once", 10))
    engine.delete("once")


def test_what_is_not_there_is_told(there: Place) -> None:
    """By all that ask for a name or a run."""
    engine = there.connect()
    for ask in (
        lambda: engine.deployment("nobody"),
        lambda: engine.suspend("nobody"),
        lambda: engine.resume("nobody"),
        lambda: engine.delete("nobody"),
        lambda: engine.trigger("nobody", Start(unique())),
        lambda: engine.run("sfn-nobody-1"),
        lambda: engine.run("sfn-1"),
        lambda: engine.run("argo-a-b"),
        lambda: engine.terminate("sfn-nobody-1"),
        lambda: engine.page("sfn-nobody-1"),
    ):
        with pytest.raises(NotThereError) as told:
            ask()
        assert told.value.code == 4
        assert "\n" not in str(told.value)
    assert list(engine.runs("nobody", 3)) == []
