"""Every pod of the output passes the level `restricted`, and loosens only what a step or a setting says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from compiler.backends import Options
from compiler.backends.airflow import BACKEND as AIRFLOW
from compiler.backends.argo import BACKEND as ARGO
from compiler.backends.pod_security import POD, is_pod_context, is_security_context, of_pods, own_security
from compiler.ir.flow import Value
from compiler.pipeline import compile_flow
from tests.engines.airflow import LINES
from tests.engines.airflow_pods import pods_of
from tests.engines.argo_yaml import read_manifests
from tests.engines.pod_security import argo_pods, violations

ROOT = Path(__file__).parents[1]
GOLDEN = sorted(path.parent for path in (ROOT / "golden").glob("*/argo.yaml"))

FLOW = """from flowc import *


def told(run):
    pass


@exit_hook(on_success=[told], on_error=[told])
@trigger_on_finish(flow="Other")
class F(FlowSpec):
    @kubernetes(
        use_tmpfs=True, shared_memory=64, persistent_volume_claims={"c": "/data"}, ephemeral_volume_claims={"e": "/made"}
    )
    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.body, foreach="items")

    STEP
    @step
    def body(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
PLAIN = FLOW.replace("STEP", "")
SAID: dict[str, tuple[dict[str, Any], list[str]]] = {
    "{'run_as_user': 0}": ({"runAsUser": 0, "runAsNonRoot": False}, ["runAsNonRoot", "runAsUser"]),
    "{'runAsUser': 7}": ({"runAsUser": 7}, []),
    "{'privileged': True}": (
        {"privileged": True, "allowPrivilegeEscalation": True},
        ["privileged", "allowPrivilegeEscalation"],
    ),
    "{'capabilities': {'add': ['SYS_PTRACE']}}": (
        {"capabilities": {"add": ["SYS_PTRACE"], "drop": ["ALL"]}},
        ["capabilities.add"],
    ),
    "{'allow_privilege_escalation': None, 'read_only_root_filesystem': True}": ({"readOnlyRootFilesystem": True}, []),
}
"""What a step may say of its container, what stands there then, and what the level has against it."""
SETTINGS: dict[str, tuple[dict[str, Value], list[str]]] = {
    "any user": ({"security_context": {}}, ["runAsNonRoot", "seccompProfile"]),
    "own pod": ({"security_context": {"runAsNonRoot": True, "seccompProfile": {"type": "Localhost"}}}, []),
    "any rights": ({"container_security_context": {}}, ["allowPrivilegeEscalation", "capabilities.drop"]),
    "own rights": (
        {"container_security_context": {"capabilities": {"drop": ("ALL",)}}},
        ["allowPrivilegeEscalation"],
    ),
}
"""What the settings loosen."""


def _variant(said: str) -> str:
    return f"said {list(SAID).index(said)}"


VARIANTS: dict[str, tuple[str, dict[str, Value]]] = {
    "plain": (PLAIN, {}),
    **{_variant(said): (FLOW.replace("STEP", f"@kubernetes(security_context={said})"), {}) for said in SAID},
    **{name: (PLAIN, settings) for name, (settings, _) in SETTINGS.items()},
}
"""Flows and settings by name."""

GOOD: dict[str, Any] = {
    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    "containers": [{"securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}],
}


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({}, []),
        ({"hostNetwork": True}, ["hostNetwork"]),
        ({"volumes": [{"name": "a", "hostPath": {"path": "/"}}]}, ["volume hostPath"]),
        ({"securityContext": {"runAsNonRoot": True}}, ["seccompProfile"]),
        ({"securityContext": {"seccompProfile": {"type": "RuntimeDefault"}}}, ["runAsNonRoot"]),
        ({"initContainers": [{}]}, ["allowPrivilegeEscalation", "capabilities.drop"]),
    ],
)
def test_the_check_of_the_level_sees_what_it_refuses(change: dict[str, Any], wrong: list[str]) -> None:
    assert violations({**GOOD, **change}) == wrong


@pytest.mark.parametrize("folder", GOLDEN, ids=lambda path: path.name)
def test_the_pods_of_the_examples_are_restricted_on_argo(folder: Path) -> None:
    (template, *_) = read_manifests((folder / "argo.yaml").read_text(encoding="utf-8"))
    pods = argo_pods(template)
    assert pods
    assert {name: violations(spec) for name, spec in pods.items()} == {key: [] for key in pods}


by_airflow = pytest.mark.xdist_group("pod security")
"""One worker has Airflow build the pods."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, dict[str, Any]]]:
    """The pods of the examples and of this module's variants, as Airflow 3 builds them: all at once, it is slow to start."""
    folder = tmp_path_factory.mktemp("airflow")
    files: dict[str, Path] = {}
    for each in GOLDEN:  # where Airflow imports a file, Python leaves another beside it
        files[each.name] = folder / each.name / "airflow.py"
        files[each.name].parent.mkdir()
        files[each.name].write_bytes((each / "airflow.py").read_bytes())
    for name, (text, settings) in VARIANTS.items():
        (folder / name).mkdir()
        files[name] = _written(text, folder / name, "airflow", settings)
    found = pods_of("af3", list(files.values()), folder)
    return {name: {task: pod["spec"] for task, pod in found[file].items()} for name, file in files.items()}


@by_airflow
@pytest.mark.parametrize("example", [*(folder.name for folder in GOLDEN), "plain"])
def test_the_pods_of_the_examples_are_restricted_on_airflow(
    example: str, built: dict[str, dict[str, dict[str, Any]]]
) -> None:
    pods = built[example]
    assert {name: violations(spec) for name, spec in pods.items()} == {key: [] for key in pods}


@by_airflow
@pytest.mark.parametrize("line", LINES)
def test_the_container_beside_a_step_that_reports_is_restricted(
    line: str, built: dict[str, dict[str, dict[str, Any]]], tmp_path: Path
) -> None:
    start = built["plain"]["start"]
    if line != LINES[0]:
        file = _written(PLAIN, tmp_path, "airflow")
        start = pods_of(line, [file], tmp_path)[file]["start"]["spec"]
    assert len(start["containers"]) == 2
    assert violations(start) == []


def test_every_kind_of_pod_is_restricted_on_argo(tmp_path: Path) -> None:
    """Steps with volumes, exit hooks, and the two pods of Argo Events."""
    source, sensor, template = _documents(PLAIN, tmp_path)
    pods = argo_pods(template)
    assert {"start", "step", "exit-hook"} <= set(pods)
    for document in (source, sensor):
        described = document["spec"]["template"]
        pods[document["kind"]] = {**described, "containers": [described["container"]]}
    assert {name: violations(spec) for name, spec in pods.items()} == {key: [] for key in pods}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_is_for_the_pods_of_argo_events_too(name: str, tmp_path: Path) -> None:
    """Their image is root's: without a user of the manifest's, `runAsNonRoot` would keep them from starting."""
    settings, wrong = SETTINGS[name]
    plain, *_ = _documents(PLAIN, tmp_path)
    assert plain["spec"]["template"]["securityContext"]["runAsUser"] > 0
    for document in _documents(PLAIN, tmp_path, settings)[:2]:
        described = document["spec"]["template"]
        assert violations({**described, "containers": [described.get("container", {})]}) == wrong


@by_airflow
@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize("target", ["argo", "airflow"])
def test_a_step_loosens_what_it_says_and_nothing_else(
    target: str, said: str, built: dict[str, dict[str, dict[str, Any]]], tmp_path: Path
) -> None:
    """Also in the words of Kubernetes' Python client, which Metaflow takes; and so that the API takes the pod."""
    fields, wrong = SAID[said]
    body, first = _two(target, _variant(said), built, tmp_path)
    assert fields.items() <= body["containers"][0]["securityContext"].items()
    assert (violations(body), violations(first)) == (wrong, [])


@by_airflow
@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("target", ["argo", "airflow"])
def test_a_setting_stands_instead_of_the_default(
    target: str, name: str, built: dict[str, dict[str, dict[str, Any]]], tmp_path: Path
) -> None:
    for pod in _two(target, name, built, tmp_path):
        assert violations({**pod, "containers": pod["containers"][:1]}) == SETTINGS[name][1]


@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        ({"pod_template_file": "/pod.yaml"}, set()),
        ({"pod_template_dict": {"spec": {"securityContext": {}}}}, {"container_security_context"}),
        ({"pod_template_dict": {"spec": {"containers": ({"securityContext": {}},)}}}, {"security_context"}),
        ({"pod_template_dict": {"spec": {"dnsPolicy": "None"}}}, {"security_context", "container_security_context"}),
        ({"pod_template_file": "/pod.yaml", "security_context": {"runAsUser": 5}}, {"security_context"}),
    ],
)
def test_a_pod_to_start_from_says_itself_what_it_may(
    settings: dict[str, Value], kept: set[str], tmp_path: Path
) -> None:
    """What flowc gives an operator would stand over it."""
    text = _written(PLAIN, tmp_path, "airflow", settings).read_text(encoding="utf-8")
    assert {
        name for name in ("security_context", "container_security_context") if f'        "{name}": ' in text
    } == kept


