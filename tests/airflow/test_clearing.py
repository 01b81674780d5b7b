"""What a person clears in the UI runs again: a switch, the nodes of a gang, a step that repeats; the real scheduler."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from compiler.ir.flow import Value
from tests.engines import FlowCase
from tests.engines.airflow import DagRun
from tests.engines.airflow_flow import compile_case
from tests.engines.airflow_scheduler import Scheduler

FLOW = """
import json
import os
from pathlib import Path

from flowc import FlowSpec, current, parallel, step

PLAN = json.loads(Path(os.environ["PLAN"]).read_text())


class ClearedFlow(FlowSpec):
    @step
    def start(self):
        self.way = PLAN["way"]
        self.next({"gang": self.open, "other": self.other}, condition="way")

    @step
    def open(self):
        self.next(self.node, num_parallel=2)

    @parallel
    @step
    def node(self):
        self.seen = [PLAN["word"], current.parallel.node_index, current.parallel.num_nodes]
        self.next(self.close)

    @step
    def close(self, inputs):
        self.trail = [one.seen for one in inputs]
        self.next(self.again)

    @step
    def other(self):
        self.trail = []
        self.next(self.again)

    @step
    def again(self):
        self.trail = [*self.trail, PLAN["word"]]
        self.more = self.trail.count(PLAN["word"]) < PLAN["rounds"]
        self.next({True: self.again, False: self.end}, condition="more")

    @step
    def end(self):
        Path(os.environ["TRAIL"]).write_text(json.dumps(self.trail))
"""
SHARED = """
import json
import os
from pathlib import Path

from flowc import FlowSpec, retry, step

PLAN = json.loads(Path(os.environ["PLAN"]).read_text())


class ClearedFlow(FlowSpec):
    @step
    def start(self):
        self.words = [f"{PLAN['word']}{at}" for at in range(PLAN["rounds"])]
        self.next(self.each, foreach="words")

    @retry(times=1, minutes_between_retries=0)
    @step
    def each(self):
        self.seen = [self.input, PLAN["word"]]
        assert PLAN["way"] != self.input
        self.next(self.more)

    @step
    def more(self):
        self.seen = [*self.seen, PLAN["word"]]
        self.next(self.join)

    @step
    def join(self, inputs):
        self.trail = [one.seen for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        Path(os.environ["TRAIL"]).write_text(json.dumps([self.trail, PLAN["word"]]))
"""
PORTIONS: Mapping[str, Value] = {"fuse": True, "chunk": {"each": {"size": 2, "workers": 1}}}
PORTION = "foreach-start.each-to-more"
NODE = "foreach-open.node"
PATIENCE = 8
"""Seconds that a node waits for the others; the executor may be slow to start them."""


class Stage:
    """One run of the flow, and what its steps read and write beside it."""

    def __init__(
        self, folder: Path, scheduler: Scheduler, text: str = FLOW, settings: Mapping[str, Value] | None = None
    ) -> None:
        self._folder, self._scheduler = folder, scheduler
        path = folder / "code" / "cleared.py"
        path.parent.mkdir()
        path.write_text(text)
        environment = {name: str(folder / name.lower()) for name in ("PLAN", "TRAIL")}
        environment["FLOWC_GANG_TIMEOUT"] = str(PATIENCE)
        case = FlowCase(path, "ClearedFlow", environment=environment, root=path.parent, settings=settings or {})
        dag = compile_case(case, folder, scheduler, dag_id="SharedFlow" if settings else None)
        scheduler.deploy(dag.dag_id, dag.text)
        self._dag = dag.dag_id
        self.run = ""

    def plan(self, way: str, word: str, rounds: int) -> None:
        (self._folder / "plan").write_text(json.dumps({"way": way, "word": word, "rounds": rounds}))

    def start(self) -> DagRun:
        self.run = self._scheduler.trigger(self._dag)
        return self._scheduler.wait(self._dag, self.run)

    def clear(self, *tasks: str | tuple[str, int]) -> DagRun:
        """As the UI does where nothing is ticked or unticked: with what is downstream."""
        self._scheduler.clear(self._dag, self.run, tasks, include_downstream=True)
        return self._scheduler.wait(self._dag, self.run)

    def trail(self) -> object:
        return json.loads((self._folder / "trail").read_text())


def tries(run: DagRun, task: str) -> list[int]:
    return [each.tries for each in run.tasks if each.task == task]


@pytest.mark.sampled("alone")
@pytest.mark.xdist_group("scheduler")
def test_what_is_cleared_runs_again_and_what_follows_obeys_it(scheduler: Scheduler, tmp_path: Path) -> None:
    stage = Stage(tmp_path, scheduler)
    stage.plan("gang", "a", 2)
    run = stage.start()
    assert (run.state, stage.trail()) == ("success", [["a", 0, 2], ["a", 1, 2], "a", "a"]), scheduler.log

    stage.plan("gang", "b", 3)
    run = stage.clear("again")
    assert (run.state, stage.trail()) == ("success", [["a", 0, 2], ["a", 1, 2], "b", "b", "b"]), "all rounds anew"
    assert (tries(run, NODE), tries(run, "again")) == ([1, 1], [2])

    run = stage.clear((NODE, 1))
    assert run.state == "failed"
    told = scheduler.task_log(stage.run, NODE)
    assert f"of the 2 nodes of 'node' came within {PATIENCE} s" in told
    assert "nodes that are started again must all be started again" in told

    stage.plan("gang", "c", 1)
    run = stage.clear(NODE)
    assert (run.state, stage.trail()) == ("success", [["c", 0, 2], ["c", 1, 2], "c"])

    stage.plan("other", "d", 1)
    run = stage.clear("start")
    assert (run.state, stage.trail()) == ("success", ["d"])
    states = run.states()
    assert (states["other", -1], states["open", -1]) == ("success", "skipped")


@pytest.mark.sampled("alone")
@pytest.mark.xdist_group("scheduler")
def test_a_container_of_several_tasks_that_is_cleared_does_all_of_them_again(
    scheduler: Scheduler, tmp_path: Path
) -> None:
    stage = Stage(tmp_path, scheduler, SHARED, PORTIONS)
    stage.plan("a2", "a", 3)
    run = stage.start()
    assert run.state == "failed"
    assert (tries(run, "start"), tries(run, PORTION)) == ([1], [1, 1]), (
        "it has failed for good: it is not started again"
    )

    stage.plan("", "b", 3)
    run = stage.clear((PORTION, 1))
    whole = [["a0", "a", "a"], ["a1", "a", "a"], ["a2", "b", "b"]]
    assert (run.state, stage.trail()) == ("success", [whole, "b"]), scheduler.log

    stage.plan("", "c", 3)
    run = stage.clear((PORTION, 0))
    whole = [["a0", "c", "c"], ["a1", "c", "c"], ["a2", "b", "b"]]
    assert (run.state, stage.trail()) == ("success", [whole, "c"])

    stage.plan("", "d", 5)
    run = stage.clear("start")
    assert (run.state, stage.trail()) == ("success", [[[f"d{at}", "d", "d"] for at in range(5)], "d"])
    assert len(tries(run, PORTION)) == 3
