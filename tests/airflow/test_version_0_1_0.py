"""DAG files that 0.1.0 compiled, on today's runtime: the artifacts are those of 0.1.0's local run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.results import against_local, read_result
from tests.engines import Outcome
from tests.engines.airflow import DagTester
from tests.engines.airflow_flow import Compiled, run_compiled
from tests.version_0_1_0 import FLOWS, OUTPUTS, STORE
from tests.version_0_1_0.compiled import CASES, placed, renamed

pytestmark = pytest.mark.xdist_group("airflow 3")


@pytest.mark.parametrize(("flow", "file"), [("FanFlow", "shapes_airflow.py"), ("CaughtFlow", "failures_airflow.py")])
def test_airflow_3_runs_what_0_1_0_compiled(
    flow: str, file: str, testers: dict[str, DagTester], tmp_path: Path
) -> None:
    text = placed(OUTPUTS / "airflow" / file, tmp_path)
    compiled = Compiled(flow, text, f"file:{tmp_path / 'store'}")
    outcome = run_compiled(CASES[flow].case, compiled, testers["af3"], "bash")
    kept = read_result(Outcome(flow, CASES[flow].run, f"file:{STORE}", True, ""), FLOWS)
    assert list(against_local(renamed(kept), read_result(outcome, FLOWS))) == [], outcome.log
