"""A flow's text, compiled for Kubeflow Pipelines."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import yaml
from flowc_kfp import BACKEND

from compiler.backends import Options
from compiler.diagnostics import Report
from compiler.ir.plan import Plan
from compiler.ir.planner import plan
from compiler.pipeline import emit_plan, read_flow
from compiler.slotted_class import replaced
from tests.engines.argo_tags import Json
from tests.engines.kfp_metadata import Spec, object_of
from tests.engines.kfp_reading import read_pipeline
from tests.engines.venvs import venv

ROOT = Path(__file__).parents[2]
OPTIONS = Options(default_image="case:0", store="s3://flows/store")
SDK = ROOT / "tests" / "engines" / "kfp_sdk.py"


def planned(text: str, folder: Path) -> Plan:
    """The plan of a flow of this text."""
    path = folder / "flow.py"
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    report = Report()
    flow = read_flow(path, report, root=folder)
    assert flow is not None, [finding.message for finding in report]
    return plan(flow)


def codes(text: str, folder: Path, **options: object) -> set[str]:
    """The codes of the errors for which nothing is written."""
    report = Report()
    files = emit_plan(planned(text, folder), BACKEND, replaced(OPTIONS, **options), report)
    found = {finding.rule.code for finding in report if finding.rule.severity == "error"}
    assert bool(found) != bool(files)
    return found


def pipeline(text: str, folder: Path, **options: object) -> tuple[Spec, dict[str, Json]]:
    """The specification, which the strict reader takes, and what Kubernetes is told of each executor."""
    report = Report()
    (file,) = emit_plan(planned(text, folder), BACKEND, replaced(OPTIONS, **options), report)
    found = read_pipeline(file.text)
    return found.spec, found.platform


def container(spec: Spec, label: str) -> Spec:
    """The container of an executor."""
    return object_of(object_of(object_of(object_of(spec["deploymentSpec"])["executors"])[label])["container"])


def documents(text: str) -> list[Json]:
    """The documents of a file."""
    return list(yaml.safe_load_all(text))


def sdk(*words: str, cwd: Path | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
    """Kubeflow's SDK in its own environment does what `tests/engines/kfp_sdk.py` says."""
    folder = venv("kfp") / "bin"
    environment = {
        "PATH": f"{folder}:{os.environ['PATH']}",
        "HOME": str(cwd or ROOT),
        "FLOWC_PYTHON": sys.executable,
        "PYTHONDONTWRITEBYTECODE": "1",
        **variables,
    }
    # its own folder holds a module of the name of the SDK's package
    command = [str(folder / "python"), "-P", "-W", "ignore", str(SDK), *words]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
