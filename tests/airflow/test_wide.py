"""Foreaches wider than Airflow maps over give what they give locally."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.airflow.switching import switching
from tests.conformance.results import against_local, read_result
from tests.engines import FlowCase
from tests.engines.airflow import DagTester
from tests.engines.airflow_flow import run_airflow
from tests.engines.local import run_local

ROWS = Path(__file__).resolve().parents[1] / "flows" / "rows.py"
WIDE = """
from flowc import FlowSpec, Parameter, step


class WideFlow(FlowSpec):
    width = Parameter("width", default=3)

    @step
    def start(self):
        self.items = range(self.width)
        self.next(self.body, foreach="items")

    @step
    def body(self):
        self.double = self.input * 2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.doubles = [each.double for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        assert self.doubles == [2 * each for each in range(self.width)]
"""
LIMIT = "AIRFLOW__CORE__MAX_MAP_LENGTH"


def _gives_the_same(case: FlowCase, folder: Path, tester: DagTester, limit: int, operator: str) -> str:
    """Airflow's log, where it gives what the local run gives."""
    local = read_result(run_local(case, folder / "local"), case.path.parent)
    outcome = run_airflow(case, folder / "airflow", tester, operator=operator, settings={LIMIT: str(limit)})
    differences = list(against_local(local, read_result(outcome, case.path.parent)))
    assert not differences, f"{differences}\n{outcome.log[-6000:]}"
    return outcome.log


@pytest.mark.every(4)
@pytest.mark.parametrize(
    ("line", "operator", "limit", "parameters"),
    [
        ("af3", "kubernetes", 4, {"outer": 5, "inner": 1}),  # rows of 3 and 2, below them of 4 and 3
        ("af2", "kubernetes", 4, {"outer": 5, "inner": 1}),
        ("af3", "bash", 3, {"outer": 4, "inner": 1}),
        ("af2", "kubernetes", 4, {"outer": 1, "inner": 1}),
        ("af3", "kubernetes", 4, {"way": "none"}),
    ],
)
def test_rows_in_every_company(
    testers: dict[str, DagTester], tmp_path: Path, line: str, operator: str, limit: int, parameters: dict[str, object]
) -> None:
    case = FlowCase(ROWS, "RowsFlow", parameters, root=ROWS.parent)
    _gives_the_same(case, tmp_path, testers[line], limit, operator)


@pytest.mark.every(2)
@pytest.mark.parametrize(("line", "seed"), [("af3", 40), ("af3", 41), ("af2", 42), ("af2", 43)])
def test_generated_switches_in_short_rows(testers: dict[str, DagTester], tmp_path: Path, line: str, seed: int) -> None:
    path = tmp_path / "code" / "switching.py"
    path.parent.mkdir()
    path.write_text(switching(seed))
    case = FlowCase(path, "SwitchingFlow", {"salt": seed}, root=path.parent)
    _gives_the_same(case, tmp_path, testers[line], 4, "kubernetes")


@pytest.mark.parametrize(("line", "width", "limit"), [("af3", 13, 5), ("af2", 16, 4), ("af3", 4, 4), ("af2", 0, 4)])
def test_any_width(testers: dict[str, DagTester], tmp_path: Path, line: str, width: int, limit: int) -> None:
    path = tmp_path / "code" / "wideflow.py"
    path.parent.mkdir()
    path.write_text(WIDE)
    case = FlowCase(path, "WideFlow", {"width": width}, root=path.parent)
    _gives_the_same(case, tmp_path, testers[line], limit, "kubernetes")


def test_a_list_beyond_the_square_of_the_limit_fails_before_its_members_and_says_why(
    testers: dict[str, DagTester], tmp_path: Path
) -> None:
    path = tmp_path / "code" / "wideflow.py"
    path.parent.mkdir()
    path.write_text(WIDE)
    case = FlowCase(path, "WideFlow", {"width": 10}, root=path.parent)
    outcome = run_airflow(case, tmp_path, testers["af3"], settings={LIMIT: "3"})
    assert not outcome.success
    assert "unmappable_return_value_length" in outcome.log
    assert {step for step, _ in read_result(outcome, path.parent).tasks} == {"start"}
