"""The overlay of `examples/fleet` for production, as the real Kustomize builds it, and what it makes run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conformance.results import read_result
from tests.engines import FlowCase
from tests.engines.argo_case import store_of, submit
from tests.engines.local import run_local
from tests.fleet.example import fleet
from tests.stages.kustomize import build

__all__ = ["fleet"]

STORE = "s3://fleet-prod/flows"


def _built(fleet: Path) -> list[Any]:
    return list(yaml.safe_load_all(build(fleet / "deploy/argo/prod")))


def test_all_that_is_built_is_production_s_own(fleet: Path) -> None:
    documents = _built(fleet)
    assert {each["metadata"]["namespace"] for each in documents} == {"flows"}
    names = {(each["kind"], each["metadata"]["name"]) for each in documents}
    for flow in ("prod-limits", "prod-backtest"):
        assert {(kind, flow) for kind in ("WorkflowTemplate", "CronWorkflow", "ServiceAccount", "RoleBinding")} <= names
    assert all(name.startswith("prod-") for _, name in names)
    assert "staging" not in yaml.safe_dump_all(documents)


@pytest.mark.parametrize(("name", "flow"), [("limits", "Limits"), ("backtest", "Backtest")])
def test_a_flow_of_the_overlay_runs_as_it_does_here(name: str, flow: str, fleet: Path, tmp_path: Path) -> None:
    """On the interpreter of the other tests, with the artifacts of a local run; its store alone is another place."""
    of_flow = [each for each in _built(fleet) if each["metadata"]["name"] == f"prod-{name}"]
    manifest = yaml.safe_dump_all(
        [each for each in of_flow if each["kind"] in ("WorkflowTemplate", "CronWorkflow")], sort_keys=False
    )
    assert manifest.count(STORE) == 1
    case = FlowCase(fleet / f"teams/risk/{name}.py", flow, root=fleet)
    outcome = submit(manifest.replace(STORE, store_of(tmp_path / "run")), case, tmp_path / "run")
    assert outcome.success, outcome.log
    expected = read_result(run_local(case, tmp_path / "local"), fleet)
    assert expected.success
    assert read_result(outcome, fleet).tasks == expected.tasks
