"""Triggers on Step Functions: which events the rule lets pass, and what the run takes of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flowc.artifacts.address import RunAddress, TaskAddress
from flowc.artifacts.manifest import read
from flowc.store import open_store

from compiler.backends import Options
from compiler.backends.stepfunctions import BACKEND
from compiler.pipeline import compile_flow
from tests.argo.source import source
from tests.engines.eventbridge import target_input
from tests.engines.stepfunctions import Image, run_state_machine, server
from tests.engines.stepfunctions_case import SHIM, copy_store
from tests.stages.events import BODY, EVENT, HOSTILE, PLAIN
from tests.stages.timed import NOT_TOLD, TIME, TIMED, TOLD

FOLLOWS = "@project(name='p', production=True)\n@trigger_on_finish(flow='Other')"


def emitted(flow: str, body: str, folder: Path, **target: Any) -> tuple[dict[str, str], list[str]]:
    """The files by the end of their names, and the codes of what was found."""
    (folder / "flow.py").write_text(source(flow=flow, body=body))
    files, report = compile_flow(folder / "flow.py", BACKEND, Options(default_image="f:0", target=target), root=folder)
    return {file.name.partition(".")[2]: file.text for file in files}, [found.rule.code for found in report]


def event(kind: str = "data.updated", source: str = "shop", **detail: Any) -> dict[str, Any]:
    """An event as EventBridge hands it to rules."""
    return {"id": "e-1", "time": "2026-01-02T03:04:05Z", "source": source, "detail-type": kind, "detail": detail}


@pytest.mark.parametrize(
    "other", [event("data.updated2", y=1), event("Data.updated", y=1), event(x="no y"), event(source="bank", y=1)]
)
def test_other_events_start_nothing(other: dict[str, Any], tmp_path: Path) -> None:
    """The name is the detail's type, the source is the setting's, and what a required parameter needs must be there."""
    files, _ = emitted(EVENT, BODY, tmp_path, event_source="shop", event_bus="bus")
    rule = json.loads(files["events.json"])
    assert rule["EventBusName"] == "bus"
    assert target_input(rule, event(y=1)) is not None
    assert target_input(rule, other) is None


@pytest.mark.parametrize(("detail", "alpha"), [({"x": HOSTILE, "y": 3}, HOSTILE), ({"y": "3"}, "untouched")])
def test_fields_of_an_event_become_parameters(detail: dict[str, Any], alpha: str, tmp_path: Path) -> None:
    """Byte for byte; what is not there keeps its default."""
    files, findings = emitted(EVENT, BODY, tmp_path)
    assert not findings
    left = started(files, target_input(json.loads(files["events.json"]), event(**detail)), tmp_path)
    assert (left["alpha"], left["must"]) == (alpha, 3)
    assert left["told"] == [("data.updated", "e-1", "event")]


def test_a_flow_follows_another(tmp_path: Path) -> None:
    """When a run of the other machine has succeeded; a machine whose name only ends like the other's is another."""
    files, findings = emitted(FOLLOWS, PLAIN, tmp_path, event_bus="bus")
    assert not findings
    rule = json.loads(files["events.json"])
    assert "EventBusName" not in rule
    arn = "arn:aws:states:eu-west-1:1:stateMachine:"
    for machine, status in (("p-prod-Other", "FAILED"), ("p-prod-Other2", "SUCCEEDED"), ("xp-prod-Other", "SUCCEEDED")):
        assert target_input(rule, ended(f"{arn}{machine}", status)) is None
    left = started(files, target_input(rule, ended(f"{arn}p-prod-Other", "SUCCEEDED")), tmp_path)
    assert left["told"] == [("metaflow.p.prod.Other.end", "Other/sfn-p-prod-Other-run-7", "run")]


