"""The engines of the tests run containers as the user of an image, whose code is not its to write."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from flowc.artifacts.address import RunAddress
from flowc.artifacts.manifest import read
from flowc.store import open_store

from tests.engines import FlowCase, Outcome
from tests.engines.airflow import DagTester
from tests.engines.airflow_flow import run_airflow
from tests.engines.argo_case import run_argo
from tests.engines.rights import GROUP, USER, prefix
from tests.engines.stepfunctions_case import run_stepfunctions

TEXT = """
import os, tempfile
from pathlib import Path
from flowc import FlowSpec, step

class RightsFlow(FlowSpec):
    @step
    def start(self):
        self.user = os.getuid(), os.getgid(), os.getgroups()
        self.code = os.access(os.path.dirname(os.path.abspath(__file__)), os.W_OK)
        (Path.home() / "cache").mkdir()
        (Path.home() / "cache" / "kept").write_text("kept")
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("gone")
        self.next(self.end)

    @step
    def end(self):
        pass
"""
"""What it leaves: `user` (its id, its group and its other groups) and `code` (whether it may write beside its code)."""

pytestmark = pytest.mark.skipif(not prefix(), reason="only root can be another user")


@pytest.fixture
def case(tmp_path: Path) -> FlowCase:
    """The flow that tells."""
    path = tmp_path / "code" / "rights.py"
    path.parent.mkdir()
    path.write_text(TEXT)
    return FlowCase(path, "RightsFlow")


@pytest.mark.parametrize("engine", [run_argo, run_stepfunctions])
def test_a_container_is_the_users_of_an_image(engine: object, case: FlowCase, tmp_path: Path) -> None:
    assert callable(engine)
    _told(engine(case, tmp_path / "run"))


@pytest.mark.xdist_group("airflow 2")
def test_a_pod_of_airflow_is_the_users_of_an_image(
    case: FlowCase, testers: Mapping[str, DagTester], tmp_path: Path
) -> None:
    _told(run_airflow(case, tmp_path / "run", testers["af2"]))


def _told(outcome: Outcome) -> None:
    assert outcome.success, outcome.log[-3000:]
    start = read(open_store(outcome.store), RunAddress(outcome.flow, outcome.run_id).task("start"))
    assert start["user"] == (USER, GROUP, [])
    assert not start["code"]
