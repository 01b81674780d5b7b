"""What a node of a workflow is, by its name, and what Argo's sentence means."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest
from flowc_kfp.operate.naming import Named, has_required, names_in
from flowc_kfp.operate.tasks import tasks_of

NAMES = {
    "fit": Named("fit"),
    "fit-each": Named("", is_loop=True),
    "score": Named("score+tell"),
    "score-when": Named(""),
    "root": Named("root"),
    "executor": Named("executor"),
}
LOOP = "root.fit-each.iteration-iterations"
NODES: dict[str, tuple[str, str, str] | None] = {
    "root.fit": ("fit", "-", "queued"),
    "root.root": ("root", "-", "queued"),
    "root.executor.executor": None,
    "root.fit-driver": ("fit", "-", "queued"),
    "root.fit-driver(0)": ("fit", "-", "queued"),
    "root.score-when.score": ("score", "-", "queued"),
    f"{LOOP}(2:2).iteration-item.fit": ("fit", "2", "queued"),
    f"{LOOP}(2:2).iteration-item.fit-each.iteration-iterations(11:11).iteration-item.score": (
        "score",
        "2.11",
        "queued",
    ),
    "root": None,
    "root-driver": None,
    "root.fit-each": None,
    "root.fit-each.iteration-driver": None,
    f"{LOOP}(2:2)": None,
    f"{LOOP}(2:2).iteration-item-driver": None,
    f"{LOOP}(2:2).fit": None,
    "root.other": None,
    "fit": None,
}


def workflow(*nodes: dict[str, Any]) -> dict[str, Any]:
    """A workflow with these nodes."""
    named = [{"id": f"w-{at}", "templateName": "t", "phase": "Running", **node} for at, node in enumerate(nodes)]
    return {"metadata": {"name": "w"}, "status": {"nodes": {each["id"]: each for each in named}}}


@pytest.mark.parametrize("name", NODES)
def test_a_node_is_the_task_that_its_name_leads_to(name: str) -> None:
    told = [(each.step, each.index, each.phase) for each in tasks_of(workflow({"name": f"w.{name}"}), NAMES)]
    assert told == [expected for expected in [NODES[name]] if expected]


def test_the_last_attempt_tells_of_a_task() -> None:
    nodes = [
        ("fit", "Running"),
        ("fit.executor", "Running"),
        ("fit.executor(0)", "Failed"),
        ("fit.executor(1)", "Running"),
    ]
    found = workflow(*({"name": f"w.root.{name}", "phase": phase} for name, phase in nodes))
    packed = base64.b64encode(gzip.compress(json.dumps(found["status"]["nodes"]).encode())).decode()
    for each in (found, {**found, "status": {"compressedNodes": packed}}):
        [task] = tasks_of(each, NAMES)
        assert (task.phase, task.attempt, task.node) == ("running", 1, "w-t-3")
    assert tasks_of({**found, "status": {"compressedNodes": "none"}}, NAMES) == []
    assert tasks_of({}, NAMES) == []


@pytest.mark.parametrize(
    ("message", "reason", "cure"),
    [
        ("OOMKilled (exit code 137)", "OOMKilled", "more with"),
        ("Unschedulable: 0/3 nodes are available", "Unschedulable", "ask for less"),
        ("ImagePullBackOff: Back-off pulling", "ImagePullBackOff", "build and push"),
        ("Error (exit code 1)", "", ""),
        ("a\x1b[2J\n" * 900, "", ""),
    ],
)
def test_what_argo_says_is_told_with_what_to_do(message: str, reason: str, cure: str) -> None:
    nodes = ({"name": f"w.root.fit{rest}", "phase": "Failed", "message": message} for rest in ("", ".executor"))
    [task] = tasks_of(workflow(*nodes), NAMES)
    assert (task.phase, task.reason, cure in task.cure) == ("failed", reason, True)
    assert len(task.message) <= 500
    assert "\n" not in task.message


def test_a_driver_that_failed_is_said_to_have() -> None:
    [task] = tasks_of(workflow({"name": "w.root.fit-driver", "phase": "Error", "message": "no"}), NAMES)
    assert (task.phase, task.reason, task.message, task.node) == ("failed", "DriverFailed", "no", "w-t-0")


@pytest.mark.parametrize(
    "spec", [None, 3, {}, {"root": []}, {"root": {"dag": {"tasks": {"a": 1, "b": {}}}}}, {"pipeline_spec": 1}]
)
def test_what_is_no_pipeline_of_ours_has_no_names(spec: object) -> None:
    assert names_in(spec) == {}
    assert has_required(spec) is False
