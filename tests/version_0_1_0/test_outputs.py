"""What 0.1.0 compiled, with today's runtime in the containers: the artifacts are those of today's local run, and of 0.1.0's."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.conformance.results import Result, against_local, read_result
from tests.engines import Outcome
from tests.engines.argo_case import NODES, submit
from tests.engines.local import run_local
from tests.engines.stepfunctions_case import Machine, execute
from tests.version_0_1_0 import FLOWS, OUTPUTS, STORE
from tests.version_0_1_0.compiled import CASES, placed, renamed

Local = Callable[[str], Result]
each_flow = pytest.mark.parametrize("flow", CASES)


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Local:
    """Today's local run of a flow, made once."""

    @cache
    def run(flow: str) -> Result:
        return read_result(run_local(CASES[flow].case, tmp_path_factory.mktemp(flow)), FLOWS)

    return run


@each_flow
def test_todays_local_run_gives_what_that_of_0_1_0_gave(flow: str, local: Local) -> None:
    kept = read_result(Outcome(flow, CASES[flow].run, f"file:{STORE}", True, ""), FLOWS)
    assert list(against_local(renamed(kept), local(flow))) == []


@each_flow
def test_argo_runs_what_0_1_0_compiled(flow: str, local: Local, tmp_path: Path) -> None:
    text = placed(OUTPUTS / "argo" / CASES[flow].manifest, tmp_path)
    outcome = submit(text, CASES[flow].case, tmp_path, workers=NODES)
    assert list(against_local(local(flow), read_result(outcome, FLOWS))) == [], outcome.log


@each_flow
def test_step_functions_runs_what_0_1_0_compiled(flow: str, local: Local, tmp_path: Path) -> None:
    states, jobs = ((OUTPUTS / "step-functions" / f"{flow}.{kind}.json").read_text("utf-8") for kind in ("asl", "jobs"))
    outcome = execute(Machine(flow, states, jobs), CASES[flow].case, tmp_path)
    assert list(against_local(local(flow), read_result(outcome, FLOWS))) == [], outcome.log
