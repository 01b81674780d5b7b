"""Accounts with the least rights, and folders that Kustomize understands, by what Kustomize itself makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from compiler.backends import Options
from compiler.backends.argo import BACKEND
from compiler.diagnostics import Report
from compiler.pipeline import compile_flow
from compiler.slotted_class import replaced
from tests.argo.source import OPTIONS, found, source
from tests.conformance.results import read_result
from tests.engines import FlowCase
from tests.engines.argo import NAMESPACE
from tests.engines.argo_case import store_of, submit
from tests.engines.argo_events import created, watched
from tests.engines.local import run_local
from tests.stages.command_line import Flowc, flowc
from tests.stages.kustomize import build

__all__ = ["flowc"]

FIRST = """
from flowc import FlowSpec, Parameter, kubernetes, retry, schedule, secrets, step


@schedule(daily=True)
class FirstFlow(FlowSpec):
    top = Parameter("top", default=2)

    @step
    def start(self):
        self.numbers = list(range(self.top))
        self.next(self.square, foreach="numbers")

    @kubernetes(image="team/own:1")
    @retry(times=1, minutes_between_retries=0)
    @step
    def square(self):
        self.result = self.input**2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.total = sum(each.result for each in inputs)
        self.text = "{{workflow.name}} ${HOME} it's"
        self.next(self.end)

    @step
    def end(self):
        pass
"""
AFTER = """
from flowc import FlowSpec, kubernetes, secrets, step, trigger_on_finish


@trigger_on_finish(flows=["FirstFlow", "OutsideFlow"])
class AfterFlow(FlowSpec):
    @secrets(sources=["password"])
    @kubernetes(persistent_volume_claims={"claim": "/data"})
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
OVERLAY = """
resources: [../base, claim.yaml]
namePrefix: dev-
nameSuffix: -x
namespace: team
images:
- {name: firstflow, newName: registry.example.com/first, newTag: v2}
- {name: team/own, digest: 'sha256:24a0c4b4a4c0eb97a1aabb8e29f18e917d05abfe1b7a7c07857230879ce7d3d3'}
secretGenerator:
- {name: password, literals: [A=b]}
"""
CLAIM = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: claim, namespace: base}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""
Objects = Mapping[tuple[str, str], Any]


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flowc: Flowc) -> Path:
    """A folder of two flows, each compiled by a call of its own, and an overlay over it."""
    monkeypatch.chdir(tmp_path)
    settings = f'namespace = "base"\nkustomize = true\nrbac = true\nimage = "firstflow:1"\nstore = "{store_of(tmp_path / "run")}"\n'
    Path("pyproject.toml").write_text(f"[tool.flowc.argo]\n{settings}")
    for name, text in (("first.py", FIRST), ("after.py", AFTER)):
        Path(name).write_text(text)
        assert flowc("argo", "create", name, "-o", "base/").code == 0
    Path("dev").mkdir()
    Path("dev/kustomization.yaml").write_text(OVERLAY)
    Path("dev/claim.yaml").write_text(CLAIM)
    return tmp_path


def objects_of(text: str) -> Objects:
    return {(each["kind"], each["metadata"]["name"]): each for each in yaml.safe_load_all(text)}


def only(text: str, *kinds: str) -> str:
    """The documents of these kinds."""
    kept = [each for each in yaml.safe_load_all(text) if each["kind"] in kinds]
    return yaml.safe_dump_all(kept, sort_keys=False)


def images_of(template: Any) -> set[str]:
    return {each["container"]["image"] for each in template["spec"]["templates"] if "container" in each}


