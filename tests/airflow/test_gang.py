"""The nodes of a gang run at once on Airflow 2, too, and a wide one raises the limit of its DAG."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.airflow.stage import emitted, written
from tests.conformance.results import against_local, read_result
from tests.conformance.written.case import FLOWS
from tests.engines import FlowCase
from tests.engines.airflow import DagTester
from tests.engines.airflow_flow import compile_case, outcome
from tests.engines.local import run_local

AT_ONCE = {
    "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
    "AIRFLOW__CORE__PARALLELISM": "4",
    "AIRFLOW__CORE__EXECUTE_TASKS_NEW_PYTHON_INTERPRETER": "True",
    "_AIRFLOW__SKIP_DATABASE_EXECUTOR_COMPATIBILITY_CHECK": "1",
}
GANG = """
@step
def start(self):
    self.next(self.node, num_parallel={width})

@parallel
@step
def node(self):
    self.next(self.join)

@step
def join(self, inputs):
    self.next(self.end)

@step
def end(self):
    pass
"""


def test_a_gang_meets_on_airflow_2(tmp_path: Path) -> None:
    case = FlowCase(FLOWS / "gang.py", "GangFlow", root=FLOWS)
    local = read_result(run_local(case, tmp_path / "local"), FLOWS)
    with DagTester("af2", AT_ONCE) as tester:
        dag = compile_case(case, tmp_path, tester)
        run = tester.run(dag.dag_id, dag.text, together=True)
        ended = outcome(case, dag, run, tester.log)
    assert not list(against_local(local, read_result(ended, FLOWS))), ended.log[-4000:]


@pytest.mark.parametrize(("width", "line"), [(16, False), (17, True)])
def test_a_wide_gang_makes_the_dag_wide(tmp_path: Path, width: int, line: bool) -> None:
    text = emitted(written(tmp_path, GANG.format(width=width)))
    assert (f"    max_active_tasks={width},\n" in text) == line
