"""The flow Orders of teams/ingest/orders.py, written by flowc: change the flow, not this file."""

import json
from math import ceil
from uuid import uuid4

import pendulum
from airflow.configuration import conf
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator

try:
    from airflow.sdk import DAG, Asset, task, task_group
    from airflow.sdk.definitions.param import Param
    from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.datasets import Dataset as Asset
    from airflow.decorators import task, task_group
    from airflow.exceptions import AirflowFailException, AirflowSkipException
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
ENV = {
    "FLOWC_FLOW": "teams/ingest/orders.py:Orders",
    "FLOWC_STORE": "s3://fleet-staging/flows",
    "FLOWC_WITH": '{"retry": [{"times": 2, "minutes_between_retries": 1}], "timeout": [{"minutes": 30}]}',
}


def _at(index):
    """What every step is told: the run, the place in it, the attempt."""
    return ["--run", RUN, "--index", index, "--retry", RETRY]


class _Retried(KubernetesPodOperator):
    """A step that is tried again, unless there was a mistake in its call: exit code 2."""

    def execute(self, context):
        self.skip_on_exit_code = [2]
        try:
            return super().execute(context)
        except AirflowSkipException as error:
            raise AirflowFailException(f"a mistake in the call: {error}") from error


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
    dag_id="Orders",
    doc_md="Read the orders, check them, add them up.",
    schedule="15 4 * * *",
    start_date=pendulum.datetime(2025, 1, 1, tz="Europe/Berlin"),
    catchup=False,
    tags=["fleet", "flowc"],
    params={
        "day": Param(
            "2026-01-31",
            type="string",
            description="The day, as YYYY-MM-DD.",
        ),
    },
    user_defined_macros={"index_path": _index_path},
    default_args={
        "retries": 2,
        "image": "registry.example.com/fleet/orders:abf9abaf920e",
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
        "owner": "fleet",
    },
):
    _kept = _keep(_identify())
    start = _Retried(
        task_id="start",
        arguments=["start", *_at("-"), *BEGIN, *REPORT],
        do_xcom_push=True,
        active_deadline_seconds=2100,
        retries=2,
        retry_delay=60,
    )
    _each_start = _indices.override(task_id="_each_start")("start")
    _columns_start = _columns.override(task_id="_columns_start")(_each_start)

    @task_group(group_id="foreach-start")
    def _body_start(row, column):
        index = "{{ index_path(ti, '_each_start') }}"
        _Retried(
            task_id="read",
            arguments=["read", *_at(index), "--load", "foreach:start"],
            active_deadline_seconds=2100,
            map_index_template=INDEX,
            retries=2,
            retry_delay=60,
        )

    _foreach_start = _body_start.expand(row=_each_start, column=_columns_start)
    gather = _Retried(
        task_id="gather",
        arguments=["gather", *_at("-"), "--load", "gather:start/read"],
        active_deadline_seconds=2100,
        retries=2,
        retry_delay=60,
        trigger_rule="none_failed",
    )
    end = _Retried(
        task_id="end",
        arguments=["end", *_at("-"), "--load", "gather"],
        active_deadline_seconds=2100,
        retries=2,
        retry_delay=60,
        outlets=[Asset("flow/Orders")],
    )

    _kept >> start >> _each_start
    _foreach_start >> gather >> end