@pytest.mark.parametrize(
    ("value", "good"),
    [
        ({"runAsUser": 1}, True),
        ({"run_as_user": 1}, True),
        ({"run_as_user": None, "runAsNonRoot": False}, True),
        ({"runAs": 1}, False),
        ({"runAsUser": "1"}, False),
        ({"runAsUser": True}, False),
        ({"runAsNonRoot": "true"}, False),
        ("none", False),
        ({}, True),
    ],
)
def test_a_context_has_the_fields_of_one(value: Value, good: bool) -> None:
    """A number that is a text is what the command line makes of `runAsUser=5`, and what the API refuses."""
    assert is_security_context(value) == good
    assert is_pod_context(value) == good


def test_a_pod_and_a_container_have_fields_of_their_own() -> None:
    assert is_pod_context({"fsGroup": 1}) > is_security_context({"fsGroup": 1})
    assert is_security_context({"privileged": True}) > is_pod_context({"privileged": True})


def test_what_is_said_stays_as_it_is_said() -> None:
    """Also where Kubernetes will refuse it: nobody's word is turned round."""
    said = own_security({"privileged": True, "allowPrivilegeEscalation": False, "se_linux_options": {"level": "s0"}})
    assert said == {"privileged": True, "allowPrivilegeEscalation": False, "seLinuxOptions": {"level": "s0"}}


