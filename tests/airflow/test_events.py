"""An event starts a run, and its end the run of the flow that waits for it; both are told what started them."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.conformance.written.case import HOSTILE
from tests.engines import FlowCase
from tests.engines.airflow import DagTester
from tests.engines.airflow_flow import compile_case
from tests.engines.airflow_scheduler import Scheduler

FLOWS = """
import json
import os
from pathlib import Path

from flowc import FlowSpec, JSONType, Parameter, current, project, step, trigger, trigger_on_finish


@trigger(event={"name": "films.added", "parameters": {"title": "film", "cast": "people"}})
class AddedFlow(FlowSpec):
    title = Parameter("title", type=str, required=True)
    cast = Parameter("cast", type=JSONType, default={})
    year = Parameter("year", default=1900)

    @step
    def start(self):
        self.told = (current.trigger.event.name, current.trigger.event.type)
        self.next(self.end)

    @step
    def end(self):
        seen = [self.title, self.cast, self.year, list(self.told)]
        Path(os.environ["SEEN"], "added").write_text(json.dumps(seen))


@trigger_on_finish(flow="AddedFlow")
class AfterwardsFlow(FlowSpec):
    @step
    def start(self):
        self.title = current.trigger.run.data.title
        self.next(self.end)

    @step
    def end(self):
        Path(os.environ["SEEN"], "afterwards").write_text(json.dumps([self.title, current.trigger.run.successful]))
"""


def first_run(scheduler: Scheduler, dag: str) -> str:
    """The id of a DAG's only run, as soon as the scheduler has made it."""
    until = time.monotonic() + 120
    while not (runs := scheduler.call("GET", f"dags/{dag}/dagRuns")["dag_runs"]):
        assert time.monotonic() < until, scheduler.log
        time.sleep(0.5)
    (run,) = runs
    return str(run["dag_run_id"])


EXTRA = {"film": HOSTILE, "people": {"a": [1, None]}, "year": 2000}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of both flows."""
    path = tmp_path / "code" / "films.py"
    path.parent.mkdir()
    path.write_text(FLOWS)
    return path


def case(path: Path, name: str) -> FlowCase:
    """One of the flows, which writes what it saw beside its code's folder."""
    return FlowCase(path, name, environment={"SEEN": str(path.parents[1])}, root=path.parent)


def check_seen(folder: Path) -> None:
    added, afterwards = (json.loads((folder / name).read_text()) for name in ("added", "afterwards"))
    assert added == [HOSTILE, {"a": [1, None]}, 1900, ["films.added", "event"]]
    assert afterwards == [HOSTILE, True]


@pytest.mark.sampled("alone")
@pytest.mark.xdist_group("scheduler")
def test_an_event_starts_a_run_and_its_end_another(scheduler: Scheduler, tmp_path: Path, path: Path) -> None:
    for name in ("AfterwardsFlow", "AddedFlow"):
        dag = compile_case(case(path, name), tmp_path, scheduler)
        scheduler.deploy(dag.dag_id, dag.text)
    (asset,) = scheduler.call("GET", "assets?name_pattern=films.added")["assets"]
    scheduler.call("POST", "assets/events", {"asset_id": asset["id"], "extra": EXTRA})
    for dag_id in ("AddedFlow", "AfterwardsFlow"):
        ended = scheduler.wait(dag_id, first_run(scheduler, dag_id))
        assert ended.state == "success", (ended.states(), scheduler.task_log(ended.run_id, "start")[-3000:])
    check_seen(tmp_path)


@pytest.mark.xdist_group("airflow 2")
def test_runs_on_airflow_2_are_told_what_started_them(
    testers: dict[str, DagTester], tmp_path: Path, path: Path
) -> None:
    event: dict[str, object] = {"dataset": "films.added", "extra": EXTRA}
    for name in ("AddedFlow", "AfterwardsFlow"):
        dag = compile_case(case(path, name), tmp_path, testers["af2"])
        ended = testers["af2"].run(dag.dag_id, dag.text, events=[event])
        assert ended.state == "success", testers["af2"].log[-4000:]
        event = {"dataset": f"flow/{name}", "extra": {}, "source_dag_id": name, "source_run_id": ended.run_id}
    check_seen(tmp_path)
