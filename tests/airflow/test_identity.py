"""A run keeps its identity over clears, and a run that was deleted and made again has another."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.engines import FlowCase
from tests.engines.airflow import LINES, DagRun, DagTester
from tests.engines.airflow_flow import Compiled, compile_case
from tests.engines.airflow_scheduler import Scheduler

FLOW = """
import json
import os
from pathlib import Path

from flowc import FlowSpec, current, retry, step


class AgainFlow(FlowSpec):
    @step
    def start(self):
        self.widths = json.loads(Path(os.environ["WIDTHS"]).read_text())
        self.next(self.row, foreach="widths")

    @step
    def row(self):
        self.items = list(range(self.input))
        self.next(self.cell, foreach="items")

    @retry(times=1, minutes_between_retries=0)
    @step
    def cell(self):
        assert current.retry_count == 1, "at first"
        self.place = [each[0] for each in self.foreach_stack()]
        self.next(self.row_end)

    @step
    def row_end(self, inputs):
        self.places = [each.place for each in inputs]
        self.next(self.join)

    @step
    def join(self, inputs):
        self.places = [each.places for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        Path(os.environ["PLACES"]).write_text(json.dumps(self.places))
"""
DATE = "2025-03-01T00:00:00+00:00"


class Stage:
    """One flow on one engine, with what its steps read and write beside it."""

    def __init__(self, folder: Path, engine: DagTester | Scheduler) -> None:
        self._folder = folder
        path = folder / "code" / "again.py"
        path.parent.mkdir()
        path.write_text(FLOW)
        environment = {"WIDTHS": str(folder / "widths"), "PLACES": str(folder / "places")}
        case = FlowCase(path, "AgainFlow", environment=environment, root=path.parent)
        self.dag: Compiled = compile_case(case, folder, engine)

    def widths(self, *widths: int) -> None:
        """How many rows there are, and how many cells each has, from the next run on."""
        (self._folder / "widths").write_text(json.dumps(widths))

    def places(self) -> object:
        """The places of the cells as the last run's `end` saw them."""
        return json.loads((self._folder / "places").read_text())

    def owner(self) -> str:
        """Who claimed the only run of the store."""
        (record,) = (self._folder / "store").rglob("_run.json")
        return str(json.loads(record.read_text())["owner"])


def places(*widths: int) -> list[list[list[int]]]:
    return [[[row, cell] for cell in range(width)] for row, width in enumerate(widths)]


def failed(run: DagRun) -> list[str]:
    return [each.task for each in run.tasks if each.state == "failed"]


@pytest.mark.sampled("alone")
@pytest.mark.xdist_group("scheduler")
def test_clears_on_the_real_scheduler_keep_the_run_and_obey_new_widths(scheduler: Scheduler, tmp_path: Path) -> None:
    stage = Stage(tmp_path, scheduler)
    dag, run = stage.dag.dag_id, "first:run+1"
    scheduler.deploy(dag, stage.dag.text)
    stage.widths(1, 2)
    scheduler.trigger(dag, run_id=run)
    assert scheduler.wait(dag, run).state == "success"
    owner = stage.owner()
    assert stage.places() == places(1, 2)

    scheduler.clear(dag, run, [("foreach-row.cell", 1)], include_downstream=True)
    again = scheduler.wait(dag, run)
    assert (again.state, stage.owner()) == ("success", owner)
    tries = {each.map_index: each.tries for each in again.tasks if each.task == "foreach-row.cell"}
    assert tries[1] == 4, "a cleared task has all of its retries again"

    for widths in ((1,), (2, 1, 1)):
        stage.widths(*widths)
        scheduler.clear_run(dag, run)
        assert (scheduler.wait(dag, run).state, stage.owner()) == ("success", owner)
        assert stage.places() == places(*widths)

    scheduler.delete(dag, run)
    scheduler.trigger(dag, run_id=run)
    refused = scheduler.wait(dag, run)
    assert (refused.state, failed(refused), stage.owner()) == ("failed", ["start"], owner)
    assert owner in scheduler.task_log(run, "start")


@pytest.mark.xdist_group("airflow 2")
def test_a_clear_on_airflow_2_keeps_the_run(testers: dict[str, DagTester], tmp_path: Path) -> None:
    tester = testers["af2"]
    stage = Stage(tmp_path, tester)
    stage.widths(1, 2)
    cleared = tester.run(stage.dag.dag_id, stage.dag.text, date=DATE, clear=True)
    assert cleared.state == "success"
    assert {each.tries for each in cleared.tasks if each.task == "foreach-row.cell"} == {4}
    assert cleared.pushed("_kept") == [stage.owner()]


@pytest.mark.parametrize("line", LINES)
def test_a_run_that_was_made_again_does_not_touch_the_old_one(
    testers: dict[str, DagTester], tmp_path: Path, line: str
) -> None:
    tester = testers[line]
    stage = Stage(tmp_path, tester)
    stage.widths(1)
    first = tester.run(stage.dag.dag_id, stage.dag.text, date=DATE)
    owner = stage.owner()
    second = tester.run(stage.dag.dag_id, stage.dag.text, date=DATE)
    assert (first.state, second.state, failed(second)) == ("success", "failed", ["start"])
    assert (first.run_id, stage.owner()) == (second.run_id, owner)
