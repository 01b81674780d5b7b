"""Triggers on Argo: what the Sensor creates of an event, and what the run that follows takes of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from flowc.artifacts.address import RunAddress
from flowc.artifacts.manifest import read
from flowc.store import open_store

from compiler.backends import Options
from compiler.slotted_class import replaced
from tests.argo.source import OPTIONS, documents, found, source
from tests.engines.argo import NAMESPACE, Submission, run_workflow
from tests.engines.argo_events import created, watched
from tests.engines.argo_nodes import obj, objects
from tests.engines.argo_pods import Host
from tests.engines.argo_tags import Json
from tests.stages.container import SHIM
from tests.stages.events import BODY, EVENT, HOSTILE, PLAIN
from tests.stages.timed import NOT_TOLD, TIME, TIMED, TOLD

FLOWS = "@trigger_on_finish(flows=['Other', 'p.prod.Third'])"


def published(**payload: Json) -> dict[str, Json]:
    """The data of an event of a webhook."""
    return {"body": {"payload": payload}}


@pytest.mark.parametrize(
    "payload",
    [
        {"name": "data.updated2", "y": 1},
        {"name": "Xdata.updated", "y": 1},
        {"name": "dataXupdated", "y": 1},
        {"y": 1},
        {"name": "data.updated", "x": "no value for the required one"},
    ],
)
def test_other_events_start_nothing(payload: dict[str, Json], tmp_path: Path) -> None:
    """The name is the whole name, and what a required parameter needs must be there."""
    manifest, _ = found(source(flow=EVENT, body=BODY), tmp_path)
    assert created(manifest, {"data-updated": published(**payload)}) is None


@pytest.mark.parametrize(
    ("payload", "alpha"),
    [
        ({"name": "data.updated", "id": "7", "x": HOSTILE, "y": 3}, HOSTILE),
        ({"name": "data.updated", "id": "7", "y": 3}, "untouched"),
        ({"name": "data.updated", "id": "7", "x": 5, "y": "3"}, "5"),
    ],
)
def test_fields_of_an_event_become_parameters(payload: dict[str, Json], alpha: str, tmp_path: Path) -> None:
    """Byte for byte, converted by their declared types; what is not there keeps its default."""
    store = f"file:{tmp_path / 'store'}"
    manifest, findings = found(source(flow=EVENT, body=BODY), tmp_path, replaced(OPTIONS, store=store))
    assert not findings
    workflow = created(manifest, {"data-updated": published(**payload)})
    assert workflow
    run = RunAddress("F", run_of(manifest, workflow, tmp_path))
    manifest_of_start = read(open_store(store), run.task("start"))
    assert (manifest_of_start["alpha"], manifest_of_start["must"]) == (alpha, 3)
    assert manifest_of_start["told"] == [("data.updated", "7", "event")]


def test_a_run_that_somebody_else_starts_has_no_trigger(tmp_path: Path) -> None:
    """The parameters of triggers are empty, and nobody asks for them."""
    store = f"file:{tmp_path / 'store'}"
    body = PLAIN.replace(
        "self.told = [(event.name, event.id, event.type) for event in current.trigger.events]",
        "self.told = current.trigger",
    )
    manifest, _ = found(source(flow="@trigger(event='a')", body=body), tmp_path, replaced(OPTIONS, store=store))
    run = run_of(manifest, {"spec": {"arguments": {"parameters": []}}}, tmp_path)
    assert read(open_store(store), RunAddress("F", run).task("start"))["told"] is None


def test_a_flow_follows_others(tmp_path: Path) -> None:
    """When each of the others has succeeded, once for the same runs of them, whatever else the objects' updates say."""
    store = f"file:{tmp_path / 'store'}"
    options = replaced(OPTIONS, store=store, namespace=NAMESPACE)
    manifest, findings = found(source(flow=FLOWS, body=PLAIN), tmp_path, options)
    assert not findings
    others = {"other": finished("other", "a"), "p-prod-third": finished("p.prod.third", "b")}
    events = {name: watched(manifest, name, {}, workflow) for name, workflow in others.items()}
    assert None not in events.values()
    workflow = created(manifest, events)  # type: ignore[arg-type]  # none of them is None
    again = created(manifest, events)  # type: ignore[arg-type]
    assert workflow
    assert again == workflow
    assert created(manifest, {"other": events["other"]}) is None  # type: ignore[dict-item]
    run = run_of(manifest, workflow, tmp_path)
    told = read(open_store(store), RunAddress("F", run).task("start"))["told"]
    assert sorted(told) == [
        ("metaflow.Other.end", f"Other/argo-{NAMESPACE}-other-a", "run"),
        ("metaflow.p.prod.Third.end", f"Third/argo-{NAMESPACE}-p.prod.third-b", "run"),
    ]


