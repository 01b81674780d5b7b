"""`Deployer`: deployments and runs from Python, each verb in a real process of the command, on an engine that is kept in a folder."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flowc import DeployedFlow, Deployer, list_deployed_flows
from flowc.client.deployer import DeployerError, DeployerTimeout, RunNotFound, TriggeredRun
from flowc.exceptions import MetaflowException, MetaflowNotFound

from compiler.backends.operating import Phase
from tests.operate import kept_engine

HOSTILE = "{{ 1 }} ${X} $(NAME) 'q' \"d\" \\ \n\x1b[2J ü 漢"
FLOW = """
from flowc import FlowSpec, Parameter, project, step

class GoFlow(FlowSpec):
    top = Parameter("top", default=3)
    words = Parameter("key-words", default="", type=str)

    @step
    def start(self):
        self.given = [self.top, self.words]
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the engine; a flow's file in the working directory, whose settings name a store."""
    for name, value in kept_engine.install(tmp_path / "brought").items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("FLOWC_STORE", raising=False)
    monkeypatch.setenv("METAFLOW_USER", "ann")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    Path("flow.py").write_text(FLOW)
    Path("pyproject.toml").write_text(f"[tool.flowc]\nstore = 'file:{tmp_path}/store'\n")
    return tmp_path / "brought" / "engine"


@pytest.fixture
def deployed(engine: Path) -> DeployedFlow:
    """The flow, deployed on the target of another distribution."""
    return Deployer("flow.py", show_output=False).target("kept").create()


def _runs_here(triggered: TriggeredRun) -> None:
    """Do what the engine's containers would do."""
    command = [
        sys.executable,
        "-P",
        "-m",
        "compiler",
        "run",
        "--run-id",
        triggered.name,
        "--store",
        str(triggered.metadata),
        "flow.py",
    ]
    subprocess.run(command, check=True, capture_output=True)


@pytest.mark.language("client.deployer")
@pytest.mark.every(2)
@pytest.mark.parametrize("target", ["argo_workflows", "argo", "kept"])
def test_a_flow_is_deployed_started_waited_for_and_read(engine: Path, target: str) -> None:
    deployer = Deployer("flow.py", show_output=False)
    chosen = deployer.target("kept") if target == "kept" else getattr(deployer, target)(name="my-go")
    assert (chosen.TYPE == "kept") is (target == "kept")
    flow = chosen.create()
    assert (flow.name, flow.flow_name, flow.production_token) == (
        "go-flow" if target == "kept" else "my-go",
        "GoFlow",
        None,
    )
    assert flow.metadata == f"file:{engine.parents[1]}/store"
    assert (flow.deployer.name, flow.deployer.flow_name, flow.deployer.metadata) == (flow.name, "GoFlow", flow.metadata)
    assert list(kept_engine.load(engine).deployed) == [flow.name]
    run = flow.trigger(top=2, key_words=HOSTILE, tags=["a b", HOSTILE])
    [start] = kept_engine.load(engine).starts
    assert {name: start.parameters[name] for name in ("top", "key-words")} == {"top": 2, "key-words": HOSTILE}
    assert start.tags == ("a b", HOSTILE)
    assert (run.pathspec, run.run, run.phase, run.status, run.is_running) == (
        f"GoFlow/{run.name}",
        None,
        "queued",
        "Pending",
        True,
    )
    _runs_here(run)
    assert run.run is not None
    assert run.wait_for_run().pathspec == run.pathspec
    assert run.run.data.given == [3, ""]
    kept_engine.move(engine, run.name, "succeeded")
    run.wait_for_completion(timeout=60)
    assert (run.phase, run.status, run.is_running) == ("succeeded", "Succeeded", False)
    assert {task["step"] for task in run.facts["tasks"]} == {"start", "end"}


def test_a_status_has_two_words(engine: Path, deployed: DeployedFlow) -> None:
    run = deployed.trigger()
    words: dict[Phase, tuple[str | None, bool]] = {
        "running": ("Running", True),
        "unknown": (None, False),
        "terminated": ("Failed", False),
        "failed": ("Failed", False),
    }
    for phase, (status, running) in words.items():
        kept_engine.move(engine, run.name, phase)
        assert (run.phase, run.status, run.is_running) == (phase, status, running)