def test_all_of_several_is_more_than_a_rule_can_wait_for(tmp_path: Path) -> None:
    """EventBridge looks at one event at a time."""
    assert emitted("@trigger(events=['a', 'b'])", PLAIN, tmp_path) == ({}, ["FC622"])
    assert emitted("@trigger(event='a', options={'reset_at': {'cron': '0 6 * * *'}})", PLAIN, tmp_path) == (
        {},
        ["FC302"],
    )


def test_the_sam_template_holds_the_rule(tmp_path: Path) -> None:
    """With the same pattern and the same input."""
    files, _ = emitted(EVENT, BODY, tmp_path, sam=True)
    rule = json.loads(files["events.json"])
    told = json.loads(files["sam.json"])["Resources"]["StateMachine"]["Properties"]["Events"]["Trigger"]
    assert told["Type"] == "EventBridgeRule"
    assert told["Properties"]["Pattern"] == rule["EventPattern"]
    assert told["Properties"]["InputTransformer"] == rule["Targets"][0]["InputTransformer"]


@pytest.mark.language("current.scheduled-at")
@pytest.mark.parametrize(("time", "told"), [(TIME, TOLD), (None, NOT_TOLD)])
def test_a_run_of_the_schedule_knows_its_time(time: str | None, told: list[str], tmp_path: Path) -> None:
    """In every step and attempt; an execution that somebody starts has none."""
    (tmp_path / "flow.py").write_text(TIMED)
    files, report = compile_flow(tmp_path / "flow.py", BACKEND, Options(default_image="f:0", target={"sam": True}))
    assert not [*report]
    named = {file.name.partition(".")[2]: file.text for file in files}
    target = json.loads(named["schedule.json"])["Target"]
    sam = json.loads(named["sam.json"])["Resources"]["StateMachine"]["Properties"]["Events"]["Schedule"]
    assert sam["Properties"]["Input"] == target["Input"]
    given = json.loads(target["Input"].replace("<aws.scheduler.scheduled-time>", time)) if time else {}
    assert left_by(named, given, tmp_path, RunAddress("TimedFlow", "sfn-F-r").task("end"))["told"] == told


@pytest.mark.language("parameter.large")
def test_a_parameter_that_no_execution_takes_comes_from_an_object(tmp_path: Path) -> None:
    """An execution's input ends at 262,144 bytes."""
    (tmp_path / "big.json").write_text(json.dumps({"must": 7, "alpha": HOSTILE * 10_000}))
    body = BODY.replace("self.told = [(event.name, event.id, event.type) for event in current.trigger.events]", "")
    files, findings = emitted("", body, tmp_path)
    assert not findings
    left = started(files, {"must": 0, "flowc-parameters": f"file:{tmp_path}/big.json"}, tmp_path)
    assert (left["must"], left["alpha"]) == (7, HOSTILE * 10_000)


def ended(machine: str, status: str) -> dict[str, Any]:
    """What Step Functions tells EventBridge of an execution."""
    kind = "Step Functions Execution Status Change"
    return event(kind, "aws.states", stateMachineArn=machine, name="run-7", status=status)


def started(files: dict[str, str], given: Any, folder: Path) -> Any:
    """Run the machine with the input; what the first step left."""
    return left_by(files, given, folder, RunAddress("F", "sfn-F-r").task("start"))


def left_by(files: dict[str, str], given: Any, folder: Path, task: TaskAddress) -> Any:
    """Run the machine with the input; what a task left."""
    engine = server()
    bucket = engine.bucket()
    image = Image(workdir=folder, environment={"PYTHONPATH": str(SHIM), "PYTHONDONTWRITEBYTECODE": "1"})
    result = run_state_machine(
        files["asl.json"],
        files["jobs.json"],
        folder=folder / "jobs",
        substitutions={"StoreBucket": bucket},
        input=given,
        name="F",
        execution="r",
        image=image,
    )
    assert result.status == "SUCCEEDED", result.log
    return read(open_store(copy_store(engine, bucket, "flowc", folder / "store")), task)