@pytest.mark.parametrize("flow", ["@trigger_on_finish(flow='Other')", FLOWS])
def test_without_a_namespace_a_flow_follows_what_runs_where_it_is_deployed(flow: str, tmp_path: Path) -> None:
    """A flow of the same name in another namespace is another's; that all are watched is said."""
    manifest, findings = found(source(flow=flow, body=PLAIN), tmp_path, replaced(OPTIONS, namespace=None))
    assert manifest
    assert {code for code, _ in findings} == {"FC620"}
    others = {"other": finished("other", "a"), "p-prod-third": finished("p.prod.third", "b")}
    others = {name: each for name, each in others.items() if f"\n    {name}:" in manifest}
    events = {name: watched(manifest, name, {}, workflow) for name, workflow in others.items()}
    assert None not in events.values()
    workflow = created(manifest, events)  # type: ignore[arg-type]  # none of them is None
    assert workflow
    assert obj(workflow["metadata"])["namespace"] == NAMESPACE
    assert created(manifest, events, "elsewhere") is None  # type: ignore[arg-type]  # none of them is None


def test_a_named_namespace_is_the_only_one_that_is_watched(tmp_path: Path) -> None:
    manifest, findings = found(source(flow=FLOWS, body=PLAIN), tmp_path, replaced(OPTIONS, namespace="elsewhere"))
    assert not findings
    assert watched(manifest, "other", {}, finished("other", "a")) is None


@pytest.mark.parametrize(
    ("template", "phase"),
    [("other", "Running"), ("other", "Failed"), ("another", "Succeeded"), ("other2", "Succeeded")],
)
def test_what_has_not_finished_well_is_no_event(template: str, phase: str, tmp_path: Path) -> None:
    """Neither a failure nor a run of a flow whose name only holds the other's."""
    manifest, _ = found(source(flow=FLOWS, body=PLAIN), tmp_path, replaced(OPTIONS, namespace=NAMESPACE))
    assert watched(manifest, "other", {}, finished(template, "a", phase)) is None


def test_settings_name_what_the_cluster_has(tmp_path: Path) -> None:
    """The bus, the source and its event, and the account of the Sensor."""
    target = {"event_bus": "b", "event_source": "s", "event_name": "e", "sensor_service_account": "a"}
    bare = {"security_context": {}, "container_security_context": {}}
    text = source(
        flow="@trigger(event='x', options={'reset_at': {'cron': '0 6 * * MON', 'timezone': 'Europe/Berlin'}})"
    )
    *_, sensor = documents(text, tmp_path, replaced(OPTIONS, target=target))
    spec = obj(sensor["spec"])
    *_, unguarded = documents(text, tmp_path, replaced(OPTIONS, target=bare))
    assert "template" not in obj(unguarded["spec"])
    assert spec["eventBusName"] == "b"
    assert obj(spec["template"])["serviceAccountName"] == "a"
    (dependency,) = objects(spec["dependencies"])
    assert (dependency["eventSourceName"], dependency["eventName"]) == ("s", "e")
    (trigger,) = objects(spec["triggers"])
    assert obj(trigger["template"])["conditionsReset"] == [
        {"byTime": {"cron": "0 6 * * 1", "timezone": "Europe/Berlin"}}
    ]


