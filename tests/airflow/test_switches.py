"""Switches give on Airflow what they give locally, wherever arms part and meet."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.airflow.switching import switching
from tests.conformance.results import against_local, read_result
from tests.engines import FlowCase
from tests.engines.airflow import DagTester
from tests.engines.airflow_flow import run_airflow
from tests.engines.local import run_local

SEEDS = {
    ("af3", "kubernetes"): range(6),
    ("af2", "kubernetes"): range(6, 11),
    ("af3", "bash"): range(11, 13),
}


@pytest.mark.every(2)
@pytest.mark.parametrize(("line", "operator", "seed"), [(*way, seed) for way, seeds in SEEDS.items() for seed in seeds])
def test_generated_switches_give_what_the_local_run_gives(
    testers: dict[str, DagTester], tmp_path: Path, line: str, operator: str, seed: int
) -> None:
    path = tmp_path / "code" / "switching.py"
    path.parent.mkdir()
    path.write_text(switching(seed))
    case = FlowCase(path, "SwitchingFlow", {"salt": seed}, root=path.parent)
    local = read_result(run_local(case, tmp_path / "local"), path.parent)
    outcome = run_airflow(case, tmp_path / "airflow", testers[line], operator=operator)
    differences = list(against_local(local, read_result(outcome, path.parent)))
    assert not differences, f"{differences}\n{path.read_text()}\n{outcome.log[-4000:]}"
