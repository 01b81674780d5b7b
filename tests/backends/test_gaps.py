"""What a target lacks it provably lacks: the feature put where work stands, and what the engine's own grammar says to that."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from compiler.backends import Options
from compiler.backends.targets import BUILT_IN, load_backend
from compiler.ir.plan import Feature
from compiler.ir.planner import plan
from tests.engines.argo_yaml import ManifestError, read_manifests
from tests.engines.stepfunctions_lint import asl_validator
from tests.stages.plans import flow

SHOWN = {("argo", "sensor"), ("step-functions", "sensor")}
"""The gaps that a test below proves."""


def test_every_gap_has_a_proof_and_a_way_round() -> None:
    found = set[tuple[str, Feature]]()
    for target in BUILT_IN:
        backend = load_backend(target)
        assert backend is not None
        assert all(gap.reason and gap.way_round for gap in backend.gaps.values())
        found |= {(target, feature) for feature in backend.gaps}
    assert found == SHOWN


def test_argo_has_no_template_that_is_a_sensor() -> None:
    backend = load_backend("argo")
    assert backend is not None
    text = backend.emit(plan(flow(start="end", end="")), Options(default_image="f:0"))[0].text
    assert read_manifests(text)
    assert "  container:" in text
    with pytest.raises(ManifestError, match="sensor"):
        read_manifests(text.replace("  container:", "  sensor:"))


def test_step_functions_has_no_state_that_is_a_sensor(tmp_path: Path) -> None:
    machines = [
        json.dumps({"StartAt": "a", "States": {"a": {"Type": kind, "End": True}}}) for kind in ("Pass", "Sensor")
    ]
    right, wrong = (asl_validator(machine, tmp_path) for machine in machines)
    assert not right
    assert wrong
