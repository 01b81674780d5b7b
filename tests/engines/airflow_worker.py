"""Runs inside an Airflow environment: takes DAG files one after the other and answers with the states of their tasks.

One JSON object a line on standard input: `{"file", "dag_id", "conf", "env", "date", "clear", "together", "events",
"clock"}`; one a line on
standard output: `{"run_id", "state", "tasks": [{"task", "map_index", "state", "tries", "pushed"}]}` or `{"error"}`. Where
`date` (ISO) is one of an earlier run, that run is deleted and made again; with `clear` (Airflow 2 only) the run is cleared at
its end and runs again; `together` (Airflow 2 only) runs tasks at once. `events` (Airflow 2 only)
start the run: objects with `dataset` (a URI), `extra`, `source_dag_id` and `source_run_id`. With `clock` the run is one of the
schedule's.
"""

from __future__ import annotations

import json
import logging
import operator
import os
import sys
import time
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from airflow.models.dagrun import DagRun
from airflow.utils.session import create_session
from sqlalchemy.event import listens_for

try:
    from airflow.dag_processing.dagbag import DagBag
except ImportError:
    from airflow.models.dagbag import DagBag

try:
    from airflow.models.xcom import XComModel as XCom

    value_of = XCom.deserialize_value
    IS_3 = True
except ImportError:
    import airflow.providers.fab.auth_manager.models  # noqa: F401 a run cannot be deleted without the users' table
    from airflow.models.xcom import XCom

    value_of = operator.attrgetter("value")
    IS_3 = False


STUCK_AFTER, PAUSE = 50, 0.1
"""Looks in vain after which a run is left as it is, and the seconds between them: nothing happens beside what is driven here."""


def main() -> None:
    """Serve until standard input ends; what Airflow prints goes to standard error."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        answers.write(json.dumps(_answer(json.loads(line))) + "\n")
        answers.flush()


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    kept = dict(os.environ)
    os.environ.update(request["env"])
    try:
        bag = DagBag(dag_folder=request["file"])
        if bag.import_errors:
            return {"error": "\n".join(bag.import_errors.values())}
        dag = bag.dags[request["dag_id"]]
        date = [datetime.fromisoformat(request["date"])] if request["date"] else []
        dates = date * (2 if IS_3 else 1)  # 3: when it may start, and its date
        conf, events = request["conf"], request["events"]
        at_once = request["together"] or events
        _KIND["run_type"] = "scheduled" if request["clock"] else None
        run = _drive(dag, _start(dag, conf, events)) if at_once else dag.test(*dates, run_conf=conf)
        if request["clear"]:
            run = _drive(dag, _clear(dag, run))
        return {"run_id": run.run_id, "state": str(run.state), "tasks": _tasks(run)}
    except Exception:  # noqa: BLE001 the asking process gets the traceback, and the next file its turn
        return {"error": traceback.format_exc()}
    finally:
        os.environ.clear()
        os.environ.update(kept)


_KIND: dict[str, str | None] = {"run_type": None}


@listens_for(DagRun, "before_insert")
def _of_the_schedule(_mapper: Any, _connection: Any, run: Any) -> None:
    """`dag.test()` makes runs that somebody starts."""
    run.run_type = _KIND["run_type"] or run.run_type


def _start(dag: Any, conf: dict[str, Any], events: list[dict[str, Any]]) -> Any:
    """A new run, as `dag.test()` of Airflow 2 makes one, and what started it, as its scheduler notes that."""
    from airflow.models.dag import _get_or_create_dagrun
    from airflow.models.dataset import DatasetEvent, DatasetModel

    now = datetime.now(UTC)
    run_id, interval = f"manual__{now.isoformat()}", dag.timetable.infer_manual_data_interval(run_after=now)
    with create_session() as session:
        run = _get_or_create_dagrun(dag, conf, now, now, run_id, session, interval)
        for event in events:
            dataset = DatasetModel(uri=event.pop("dataset"))
            session.add(dataset)
            session.flush()
            run.consumed_dataset_events.append(DatasetEvent(dataset_id=dataset.id, timestamp=now, **event))
        return run


def _clear(dag: Any, run: Any) -> Any:
    """Clear all of an ended run as Airflow 2's button does."""
    from airflow.models.taskinstance import clear_task_instances

    with create_session() as session:
        run = session.merge(run)
        run.dag = dag
        clear_task_instances(run.get_task_instances(session=session), session, dag=dag)
        run.set_state("running")
        return run


def _drive(dag: Any, run: Any) -> Any:
    """Take a run of Airflow 2 to its end as its `dag.test()` does, but with all tasks that are ready at once, each in a fork.

    No connection is open meanwhile: sqlite's would not survive the fork.
    """
    idle = 0
    while run.state == "running" and idle < STUCK_AFTER:
        with create_session() as session:
            run = session.merge(run)
            run.dag = dag
            ready = run.update_state(session=session)[0]
            for ti in ready:
                ti.try_number, ti.state = ti.try_number + 1, "scheduled"
            places = [(ti.task_id, ti.map_index) for ti in ready]
        for pid in [_forked(dag, run.run_id, *place) for place in places]:
            os.waitpid(pid, 0)
        idle = 0 if places else idle + 1
        time.sleep(0 if places else PAUSE)
    return run


def _forked(dag: Any, run_id: str, task: str, map_index: int) -> int:
    """The process that runs a task."""
    from airflow.models.dag import _run_task
    from airflow.models.taskinstance import TaskInstance

    pid = os.fork()
    if pid:
        return pid
    with suppress(BaseException), create_session() as session:  # a failed task is a state of the run
        key = {"dag_id": dag.dag_id, "run_id": run_id, "task_id": task, "map_index": map_index}
        ti = session.query(TaskInstance).filter_by(**key).one()
        ti.task = dag.task_dict[task]
        ti.log.addHandler(logging.StreamHandler())
        _run_task(ti=ti, inline_trigger=True, session=session)
    os._exit(0)


def _tasks(run: Any) -> list[dict[str, Any]]:
    with create_session() as session:
        pushed = {
            (row.task_id, row.map_index): value_of(row)
            for row in session.query(XCom).filter_by(dag_id=run.dag_id, run_id=run.run_id, key="return_value")
        }
        return [
            {
                "task": ti.task_id,
                "map_index": ti.map_index,
                "state": ti.state and str(ti.state),
                "tries": ti.try_number,
                "pushed": pushed.get((ti.task_id, ti.map_index)),
            }
            for ti in run.get_task_instances(session=session)
        ]


if __name__ == "__main__":
    main()
