"""The flow Backtest of backtest.py, written by flowc: change the flow, not this file."""

import json
from math import ceil
from uuid import uuid4

import pendulum
from airflow.configuration import conf
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator

try:
    from airflow.sdk import DAG, Asset, task, task_group
    from airflow.sdk.definitions.param import Param
    from airflow.sdk.exceptions import AirflowSkipException
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.datasets import Dataset as Asset
    from airflow.decorators import task, task_group
    from airflow.exceptions import AirflowSkipException
    from airflow.models.param import Param

# What Airflow fills in when a task starts: the run, how much of its retries a step has
# used up since it was last cleared, what tells this run from all others of its name,
# and the parameters as JSON in which no kubelet finds a dollar.
RUN = "airflow-{{ dag.dag_id }}-{{ run_id }}"
RETRY = "{{ ti.try_number - 1 - ti.max_tries + task.retries }}"
OWNER = "{{ ti.xcom_pull(task_ids='_kept') }}"
CLOCK = "dag_run.run_type in ('scheduled', 'backfill')"
SCHEDULED = "({'flowc-scheduled-at': logical_date.isoformat()} if " + CLOCK + " else {})"
GIVEN = "dict(params.items() | rejectattr(1, 'none'), **" + SCHEDULED + ")"
PARAMETERS = "{{ macros.json.dumps(" + GIVEN + r").replace('$', '\\u0024') }}"
BEGIN = ["--owner", OWNER, "--parameters", PARAMETERS]
# The name of a foreach's member in the UI: its index path.
INDEX = "{{ task.arguments[4] }}"
REPORT = ["--report", "json:/airflow/xcom/return.json"]
ENV = {"FLOWC_FLOW": "backtest.py:Backtest", "FLOWC_STORE": "s3://flows/store"}


def _at(index):
    """What every step is told: the run, the place in it, the attempt."""
    return ["--run", RUN, "--index", index, "--retry", RETRY]


@task(task_id="_run", retries=2, retry_delay=5)
def _identify(ti=None, params=None):
    """A new name for a new run; a cleared one has kept its own."""
    if len(json.dumps(dict(params.items()), default=str)) > 120_000:
        raise ValueError("too much for a command: put it where flowc-parameters says")
    return ti.xcom_pull(task_ids="_kept") or str(uuid4())


@task(task_id="_kept", retries=2, retry_delay=5)
def _keep(identity):
    return identity


# The index paths below a split, in rows no longer than Airflow maps over: `around` has
# those of the split's own tasks, of which each told its width.
@task(retries=2, retry_delay=5, trigger_rule="none_failed")
def _indices(split, around=None, ti=None):
    above = [""] if around is None else [f"{path}." for row in around for path in row]
    paths = []
    for place, path in enumerate(above, -1 if around is None else 0):
        fan = ti.xcom_pull(task_ids=split, map_indexes=place)["fan"]
        paths += [f"{path}{item}" for item in range(fan)]
    rows = ceil(len(paths) / conf.getint("core", "max_map_length"))
    width = ceil(len(paths) / max(rows, 1))
    return [paths[width * row : width * (row + 1)] for row in range(rows)]


@task(retries=2, retry_delay=5)
def _columns(rows):
    return [*range(len(rows[0]))] if rows else []


def _index_path(ti, each):
    paths = sum(ti.xcom_pull(task_ids=each, map_indexes=-1), [])
    if ti.map_index >= len(paths):
        raise AirflowSkipException("there is no such member: the last row is shorter")
    return paths[ti.map_index]


with DAG(
    dag_id="Backtest",
    doc_md="A foreach in a foreach.",
    schedule="0 0 * * 0",
    start_date=pendulum.datetime(2025, 1, 1, tz="UTC"),
    catchup=False,
    tags=["flowc"],
    params={
        "days": Param("2026-01-29,2026-01-30,2026-01-31", type=["string", "array"]),
    },
    user_defined_macros={"index_path": _index_path},
    default_args={
        "retries": 0,
        "image": "backtest:0123456789ab",
        "cmds": ["python", "-m", "flowc", "step"],
        "env_vars": ENV,
        "security_context": {
            "runAsNonRoot": True,
            "runAsUser": 1000,
            "fsGroup": 1000,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "container_security_context": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        },
        "xcom_sidecar_container_security_context": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        },
    },
):
    _kept = _keep(_identify())
    start = KubernetesPodOperator(
        task_id="start",
        arguments=["start", *_at("-"), *BEGIN, *REPORT],
        do_xcom_push=True,
    )
    _each_start = _indices.override(task_id="_each_start")("start")
    _columns_start = _columns.override(task_id="_columns_start")(_each_start)

    @task_group(group_id="foreach-start")
    def _body_start(row, column):
        index = "{{ index_path(ti, '_each_start') }}"
        KubernetesPodOperator(
            task_id="column",
            arguments=["column", *_at(index), "--load", "foreach:start", *REPORT],
            do_xcom_push=True,
            map_index_template=INDEX,
        )

    _foreach_start = _body_start.expand(row=_each_start, column=_columns_start)
    _each_column = _indices.override(task_id="_each_column")(
        "foreach-start.column",
        _each_start,
    )
    _columns_column = _columns.override(task_id="_columns_column")(_each_column)

    @task_group(group_id="foreach-column")
    def _body_column(row, column):
        index = "{{ index_path(ti, '_each_column') }}"
        KubernetesPodOperator(
            task_id="window",
            arguments=["window", *_at(index), "--load", "foreach:column"],
            map_index_template=INDEX,
        )

    _foreach_column = _body_column.expand(row=_each_column, column=_columns_column)

    @task_group(group_id="foreach-start-2")
    def _body2_start(row, column):
        index = "{{ index_path(ti, '_each_start') }}"
        KubernetesPodOperator(
            task_id="over_windows",
            arguments=["over_windows", *_at(index), "--load", "gather:column/window"],
            map_index_template=INDEX,
            trigger_rule="none_failed",
        )

    _foreach2_start = _body2_start.expand(row=_each_start, column=_columns_start)
    over_columns = KubernetesPodOperator(
        task_id="over_columns",
        arguments=["over_columns", *_at("-"), "--load", "gather:start/over_windows"],
        trigger_rule="none_failed",
    )
    end = KubernetesPodOperator(
        task_id="end",
        arguments=["end", *_at("-"), "--load", "over_columns"],
        outlets=[Asset("flow/Backtest")],
    )

    _kept >> start >> _each_start
    _foreach_start >> _each_column
    _foreach_column >> _foreach2_start >> over_columns >> end
