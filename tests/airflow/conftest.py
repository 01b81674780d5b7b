"""Airflows that the tests of this folder share: each starts when the first test asks, and ends with the last."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.airflow.stage import Run
from tests.engines import FlowCase, Outcome
from tests.engines.airflow import DagTester
from tests.engines.airflow_flow import run_airflow
from tests.engines.airflow_scheduler import Scheduler


@pytest.fixture(scope="package")
def scheduler() -> Iterator[Scheduler]:
    """The real scheduler of Airflow 3, whose tests are of one group: it works as long as it is there."""
    with Scheduler() as running:
        yield running


@pytest.fixture
def run(testers: dict[str, DagTester], tmp_path: Path) -> Run:
    """Run the text of a flow file on a line of Airflow."""

    def run_on(line: str, flow: str, text: str, parameters: dict[str, object], operator: str) -> Outcome:
        path = tmp_path / "code" / f"{flow.lower()}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        case = FlowCase(path, flow, parameters, root=path.parent)
        return run_airflow(case, tmp_path, testers[line], operator=operator)

    return run_on
