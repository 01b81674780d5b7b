"""A flow operated on the real Airflow 3: deployed, started, watched, done again, ended and removed."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from compiler.backends.operating import Engine, EngineError, NotThereError, RefusedError, Release
from tests.airflow.operate.operated import HOSTILE, Stage, holds, is_over, lines
from tests.conformance.results import read_result
from tests.engines import FlowCase, Outcome
from tests.engines.airflow_scheduler import Scheduler
from tests.engines.faults import Cut, Drop, faulty
from tests.engines.local import run_local

pytestmark = [pytest.mark.xdist_group("scheduler"), pytest.mark.sampled("alone")]
WORD = HOSTILE + "x" * 60_000


def staged(folder: Path, scheduler: Scheduler, name: str) -> Stage:
    return Stage(folder, scheduler, name, {"AIRFLOW_API_TOKEN": scheduler.token})


def artifacts(stage: Stage, outcome: Outcome) -> dict[tuple[str, str], object]:
    """What each task of a run has left."""
    return {place: task.artifacts for place, task in read_result(outcome, stage.case.path.parent).tasks.items()}


def local(stage: Stage, folder: Path) -> Outcome:
    """The same run here."""
    folder.mkdir()
    case = FlowCase(
        stage.case.path, "OperatedFlow", {"word": WORD, "count": 2}, stage.case.environment, stage.case.root
    )
    return run_local(case, folder, as_json=True)


def test_a_flow_goes_from_its_file_to_a_green_run_by_way_of_every_verb(scheduler: Scheduler, tmp_path: Path) -> None:
    stage = staged(tmp_path, scheduler, "Operated-3")
    engine = stage.engine()
    _is_deployed(stage, engine, scheduler)
    run = _fails(stage, engine)
    _is_ended_in_the_middle(stage, engine, run)

    stage.plan()
    engine.retry(run, "join")
    done = stage.until(engine, run, is_over)
    assert done.phase == "succeeded", scheduler.log
    assert {(task.step, task.index) for task in done.tasks} == stage.stored(run)
    assert artifacts(stage, stage.outcome(done)) == artifacts(stage, local(stage, tmp_path / "local"))
    with pytest.raises(RefusedError, match="has succeeded: `--from STEP`"):
        engine.retry(run, None)
    with pytest.raises(RefusedError, match="has no step `nobody`"):
        engine.retry(run, "nobody")

    _is_suspended_and_resumed(stage, engine, run)
    _is_removed(stage, engine, run)


def _is_deployed(stage: Stage, engine: Engine, scheduler: Scheduler) -> None:
    assert [change.state for change in engine.changes(stage.release())] == ["new"]
    deployed = engine.deploy(stage.release(), print)
    assert (deployed.is_suspended, deployed.problem, deployed.record) == (False, "", stage.release().record)
    assert (scheduler.dags / "Operated-3.py").read_bytes() == stage.text.encode(), "what `create` writes"
    assert [change.state for change in engine.changes(stage.release())] == ["unchanged"]
    assert engine.deploy(stage.release(revision="later"), print) == deployed, "the unchanged changes nothing"


def _fails(stage: Stage, engine: Engine) -> str:
    """A run with hostile parameters that fails in one cell; its id."""
    stage.plan("fail")
    run = stage.start(engine, "one", word=WORD, count="2").run
    assert stage.start(engine, "one", word=WORD, count="2").run == run, "a second call of one name starts nothing"
    failed = stage.until(engine, run, is_over)
    assert (failed.phase, failed.tags) == ("failed", ("nightly", "team:a"))
    told = {(task.step, task.index): task.phase for task in failed.tasks}
    assert told == {
        ("start", "-"): "succeeded",
        ("row", "0"): "succeeded",
        ("row", "1"): "succeeded",
        ("cell", "0.0"): "succeeded",
        ("cell", "1.0"): "succeeded",
        ("cell", "1.1"): "failed",
    }
    assert set(told) == stage.stored(run)
    assert (failed.reason, failed.message.split(":")[0]) == ("failed", "foreach-row.cell[2]")
    assert any(line.endswith("this is cell b") for line in lines(engine, failed, "cell", "1.1"))
    assert any(line.endswith(WORD.encode().hex()) for line in lines(engine, failed, "start"))
    return run


def _is_ended_in_the_middle(stage: Stage, engine: Engine, run: str) -> None:
    stage.plan("hold")
    assert engine.retry(run, None).run == run
    with pytest.raises(RefusedError, match="still goes on"):
        engine.retry(run, None)
    held = stage.until(engine, run, holds)
    attempts = {(task.step, task.index): task.attempt for task in held.tasks}
    assert (attempts["cell", "1.0"], attempts["cell", "1.1"]) == (0, 1), "what had succeeded is kept"
    with pytest.raises(RefusedError, match="still goes on, and would end in the middle"):
        engine.delete("Operated-3")
    engine.terminate(run)
    engine.terminate(run)
    ended = engine.run(run)
    assert ended.phase == "terminated"
    assert [task.step for task in ended.tasks if task.phase != "succeeded"] == ["end"]
    _until_gone(f"PLAN={stage.case.environment['PLAN']}")


def _is_suspended_and_resumed(stage: Stage, engine: Engine, run: str) -> None:
    engine.suspend("Operated-3")
    assert engine.deployment("Operated-3").is_suspended
    with pytest.raises(RefusedError, match="flowc airflow resume Operated-3"):
        stage.start(engine, "two")
    engine.deploy(stage.release(stage.text.replace("# What Airflow", "# Which Airflow")), print)
    assert engine.deployment("Operated-3").is_suspended, "a deployment that was suspended stays so"
    engine.resume("Operated-3")
    later = stage.start(engine, "two").run
    assert [each.run for each in engine.runs("Operated-3", 10)] == [later, run]
    stage.until(engine, later, is_over)


def _is_removed(stage: Stage, engine: Engine, run: str) -> None:
    engine.delete("Operated-3")
    assert stage.left() == []
    asked = (lambda: engine.deployment("Operated-3"), lambda: engine.run(run), lambda: engine.delete("Operated-3"))
    for ask in asked:
        with pytest.raises(NotThereError):
            ask()
    assert engine.runs("Operated-3", 10) == []
    assert "Operated-3" not in [each.name for each in engine.deployments()]


def _until_gone(mark: str) -> None:
    """Wait until no process of a task is there that has the variable."""
    limit = time.monotonic() + 120
    while found := [pid for pid in os.listdir("/proc") if pid.isdigit() and _is_task(pid, mark)]:
        assert time.monotonic() < limit, found
        time.sleep(0.5)


def _is_task(pid: str, mark: str) -> bool:
    try:
        return mark.encode() in Path("/proc", pid, "environ").read_bytes()
    except OSError:
        return False


def test_what_airflow_cannot_load_is_said_and_put_right(scheduler: Scheduler, tmp_path: Path) -> None:
    stage = staged(tmp_path, scheduler, "Broken-3")
    engine = stage.engine()
    broken = stage.text.replace("import pendulum", "import pendulum\nimport nothing_of_that_name")
    try:
        for _ in range(2):
            with pytest.raises(EngineError, match="No module named 'nothing_of_that_name'"):
                engine.deploy(stage.release(broken), print)
        assert "nothing_of_that_name" in engine.deployment("Broken-3").problem
        assert "Broken-3" in [each.name for each in engine.deployments()]
        with pytest.raises(RefusedError, match="nothing_of_that_name"):
            stage.start(engine, "one")
        deployed = engine.deploy(stage.release(), print)
        assert (deployed.problem, deployed.is_suspended) == ("", False)

        file = scheduler.dags / "Broken-3.py"
        file.write_text(stage.text.replace("catchup=False", "catchup=True"))
        assert [(change.state, change.by_hand) for change in engine.changes(stage.release())] == [("changed", True)]
        engine.deploy(stage.release(), print)
        assert file.read_text() == stage.text

        other = stage.release(stage.text.replace("catchup=False", "catchup=True"), revision="other")
        calls = [threading.Thread(target=_deploy, args=(stage, release)) for release in (stage.release(), other)]
        for call in calls:
            call.start()
        for call in calls:
            call.join()
        found = engine.deployment("Broken-3").record
        assert found is not None
        assert (file.read_text() == stage.text) == (found.revision == "abc"), "one of both, whole"
    finally:
        engine.delete("Broken-3")
    assert stage.left() == []


def _deploy(stage: Stage, release: Release) -> None:
    """The one that comes too late is told so."""
    with suppress(RefusedError):
        stage.engine().deploy(release, print)


def test_what_others_made_is_left_alone(scheduler: Scheduler, tmp_path: Path) -> None:
    stage = staged(tmp_path, scheduler, "Theirs-3")
    engine = stage.engine()
    file = scheduler.dags / "Theirs-3.py"
    text = "from airflow.sdk import DAG\n\nwith DAG('Theirs-3', schedule=None):\n    pass\n"
    file.write_text(text)
    try:
        assert [change.state for change in engine.changes(stage.release())] == ["foreign"]
        with pytest.raises(RefusedError, match="flowc has not made"):
            engine.deploy(stage.release(), print)
        for ask in (engine.delete, engine.suspend, engine.resume, engine.deployment):
            with pytest.raises(NotThereError):
                ask("Theirs-3")
        assert file.read_text() == text
    finally:
        file.unlink()


def test_an_image_that_nobody_has_and_lost_answers(scheduler: Scheduler, tmp_path: Path) -> None:
    """The run whose trigger's answer was lost is one run, its cause is the engine's word, and a log that is cut is read again."""
    stage = staged(tmp_path, scheduler, "Imageless-3")
    text = stage.text.replace("Imageless-3:test", "missing.invalid/flow:1")
    with faulty(scheduler.url) as proxy:
        engine = stage.engine(proxy.url)
        engine.deploy(stage.release(text), print)
        try:
            proxy.when("POST /api/v2/dags/Imageless-3/dagRuns", Drop(is_asked=True), times=1)
            run = stage.start(engine, "lost")
            assert [each.own for each in engine.runs("Imageless-3", 10)] == ["flowc__lost"]
            proxy.when("/logs/", Cut(9), times=1)
            failed = stage.until(engine, run.run, is_over)
            (task,) = failed.tasks
            assert (task.step, task.phase, task.reason) == ("start", "failed", "ErrImagePull")
            assert "push it to the registry" in task.cure
            assert (failed.reason, failed.cure) == (task.reason, task.cure)
        finally:
            proxy.clear()
            engine.delete("Imageless-3")


def test_a_user_and_a_password_get_a_token_and_doctor_finds_all_well(scheduler: Scheduler, tmp_path: Path) -> None:
    stage = Stage(tmp_path, scheduler, "Asked-3", {"AIRFLOW_API_USERNAME": "me", "AIRFLOW_API_PASSWORD": "canary"})
    found = list(stage.engine().diagnose())
    assert [(each.subject, each.is_well) for each in found] == [
        ("server", True),
        ("parts", True),
        ("clock", True),
        ("right to read", True),
        *((f"right to {verb}", True) for verb in ("trigger", "suspend", "delete", "terminate", "retry")),
        ("dags", True),
    ], found
    assert "canary" not in repr(found)