def test_an_overlay_renames_moves_and_pins(base: Path) -> None:
    """Whatever names a template, an account, a claim, a Secret or an EventSource of the folder names it by its new name."""
    made = objects_of(build(base / "dev"))
    assert {each["metadata"]["namespace"] for each in made.values()} == {"team"}
    first, after = (made["WorkflowTemplate", f"dev-{name}-x"] for name in ("first-flow", "after-flow"))
    assert images_of(first) == {
        "registry.example.com/first:v2",
        "team/own@sha256:24a0c4b4a4c0eb97a1aabb8e29f18e917d05abfe1b7a7c07857230879ce7d3d3",
    }
    assert first["spec"]["templateDefaults"]["container"]["image"] == "registry.example.com/first:v2"
    cron = made["CronWorkflow", "dev-first-flow-x"]["spec"]["workflowSpec"]
    assert cron["workflowTemplateRef"]["name"] == "dev-first-flow-x"
    assert first["spec"]["serviceAccountName"] == "dev-first-flow-x"
    start = next(each for each in after["spec"]["templates"] if each["name"] == "start")
    assert start["volumes"] == [{"name": "claim-0", "persistentVolumeClaim": {"claimName": "dev-claim-x"}}]
    ((source_of_variables),) = start["container"]["envFrom"]
    assert ("Secret", source_of_variables["secretRef"]["name"]) in made
    for kind in ("Sensor", "EventSource"):
        template = made[kind, "dev-after-flow-x"]["spec"]["template"]
        assert template["serviceAccountName"] == "dev-after-flow-events-x"
    for (kind, _), each in made.items():
        if kind == "RoleBinding":
            assert ("Role", each["roleRef"]["name"]) in made
            assert all(("ServiceAccount", one["name"]) in made for one in each["subjects"])
            assert {one["namespace"] for one in each["subjects"]} == {"team"}


def test_what_an_overlay_makes_runs_as_the_flow_does(base: Path) -> None:
    """On the interpreter of the other tests, with the artifacts of a local run."""
    manifest = only(build(base / "dev"), "WorkflowTemplate", "CronWorkflow")
    first = yaml.safe_dump_all(
        [each for each in yaml.safe_load_all(manifest) if "first" in each["metadata"]["name"]], sort_keys=False
    )
    case = FlowCase(base / "first.py", "FirstFlow", {"top": 3}, root=base)
    outcome = submit(first, case, base / "run")
    assert outcome.success, outcome.log
    expected = read_result(run_local(case, base / "local"), base)
    assert expected.success
    assert read_result(outcome, base).tasks == expected.tasks


def ended(template: str) -> Any:
    return {
        "metadata": {"name": f"{template}-abc", "namespace": "team", "uid": template},
        "spec": {"workflowTemplateRef": {"name": template}},
        "status": {"phase": "Succeeded", "finishedAt": "2026-01-02T03:04:05Z"},
    }


@pytest.mark.parametrize(
    ("first", "outside", "starts"),
    [
        ("dev-first-flow-x", "outside-flow", True),
        ("first-flow", "outside-flow", False),
        ("dev-first-flow-x", "dev-outside-flow-x", False),
        ("outside-flow", "dev-first-flow-x", False),
    ],
)
def test_a_renamed_flow_follows_renamed_flows(first: str, outside: str, starts: bool, base: Path) -> None:
    """Those of the folder by their new names, all others by their own; what is created names the renamed template."""
    manifest = only(build(base / "dev"), "Sensor", "EventSource")
    workflows = {"first-flow": ended(first), "outside-flow": ended(outside)}
    events = {name: watched(manifest, name, {}, each) for name, each in workflows.items()}
    assert None not in events.values()
    workflow: Any = created(manifest, events, "team")  # type: ignore[arg-type]  # none of them is None
    assert (workflow is not None) == starts
    if workflow:
        assert workflow["spec"]["workflowTemplateRef"]["name"] == "dev-after-flow-x"
        assert workflow["metadata"]["name"].startswith("dev-after-flow-x-")
        assert workflow["metadata"]["namespace"] == "team"


@pytest.mark.parametrize("namespace", [None, NAMESPACE])
def test_without_an_overlay_the_same_is_followed(namespace: str | None, tmp_path: Path) -> None:
    """With `kustomize` a Sensor decides which flow has ended, and in which namespace."""
    options = replaced(OPTIONS, namespace=namespace, target={"kustomize": True})
    manifest, _ = found(source(flow="@trigger_on_finish(flow='Other')"), tmp_path, options)
    for template, there, starts in (
        ("other", NAMESPACE, True),
        ("other2", NAMESPACE, False),
        ("other", "elsewhere", False),
    ):
        workflow = ended(template)
        workflow["metadata"]["namespace"] = there
        event = watched(manifest, "other", {}, workflow)
        assert (event is not None and created(manifest, {"other": event}) is not None) == starts