def test_waiting_ends_with_the_run_or_in_time(engine: Path, deployed: DeployedFlow) -> None:
    run = deployed.trigger()
    for wait in (run.wait_for_completion, run.wait_for_run):
        with pytest.raises(DeployerTimeout) as raised:
            wait(timeout=0.2)
        assert isinstance(raised.value, TimeoutError)
        assert isinstance(raised.value, MetaflowException)
        assert raised.value.code == 124
    ends = threading.Thread(target=lambda: (time.sleep(1), kept_engine.move(engine, run.name, "failed")))
    ends.start()
    run.wait_for_completion(check_interval=1)
    ends.join()
    assert run.status == "Failed"


def test_a_run_that_ended_before_its_first_task_is_not_waited_for(engine: Path, deployed: DeployedFlow) -> None:
    run = deployed.trigger()
    kept_engine.move(engine, run.name, "failed", reason="ImagePullBackOff", message="no such image")
    with pytest.raises(DeployerError, match="no task of it has begun: ImagePullBackOff: no such image"):
        run.wait_for_run()


def test_a_run_is_ended_and_not_held(engine: Path, deployed: DeployedFlow) -> None:
    run = deployed.trigger()
    for hold in (run.suspend, run.unsuspend):
        with pytest.raises(DeployerError, match="terminate"):
            hold()
    assert run.terminate()
    assert kept_engine.load(engine).started[run.name].phase == "terminated"
    assert run.terminate()


def test_deployments_are_found_suspended_and_removed(engine: Path, deployed: DeployedFlow) -> None:
    Deployer("flow.py", show_output=False).argo_workflows(name="other").create()
    Path("second.py").write_text(FLOW.replace("GoFlow", "SecondFlow"))
    Deployer("second.py", show_output=False).target("kept").create()
    assert sorted(each.name for each in list_deployed_flows(impl="kept")) == ["go-flow", "other", "second-flow"]
    assert [each.name for each in DeployedFlow.list_deployed_flows("SecondFlow", impl="argo-workflows")] == [
        "second-flow"
    ]
    found = DeployedFlow.from_deployment("go-flow", impl="kept", show_output=False)
    assert (found.name, found.flow_name, found.metadata, found.parameters) == (
        "go-flow", "GoFlow", deployed.metadata, ("top", "key-words"),
    )  # fmt: skip
    with pytest.raises(DeployerError, match="no flow file"):
        found.deployer.create()
    first, second = found.trigger(top=1), found.trigger()
    DeployedFlow.from_deployment("other", impl="kept").trigger()
    kept_engine.move(engine, first.name, "failed")
    assert [run.name for run in found.runs()] == [second.name, first.name]
    assert [run.name for run in found.list_runs(["FAILED"])] == [first.name]
    assert [run.name for run in found.runs(states=["Pending"])] == [second.name]
    again = DeployedFlow.get_triggered_run("go-flow", first.name, impl="kept")
    assert (again.pathspec, again.status) == (first.pathspec, "Failed")
    assert found.suspend()
    assert kept_engine.load(engine).suspended == {"go-flow"}
    assert found.resume()
    assert kept_engine.load(engine).suspended == set()
    assert found.delete()
    assert sorted(kept_engine.load(engine).deployed) == ["other", "second-flow"]
    with pytest.raises(RunNotFound):
        found.delete()
    with pytest.raises(RunNotFound):
        found.trigger()
    with pytest.raises(MetaflowNotFound, match="nothing is deployed as go-flow on kept"):
        DeployedFlow.from_deployment("go-flow", impl="kept")


