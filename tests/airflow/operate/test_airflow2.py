"""A flow operated on a real Airflow 2.11: the same verbs by its other API, as a user with the role User."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from compiler.backends.operating import EngineError, NotThereError, RefusedError
from tests.airflow.operate.operated import HOSTILE, Stage, holds, is_over, lines
from tests.engines.airflow2_server import USER, Airflow2
from tests.engines.faults import Drop, faulty

VIEWER = "viewer"

pytestmark = [pytest.mark.xdist_group("airflow 2 server"), pytest.mark.sampled("alone")]


@pytest.fixture(scope="module")
def server() -> Iterator[Airflow2]:
    with Airflow2() as running:
        running.add_user(VIEWER, "Viewer")
        yield running


def staged(folder: Path, server: Airflow2, name: str) -> Stage:
    return Stage(folder, server, name, variables(server, USER))


def variables(server: Airflow2, user: str) -> dict[str, str]:
    return {"AIRFLOW_API_USERNAME": user, "AIRFLOW_API_PASSWORD": server.password}


def test_a_flow_goes_from_its_file_to_a_green_run(server: Airflow2, tmp_path: Path) -> None:
    stage = staged(tmp_path, server, "Operated-2")
    engine = stage.engine()
    deployed = engine.deploy(stage.release(), print)
    assert (deployed.is_suspended, deployed.parameters) == (False, ("count", "word")), "a new one is resumed"
    assert [change.state for change in engine.changes(stage.release())] == ["unchanged"]

    stage.plan("fail")
    run = stage.start(engine, "one", word=HOSTILE, count="2").run
    failed = stage.until(engine, run, is_over)
    assert (failed.phase, failed.tags) == ("failed", ("nightly", "team:a"))
    assert {(task.step, task.index) for task in failed.tasks} == stage.stored(run)
    assert [(task.step, task.index, task.node) for task in failed.tasks if task.phase == "failed"] == [
        ("cell", "1.1", "foreach-row.cell[2]")
    ]
    assert any(line.endswith(HOSTILE.encode().hex()) for line in lines(engine, failed, "start"))
    assert any(line.endswith("this is cell b") for line in lines(engine, failed, "cell", "1.1"))

    stage.plan("hold")
    engine.retry(run, None)
    held = stage.until(engine, run, holds)
    assert {task.attempt for task in held.tasks if task.index == "1.0"} == {0}, "what had succeeded is kept"
    engine.terminate(run)
    assert engine.run(run).phase == "terminated"
    stage.plan()
    engine.retry(run, "end")
    done = stage.until(engine, run, is_over)
    assert done.phase == "succeeded", server.log
    assert {(task.step, task.index) for task in done.tasks} == stage.stored(run)

    engine.suspend("Operated-2")
    with pytest.raises(RefusedError, match="flowc airflow resume"):
        stage.start(engine, "two")
    engine.resume("Operated-2")
    assert [each.run for each in engine.runs("Operated-2", 5)] == [run]
    engine.delete("Operated-2")
    assert stage.left() == []
    with pytest.raises(NotThereError):
        engine.run(run)


def test_what_airflow_cannot_load_is_said_and_what_others_made_is_left(server: Airflow2, tmp_path: Path) -> None:
    stage = staged(tmp_path, server, "Broken-2")
    engine = stage.engine()
    broken = stage.text.replace("import pendulum", "import pendulum\nimport nothing_of_that_name")
    with pytest.raises(EngineError, match="No module named 'nothing_of_that_name'"):
        engine.deploy(stage.release(broken), print)
    assert "nothing_of_that_name" in engine.deployment("Broken-2").problem
    assert engine.deploy(stage.release(), print).problem == ""
    with faulty(server.url) as proxy:
        proxy.when("POST /api/v1/dags/Broken-2/dagRuns", Drop(is_asked=True), times=1)
        run = stage.start(stage.engine(proxy.url), "lost")
    assert [each.run for each in engine.runs("Broken-2", 5)] == [run.run]
    engine.terminate(run.run)
    engine.delete("Broken-2")
    assert stage.left() == []


def test_a_user_without_rights_is_told_so(server: Airflow2, tmp_path: Path) -> None:
    stage = staged(tmp_path, server, "Watched-2")
    engine = stage.engine()
    engine.deploy(stage.release(), print)
    viewer = Stage.engine(_as(stage, server, VIEWER))
    try:
        assert viewer.deployment("Watched-2").problem == ""
        for ask in (viewer.suspend, viewer.delete, lambda name: stage.start(viewer, name.lower())):
            with pytest.raises(EngineError, match="does not permit this user to") as refused:
                ask("Watched-2")
            assert server.password not in str(refused.value)
        rights = {each.subject: each.is_well for each in viewer.diagnose() if each.subject.startswith("right")}
        assert rights == {"right to read": True} | {
            f"right to {verb}": False for verb in ("trigger", "suspend", "delete", "terminate", "retry")
        }
        nobody = Stage.engine(_as(stage, server, "nobody"))
        with pytest.raises(EngineError, match=r"does not permit this user to .* or check who asks"):
            nobody.deployment("Watched-2")
        assert [each.is_well for each in engine.diagnose()] == [True] * 10
    finally:
        engine.delete("Watched-2")


def _as(stage: Stage, server: Airflow2, user: str) -> Stage:
    stage._variables = variables(server, user)
    return stage
