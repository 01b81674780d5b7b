"""The pod of a step as the provider builds it: what decorators and settings ask for is in it, on both lines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flowc.artifacts.address import RunAddress
from flowc.artifacts.manifest import read
from flowc.store import open_store

from tests.conformance.texts import TEXTS
from tests.engines import FlowCase
from tests.engines.airflow import LINES, DagTester
from tests.engines.airflow_flow import run_airflow
from tests.engines.pod_security import violations

ANNOTATIONS = {f"flowc.test/a{at}": text for at, text in enumerate(TEXTS)}
"""Texts that Airflow renders as templates."""
FLOW = f"""
import os

from flowc import FlowSpec, kubernetes, resources, secrets, step, timeout


class PodsFlow(FlowSpec):
    @secrets(sources=["films-db", "kubernetes.other"])
    @kubernetes(
        secrets=["third", "films-db"],
        node_selector="disk=ssd",
        labels={{"team": "films"}},
        annotations={ANNOTATIONS!r},
        image_pull_secrets=["own"],
        use_tmpfs=True,
        ephemeral_volume_claims={{"a": "/a"}},
        priority_class="high",
    )
    @resources(cpu=2, memory=512, shared_memory=32)
    @timeout(minutes=2)
    @step
    def start(self):
        self.seen = [os.environ[name] for name in ("USER_NAME", "OTHER", "THIRD", "FLOWC_SECRETS")]
        self.next(self.end)

    @step
    def end(self):
        assert "USER_NAME" not in os.environ
"""
SETTINGS = {
    "service_account_name": "runner",
    "image_pull_secrets": ("registry",),
    "env_from_secrets": ("store-keys",),
    "tolerations": ({"key": "gpu", "operator": "Exists", "effect": "NoSchedule"},),
    "labels": {"cost": "lab", "team": "all"},
}
KEYS = {
    "films-db": {"USER_NAME": "ada $(HOME) $$"},
    "other": {"OTHER": "o"},
    "third": {"THIRD": "t"},
    "store-keys": {"KEY": "k"},
}


def referred(pod: dict[str, Any]) -> list[str]:
    """The Secrets whose keys the container of the step sees."""
    return [source["secretRef"]["name"] for source in pod["spec"]["containers"][0]["envFrom"]]


@pytest.mark.parametrize("line", LINES)
@pytest.mark.language("kubernetes.restricted", "beyond.pod-options")
def test_a_pod_has_what_the_author_and_the_platform_ask_for(
    testers: dict[str, DagTester], tmp_path: Path, line: str
) -> None:
    path = tmp_path / "code" / "pods.py"
    path.parent.mkdir()
    path.write_text(FLOW)
    tester = testers[line]
    for name, keys in KEYS.items():
        tester.put_secret(name, keys)
    case = FlowCase(path, "PodsFlow", root=path.parent, targets={"airflow": SETTINGS})
    with tester.keeping_pods() as pods:
        outcome = run_airflow(case, tmp_path, tester)
        assert outcome.success, outcome.log[-4000:]
        start, end = (pods()[name] for name in ("start", "end"))
    run = RunAddress(outcome.flow, outcome.run_id)
    assert read(open_store(outcome.store), run.task("start"))["seen"] == ["ada $(HOME) $$", "o", "t", "kubernetes"], (
        "a Secret's text is nobody's template"
    )
    assert referred(start) == ["store-keys", "third", "films-db", "other"]
    assert referred(end) == ["store-keys"]
    spec, container = start["spec"], start["spec"]["containers"][0]
    assert [violations(pod["spec"]) for pod in (start, end)] == [[], []]
    assert spec["priorityClassName"] == "high"
    assert spec["nodeSelector"] == {"disk": "ssd"}
    assert spec["serviceAccountName"] == "runner"
    assert spec["imagePullSecrets"] == [{"name": "registry"}, {"name": "own"}]
    assert spec["tolerations"] == [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}]
    assert spec["activeDeadlineSeconds"] > 120
    assert {name: start["metadata"]["annotations"].get(name) for name in ANNOTATIONS} == ANNOTATIONS
    labels = [[pod["metadata"]["labels"][name] for name in ("cost", "team")] for pod in (start, end)]
    assert labels == [["lab", "films"], ["lab", "all"]]
    assert container["resources"]["requests"] == {"cpu": "2", "memory": "512Mi"}
    assert {mount["mountPath"] for mount in container["volumeMounts"]} >= {"/dev/shm", "/metaflow_temp", "/a"}
    assert {"/airflow/xcom"} & {mount["mountPath"] for mount in container["volumeMounts"]} == set(), (
        "it reports nothing"
    )


READ_ONLY = """
import os, tempfile

from flowc import FlowSpec, kubernetes, step


class ReadOnlyFlow(FlowSpec):
    @kubernetes(persistent_volume_claims={"claim": "/claim"}, security_context={"read_only_root_filesystem": True})
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.mark.every(3)
@pytest.mark.parametrize(
    ("settings", "places"),
    [
        ({}, {"start": ["flowc-tmp"], "end": []}),
        (
            {"container_security_context": {"readOnlyRootFilesystem": True}},
            {"start": ["flowc-tmp"], "end": ["flowc-tmp"]},
        ),
        (
            {
                "container_security_context": {"readOnlyRootFilesystem": True},
                "volumes": ({"name": "own", "emptyDir": {}},),
                "volume_mounts": ({"name": "own", "mountPath": "/tmp"},),
            },
            {"start": ["own"], "end": ["own"]},
        ),
    ],
)
def test_a_container_whose_root_cannot_be_written_has_a_place(
    testers: dict[str, DagTester], tmp_path: Path, settings: dict[str, Any], places: dict[str, list[str]]
) -> None:
    """One that is there, once, with the step's own volumes beside it."""
    path = tmp_path / "code" / "read_only.py"
    path.parent.mkdir()
    path.write_text(READ_ONLY)
    tester = testers[LINES[0]]
    with tester.keeping_pods() as pods:
        case = FlowCase(path, "ReadOnlyFlow", root=path.parent, targets={"airflow": settings})
        outcome = run_airflow(case, tmp_path, tester)
        assert outcome.success, outcome.log[-4000:]
        built = pods()
    for step, expected in places.items():
        spec = built[step]["spec"]
        mounts = [each["name"] for each in spec["containers"][0]["volumeMounts"] if each["mountPath"] == "/tmp"]
        assert mounts == expected
        volumes = [each for each in spec["volumes"] if each["name"] in mounts]
        assert [each["emptyDir"] is not None for each in volumes] == [True] * len(expected)
    assert "/claim" in {each["mountPath"] for each in built["start"]["spec"]["containers"][0]["volumeMounts"]}