@pytest.mark.parametrize(
    ("flow", "code"),
    [("@trigger(events=['a', 'b'], options={'reset_at': {'cron': '0 6 * *'}})", "FC621")],
)
def test_what_argo_events_would_not_understand_is_refused(flow: str, code: str, tmp_path: Path) -> None:
    """At the line of the decorator."""
    manifest, findings = found(source(flow=flow), tmp_path, Options(default_image="f:0"))
    assert not manifest
    assert {each for each, _ in findings} == {code}


@pytest.mark.language("current.scheduled-at")
@pytest.mark.parametrize(("time", "told"), [(TIME, TOLD), ("2026-01-02T04:04:05+01:00", TOLD), (None, NOT_TOLD)])
def test_a_run_of_the_cron_workflow_knows_its_time(time: str | None, told: list[str], tmp_path: Path) -> None:
    """In every step and attempt; a run that somebody submits has none."""
    store = f"file:{tmp_path / 'store'}"
    manifest, findings = found(TIMED, tmp_path, replaced(OPTIONS, store=store))
    assert not findings
    environment = {"PYTHONPATH": str(SHIM), "PYTHONDONTWRITEBYTECODE": "1"}
    host = Host(tmp_path / "pods", tmp_path, environment=environment, commands={"python": (sys.executable,)})
    result = run_workflow(manifest, host=host, submission=Submission(scheduled=time))
    assert result.succeeded, result.log
    run = RunAddress("TimedFlow", f"argo-{NAMESPACE}-{result.name}")
    assert read(open_store(store), run.task("end"))["told"] == told


@pytest.mark.language("parameter.large")
def test_a_parameter_that_argo_would_not_take_comes_from_an_object(tmp_path: Path) -> None:
    """The name of the object is submitted beside what is required."""
    (tmp_path / "big.json").write_text(json.dumps({"must": 7, "alpha": HOSTILE * 10_000}))
    store = f"file:{tmp_path / 'store'}"
    body = BODY.replace("self.told = [(event.name, event.id, event.type) for event in current.trigger.events]", "")
    manifest, findings = found(source(body=body), tmp_path, replaced(OPTIONS, store=store))
    assert not findings
    environment = {"PYTHONPATH": str(SHIM), "PYTHONDONTWRITEBYTECODE": "1"}
    host = Host(tmp_path / "pods", tmp_path, environment=environment, commands={"python": (sys.executable,)})
    given = {"must": "0", "flowc-parameters": f"file:{tmp_path}/big.json"}
    result = run_workflow(manifest, host=host, submission=Submission(given))
    assert result.succeeded, result.log
    left = read(open_store(store), RunAddress("F", f"argo-{NAMESPACE}-{result.name}").task("end"))
    assert (left["must"], left["alpha"]) == (7, HOSTILE * 10_000)


def finished(template: str, uid: str, phase: str = "Succeeded") -> dict[str, Json]:
    """A workflow as the API server has it."""
    return {
        "metadata": {"name": f"{template}-{uid}", "namespace": NAMESPACE, "uid": uid},
        "spec": {"workflowTemplateRef": {"name": template}},
        "status": {"phase": phase, "finishedAt": "2026-01-02T03:04:05Z"},
    }


def run_of(manifest: str, workflow: dict[str, Json], folder: Path) -> str:
    """Run the template with the workflow's arguments; the run's id."""
    arguments = objects(obj(obj(workflow["spec"])["arguments"])["parameters"])
    given = {str(each["name"]): str(each["value"]) for each in arguments}
    environment = {"PYTHONPATH": str(SHIM), "PYTHONDONTWRITEBYTECODE": "1"}
    host = Host(folder / "pods", folder, environment=environment, commands={"python": (sys.executable,)})
    result = run_workflow(manifest, host=host, submission=Submission(given))
    assert result.succeeded, result.log
    return f"argo-{NAMESPACE}-{result.name}"