def test_a_folder_lists_the_flows_of_all_calls(base: Path, flowc: Flowc) -> None:
    """Those of earlier calls too, and no file that somebody else put there; a compile that changes nothing is up to date."""
    listed = yaml.safe_load((base / "base/kustomization.yaml").read_text())["resources"]
    assert listed == ["after-flow.rbac.yaml", "after-flow.yaml", "first-flow.rbac.yaml", "first-flow.yaml"]
    (base / "base/mine.yaml").write_text("kind: ConfigMap\n")
    for names in (("first.py",), ("after.py",), ("first.py", "after.py")):
        ended = flowc("argo", "create", *names, "-o", "base/", "--check")
        assert (ended.code, ended.out) == (0, "")
    note = "note: not printed: first-flow.rbac.yaml, kustomization.yaml, flowc-fields.yaml; -o with a folder writes all files\n"
    assert flowc("argo", "create", "first.py").err == note
    (base / "base/after-flow.yaml").unlink()
    assert flowc("argo", "create", "first.py", "-o", "base/", "--check").code == 1


RIGHTS: dict[str, tuple[str, dict[str, object], dict[str, list[tuple[str, str]]]]] = {
    "a flow": ("", {}, {"f": [("workflowtaskresults", "create patch")]}),
    "an account of the settings": (
        "",
        {"service_account": "flows"},
        {"flows": [("workflowtaskresults", "create patch")]},
    ),
    "a schedule": ("@schedule(daily=True)", {}, {"f": [("workflowtaskresults", "create patch")]}),
    "an event": (
        "@trigger(event='e')",
        {},
        {"f": [("workflowtaskresults", "create patch")], "f-events": [("workflows", "create")]},
    ),
    "another flow": (
        "@trigger_on_finish(flow='G')",
        {"sensor_service_account": "sensors"},
        {"f": [("workflowtaskresults", "create patch")], "sensors": [("workflows", "create list watch")]},
    ),
}


@pytest.mark.parametrize("case", RIGHTS)
def test_each_account_may_do_what_it_needs_and_no_more(case: str, tmp_path: Path) -> None:
    """Every account that a pod has is bound; those that the settings name are somebody else's to make."""
    decorator, target, expected = RIGHTS[case]
    path = tmp_path / "flow.py"
    path.write_text(source("@kubernetes(service_account='own')", flow=decorator))
    options = Options("f:0", namespace="n", target={"rbac": True, **target})  # type: ignore[arg-type]  # values of the table
    files, report = compile_flow(path, BACKEND, options)
    assert not list(report)
    manifest, accounts = (file.text for file in files)
    made = list(yaml.safe_load_all(accounts))
    assert {each["metadata"]["namespace"] for each in made} == {"n"}
    assert _bound(made) == {**expected, "own": [("workflowtaskresults", "create patch")]}
    assert _named(list(yaml.safe_load_all(manifest))) == set(_bound(made))
    brought = {each["metadata"]["name"] for each in made if each["kind"] == "ServiceAccount"}
    assert brought == set(expected) - {"flows", "sensors"}


def _bound(documents: list[Any]) -> dict[str, list[tuple[str, str]]]:
    roles = {each["metadata"]["name"]: each["rules"] for each in documents if each["kind"] == "Role"}
    bound: dict[str, list[tuple[str, str]]] = {}
    for each in documents:
        if each["kind"] == "RoleBinding":
            for subject in each["subjects"]:
                rules = roles[each["roleRef"]["name"]]
                assert all(rule["apiGroups"] == ["argoproj.io"] for rule in rules)
                bound[subject["name"]] = [(" ".join(rule["resources"]), " ".join(rule["verbs"])) for rule in rules]
    return bound


def _named(value: Any) -> set[str]:
    """Every account that a document names."""
    if isinstance(value, dict):
        own = {value["serviceAccountName"]} if "serviceAccountName" in value else set()
        return own.union(*map(_named, value.values()))
    return set().union(*map(_named, value)) if isinstance(value, list) else set()


@pytest.mark.parametrize("name", ["kustomization", "flowc-fields"])
def test_a_flow_does_not_take_kustomize_s_own_file(name: str, tmp_path: Path) -> None:
    path = tmp_path / "flow.py"
    path.write_text(source())
    options = Options("f:0", name=name)
    assert compile_flow(path, BACKEND, options)[0]
    files, report = compile_flow(path, BACKEND, replaced(options, target={"kustomize": True}))
    assert (files, _codes(report)) == ((), ["FC871"])


def _codes(report: Report) -> list[str]:
    return [each.rule.code for each in report]
