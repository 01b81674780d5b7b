"""Runs inside an Airflow environment: takes DAG files one after the other and answers with the states of their tasks.

One JSON object a line on standard input: `{"file", "dag_id", "conf", "env", "date", "clear", "together"}`; one a line on
standard output: `{"run_id", "state", "tasks": [{"task", "map_index", "state", "tries", "pushed"}]}` or `{"error"}`. Where
`date` (ISO) is one of an earlier run, that run is deleted and made again; with `clear` (Airflow 2 only) the run is cleared at
its end and runs again; `together` (Airflow 2 only) leaves the tasks to the executor.
"""

from __future__ import annotations

import json
import operator
import os
import sys
import traceback
from contextlib import suppress
from datetime import datetime
from typing import Any

from airflow.utils.session import create_session

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


STUCK_AFTER = 20
"""Looks in vain after which a run is left as it is: nothing happens beside what is driven here."""


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
        run = dag.test(*dates, run_conf=request["conf"], use_executor=request["together"])
        if request["clear"]:
            run = _clear_and_run(dag, run)
        return {"run_id": run.run_id, "state": str(run.state), "tasks": _tasks(run)}
    except Exception:  # noqa: BLE001 the asking process gets the traceback, and the next file its turn
        return {"error": traceback.format_exc()}
    finally:
        os.environ.clear()
        os.environ.update(kept)


def _clear_and_run(dag: Any, run: Any) -> Any:
    """Clear all of an ended run as Airflow 2's button does, drive it as its `dag.test()` does, and return it."""
    from airflow.models.dag import _run_task
    from airflow.models.taskinstance import clear_task_instances

    with create_session() as session:
        run = session.merge(run)
        run.dag = dag
        clear_task_instances(run.get_task_instances(session=session), session, dag=dag)
        run.set_state("running")
        idle = 0
        while run.state == "running" and idle < STUCK_AFTER:
            session.expire_all()
            run.dag = dag
            ready = run.update_state(session=session)[0]
            idle = 0 if ready else idle + 1
            for ti in ready:
                ti.try_number, ti.state = ti.try_number + 1, "scheduled"
                session.commit()
                ti.task = dag.task_dict[ti.task_id]
                with suppress(Exception):  # a failed task is a state of the run
                    _run_task(ti=ti, inline_trigger=True, session=session)
        return run


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
