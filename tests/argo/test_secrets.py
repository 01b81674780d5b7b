"""`@secrets` on targets: a Kubernetes Secret, one of Secrets Manager, and what neither can do."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from flowc.artifacts.address import RunAddress
from flowc.artifacts.manifest import read
from flowc.store import open_store

from compiler.backends import Backend, Options
from compiler.backends.targets import load_backend
from compiler.pipeline import compile_flow
from compiler.slotted_class import replaced
from tests.argo.source import OPTIONS, documents, found, source, template
from tests.engines.argo import NAMESPACE, run_workflow
from tests.engines.argo_nodes import obj
from tests.engines.argo_pods import Host
from tests.stages.container import SHIM

BODY = """
    @step
    def start(self):
        import os
        self.told = [os.environ["USER_NAME"], "USER_NAME" in os.environ]
        self.next(self.end)
"""


def target(name: str) -> Backend:
    """One of ours."""
    backend = load_backend(name)
    assert backend
    return backend


def refused(decorator: str, name: str, folder: Path) -> list[str]:
    """The codes of what a target finds."""
    (folder / "flow.py").write_text(source(start=decorator))
    return [each.rule.code for each in compile_flow(folder / "flow.py", target(name), Options(default_image="f:0"))[1]]


def test_keys_of_a_kubernetes_secret_are_variables_of_the_pod(tmp_path: Path) -> None:
    """The pod gets them, with those that the decorator of Kubernetes names; the step finds them."""
    decorators = "@secrets(sources=['db', 'kubernetes.other'])\n    @kubernetes(secrets=['third', 'db'])"
    store = f"file:{tmp_path / 'store'}"
    manifest, _ = found(source(start=decorators, body=BODY), tmp_path, replaced(OPTIONS, store=store))
    secrets = {"db": {"USER_NAME": "ada"}, "other": {"A": "1"}, "third": {"B": "2"}}
    environment = {"PYTHONPATH": str(SHIM), "PYTHONDONTWRITEBYTECODE": "1"}
    host = Host(
        tmp_path / "pods", tmp_path, environment=environment, commands={"python": (sys.executable,)}, secrets=secrets
    )
    result = run_workflow(manifest, host=host)
    assert result.succeeded, result.log
    run = RunAddress("F", f"argo-{NAMESPACE}-{result.name}")
    assert read(open_store(store), run.task("start"))["told"] == ["ada", True]


def test_a_secret_is_the_steps_alone(tmp_path: Path) -> None:
    """Other steps share a container without it."""
    (document,) = documents(source(start="@secrets(sources=['db'])"), tmp_path)
    containers = {name: obj(template(document, name)["container"]) for name in ("start", "step")}
    assert containers["start"]["envFrom"] == [{"secretRef": {"name": "db"}}]
    assert {"name": "FLOWC_SECRETS", "value": "kubernetes"} in containers["start"]["env"]  # type: ignore[operator]
    assert "envFrom" not in containers["step"]
    assert "env" not in containers["step"]


def test_a_job_is_told_where_its_secrets_are(tmp_path: Path) -> None:
    """In a definition of its own; nothing of the secret but its name is in the code, and not even that in the output."""
    (tmp_path / "flow.py").write_text(source(start="@secrets(sources=['films/db'], role='arn:x')"))
    files, report = compile_flow(tmp_path / "flow.py", target("step-functions"), Options(default_image="f:0"))
    assert not report.failed
    jobs = json.loads(files[1].text)
    told = {"name": "FLOWC_SECRETS", "value": "aws-secrets-manager"}
    assert [told in job["containerProperties"]["environment"] for job in jobs.values()] == [True, False]


def test_airflow_hands_secrets_to_the_pod(tmp_path: Path) -> None:
    """As it does those of the decorator of Kubernetes."""
    (tmp_path / "flow.py").write_text(source(start="@secrets(sources=['db'])\n    @kubernetes(secrets='third')"))
    files, report = compile_flow(tmp_path / "flow.py", target("airflow"), Options(default_image="f:0"))
    assert not report.failed
    assert 'V1SecretEnvSource(name="third")' in files[0].text
    assert 'V1SecretEnvSource(name="db")' in files[0].text
    assert '"FLOWC_SECRETS": "kubernetes"' in files[0].text


@pytest.mark.parametrize("name", ["argo", "airflow"])
@pytest.mark.parametrize(
    "decorator",
    [
        "@secrets(sources=['My_Secret'])",
        "@secrets(sources=['db'], role='arn:x')",
        "@secrets(sources=[{'type': 'kubernetes', 'id': 'db', 'options': {'json': False}}])",
        "@secrets(sources=[{'id': 'db', 'options': {'region': 'eu-west-1'}}])",
    ],
)
def test_what_a_kubernetes_secret_cannot_be_is_refused(decorator: str, name: str, tmp_path: Path) -> None:
    """A name that Kubernetes does not take, and what only Secrets Manager has; said as one of the latter it is fine."""
    assert set(refused(decorator, name, tmp_path)) == {"FC623"}
    assert refused("@secrets(sources=['aws-secrets-manager.My_Secret'], role='arn:x')", name, tmp_path) == []


def test_step_functions_has_no_kubernetes(tmp_path: Path) -> None:
    """A secret that is said to be one of Kubernetes is refused there."""
    assert refused("@secrets(sources=['kubernetes.db'])", "step-functions", tmp_path) == ["FC624"]