def _written(text: str, folder: Path, target: str, settings: dict[str, Value] | None = None) -> Path:
    path = folder / "flow.py"
    path.write_text(text, encoding="utf-8")
    options = Options(default_image="f:0", namespace="n", target=settings or {})
    files, report = compile_flow(path, ARGO if target == "argo" else AIRFLOW, options)
    assert files, list(report)
    written = folder / files[0].name
    written.write_text(files[0].text, encoding="utf-8")
    return written


def _documents(text: str, folder: Path, settings: dict[str, Value] | None = None) -> list[dict[str, Any]]:
    """The EventSource, the Sensor and the WorkflowTemplate."""
    manifest = _written(text, folder, "argo", settings).read_text(encoding="utf-8")
    return sorted(read_manifests(manifest), key=lambda document: str(document["kind"]))


def _two(
    target: str, name: str, built: dict[str, dict[str, dict[str, Any]]], folder: Path
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The pods of the step in the foreach and of the first, of one variant."""
    if target == "argo":
        pods = argo_pods(_documents(VARIANTS[name][0], folder, VARIANTS[name][1])[-1])
        return pods.get("step-body", pods["step"]), pods["start"]
    (body,) = (pod for task, pod in built[name].items() if task.endswith("body"))
    return body, built[name]["start"]


GROUPS: dict[str, tuple[dict[str, Value], object]] = {
    "a user": ({"runAsUser": 7}, 7),
    "a user by the client's name": ({"run_as_user": 7}, 7),
    "a group": ({"runAsUser": 7, "runAsGroup": 8}, 8),
    "its own": ({"runAsUser": 7, "fsGroup": 9}, 9),
    "none": ({}, None),
    "root": ({"runAsUser": 0}, None),
}


@pytest.mark.parametrize("case", GROUPS)
def test_the_volumes_of_a_user_are_its_to_write(case: str) -> None:
    """A user that the settings name can write to a claim, as the one can that stands where they say nothing."""
    context, group = GROUPS[case]
    assert of_pods(context).get("fsGroup") == group
    assert POD["fsGroup"] == POD["runAsUser"]