def test_options_are_those_of_the_command_and_what_only_metaflow_has_is_told(
    engine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("flow.py").write_text(FLOW.replace("class GoFlow", '@project(name="p")\nclass GoFlow'))
    Path("pyproject.toml").write_text("[tool.flowc.env.prod]\nimage = 'prod:1'\nstore = 'file:/prod'\n")
    deployer = Deployer(
        "flow.py", profile="prod", branch="b1", decospecs=["retry:times=7"], env={"METAFLOW_USER": "bob"}
    )
    flow = deployer.argo_workflows().create(
        labels={"team": "x"},
        rbac=False,
        max_workers=4,
        workflow_timeout=99,
        authorize="t",
        tags=["x"],
        notify_on_error=True,
    )
    release = kept_engine.load(engine).deployed[flow.name]
    text = release.files[0].text
    for wanted in ("prod:1", "team: x", "parallelism: 4", "activeDeadlineSeconds: 99", "retry"):
        assert wanted in text
    assert ("b1" in flow.name, release.record.by, flow.metadata) == (True, "bob", "file:/prod")
    said = capsys.readouterr().err
    for name in ("authorize", "tags", "notify_on_error"):
        assert f"{name} has no effect: " in said


@pytest.mark.parametrize(
    ("does", "code", "text"),
    [
        (lambda: Deployer("flow.py", show_output=False).argo_workflows().create(no_such=1), 2, "--no-such"),
        (
            lambda: Deployer("flow.py", show_output=False).argo_workflows().create(only_json=True),
            2,
            "flowc argo create",
        ),
        (
            lambda: Deployer("flow.py", show_output=False).target("nothing").create(),
            2,
            "no command or target `nothing`",
        ),
        (lambda: Deployer("flow.py", profile="nothing", show_output=False).target("kept").create(), 2, "nothing"),
        (lambda: Deployer("broken.py", show_output=False).target("kept").create(), 1, "FC2"),
        (lambda: Deployer("no.py"), 2, "there is no flow file no.py"),
        (lambda: DeployedFlow.from_deployment("x", impl="kept"), 4, "nothing is deployed as x"),
        (lambda: DeployedFlow.from_deployment("x", impl="kept", other=1), 2, "other says nothing"),
    ],
)
def test_a_mistake_is_raised_with_what_the_command_says(
    engine: Path, does: Callable[[], object], code: int, text: str
) -> None:
    Path("broken.py").write_text(FLOW.replace("self.next(self.end)", "self.next(self.edn)"))
    with pytest.raises(DeployerError, match=text) as raised:
        does()
    assert raised.value.code == code
    assert not str(raised.value).startswith("error: ")


@pytest.mark.parametrize("given", [{"tpo": 1}, {"top": {1}}])
def test_a_parameter_that_is_none_is_refused(engine: Path, deployed: DeployedFlow, given: dict[str, Any]) -> None:
    with pytest.raises(DeployerError) as raised:
        deployed.trigger(**given)
    assert (raised.value.code, kept_engine.load(engine).starts) == (2, [])


def test_an_engine_that_gives_no_answer_is_code_5(engine: Path, deployed: DeployedFlow) -> None:
    run = deployed.trigger()
    (engine / "down").write_text("the engine is not there: start it")
    for does in (deployed.trigger, deployed.delete, run.terminate, lambda: run.status):
        with pytest.raises(DeployerError, match="the engine is not there: start it") as raised:
            does()
        assert raised.value.code == 5
    _runs_here(run)
    assert run.phase == "succeeded", "what the tasks left is told, whatever the engine says"


def test_the_settings_beside_the_flow_hold_wherever_the_call_is_made(
    engine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(engine)
    flow = (
        Deployer("work/flow.py", cwd=str(engine.parents[1]), show_output=False)
        .target("kept", connection={"context": "x"})
        .create()
    )
    run = flow.trigger()
    assert (flow.metadata, run.status) == (f"file:{engine.parents[1]}/store", "Pending")


def test_an_interruption_leaves_the_run(engine: Path, deployed: DeployedFlow) -> None:
    run = deployed.trigger()
    code = (
        "import os, signal, sys, threading\nfrom flowc import DeployedFlow\n"
        "run = DeployedFlow.get_triggered_run('go-flow', sys.argv[1], impl='kept')\n"
        "threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "try:\n    run.wait_for_completion()\nexcept KeyboardInterrupt:\n    print('interrupted', run.status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, run.name], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "interrupted Pending\n"


def test_what_it_prints_is_json_that_pages_show(engine: Path, deployed: DeployedFlow) -> None:
    assert json.loads(json.dumps(deployed.deployer.additional_info))["name"] == "go-flow"
