"""A cleared run takes other ways: what an earlier life of it left behind decides nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.engines import FlowCase
from tests.engines.airflow import DagTester
from tests.engines.airflow_flow import Compiled, compile_case
from tests.engines.airflow_scheduler import Scheduler

FLOW = """
import json
import os
from pathlib import Path

from flowc import FlowSpec, step


class LivesFlow(FlowSpec):
    @step
    def start(self):
        plan = Path(os.environ["PLAN"])
        lives = json.loads(plan.read_text())
        plan.write_text(json.dumps(lives[1:]))
        self.way, self.rows = lives[0]
        self.trail = []
        self.next({"rows": self.each, "one": self.one, "two": self.two}, condition="way")

    @step
    def one(self):
        self.trail = ["one"]
        self.odd = len(self.rows) % 2
        self.next({0: self.two, 1: self.three}, condition="odd")

    @step
    def two(self):
        self.trail = [*self.trail, "two"]
        self.next(self.meet)

    @step
    def three(self):
        self.trail = [*self.trail, "three"]
        self.next(self.meet)

    @step
    def each(self):
        self.next(self.row, foreach="rows")

    @step
    def row(self):
        self.kind = "deep" if self.input else "flat"
        self.next({"deep": self.deep, "flat": self.flat}, condition="kind")

    @step
    def deep(self):
        self.cells = range(self.input)
        self.next(self.cell, foreach="cells")

    @step
    def cell(self):
        self.parity = (self.index + sum(self.rows)) % 2
        self.next({0: self.even, 1: self.odd_one}, condition="parity")

    @step
    def even(self):
        self.trail = ["even"]
        self.next(self.join_cells)

    @step
    def odd_one(self):
        self.trail = ["odd"]
        self.next(self.join_cells)

    @step
    def join_cells(self, inputs):
        self.trail = [each.trail for each in inputs]
        self.next(self.row_end)

    @step
    def flat(self):
        self.trail = ["flat"]
        self.next(self.row_end)

    @step
    def row_end(self):
        self.next(self.join_rows)

    @step
    def join_rows(self, inputs):
        self.trail = [each.trail for each in inputs]
        self.next(self.meet)

    @step
    def meet(self):
        self.next(self.end)

    @step
    def end(self):
        Path(os.environ["TRAIL"]).write_text(json.dumps(self.trail))
"""

Life = tuple[str, list[int]]
LIVES: tuple[Life, ...] = (("rows", [2, 0, 1, 0]), ("one", [0]), ("rows", [0, 3]), ("two", []))
GROWING: tuple[tuple[Life, Life], ...] = (
    (("one", [0]), ("rows", [0, 2])),
    (("rows", [1, 0]), ("rows", [0, 2])),
)
"""A run of Airflow 2 that is cleared and then maps a group over fewer items than before, or again over none, stands still."""


def expected(way: str, rows: list[int]) -> object:
    """What `end` must see."""
    if way != "rows":
        return {"two": ["two"], "one": ["one", "three" if len(rows) % 2 else "two"]}[way]
    words = [[[("even", "odd")[(cell + sum(rows)) % 2]] for cell in range(width)] for width in rows]
    return [each or ["flat"] for each in words]


class Stage:
    """The flow on one engine, with the lives that it is to have."""

    def __init__(self, folder: Path, engine: DagTester | Scheduler) -> None:
        self._plan, self._trail = folder / "plan", folder / "trail"
        for file in (self._plan, self._trail):  # the user of the containers writes them
            file.touch()
            file.chmod(0o666)
        path = folder / "code" / "lives.py"
        path.parent.mkdir()
        path.write_text(FLOW)
        environment = {"PLAN": str(self._plan), "TRAIL": str(self._trail)}
        case = FlowCase(path, "LivesFlow", environment=environment, root=path.parent)
        self.dag: Compiled = compile_case(case, folder, engine)

    def plan(self, *lives: Life) -> None:
        self._plan.write_text(json.dumps(lives))

    def trail(self) -> object:
        return json.loads(self._trail.read_text())


@pytest.mark.sampled("alone")
@pytest.mark.xdist_group("scheduler")
def test_each_life_on_the_real_scheduler_takes_its_own_way(scheduler: Scheduler, tmp_path: Path) -> None:
    stage = Stage(tmp_path, scheduler)
    dag = stage.dag.dag_id
    scheduler.deploy(dag, stage.dag.text)
    stage.plan(*LIVES)
    run = scheduler.trigger(dag)
    for number, life in enumerate(LIVES):
        if number:
            scheduler.clear_run(dag, run)
        ended = scheduler.wait(dag, run)
        assert (ended.state, stage.trail()) == ("success", expected(*life)), (life, ended.states())
        mapped = {each.task for each in ended.tasks if each.state == "success" and each.task.startswith("foreach-")}
        assert ("foreach-each.row" in mapped) == (life[0] == "rows")


@pytest.mark.xdist_group("airflow 2")
@pytest.mark.parametrize("lives", GROWING)
def test_a_cleared_run_on_airflow_2_takes_another_way(
    testers: dict[str, DagTester], tmp_path: Path, lives: tuple[Life, Life]
) -> None:
    stage = Stage(tmp_path, testers["af2"])
    stage.plan(*lives)
    ended = testers["af2"].run(stage.dag.dag_id, stage.dag.text, timeout=100, clear=True)
    assert (ended.state, stage.trail()) == ("success", expected(*lives[1])), ended.states()
