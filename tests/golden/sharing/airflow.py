"""The flow SharingFlow of sharing.py, written by flowc: change the flow, not this file."""

from math import ceil
from uuid import uuid4

import pendulum
from airflow.configuration import conf
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator

try:
    from airflow.sdk import DAG, Asset, task, task_group
    from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.datasets import Dataset as Asset
    from airflow.decorators import task, task_group
    from airflow.exceptions import AirflowFailException, AirflowSkipException

# What Airflow fills in when a task starts: the run, how much of its retries a step has
# used up since it was last cleared, what tells this run from all others of its name,
# and the parameters as JSON in which no kubelet finds a dollar.
RUN = "airflow-{{ dag.dag_id }}-{{ run_id }}"
RETRY = "{{ ti.try_number - 1 - ti.max_tries + task.retries }}"
OWNER = "{{ ti.xcom_pull(task_ids='_kept') }}"
GIVEN = "dict(params.items() | rejectattr(1, 'none'))"
PARAMETERS = "{{ macros.json.dumps(" + GIVEN + r").replace('$', '\\u0024') }}"
BEGIN = ["--owner", OWNER, "--parameters", PARAMETERS]
# The name of a foreach's member in the UI: its index path.
INDEX = "{{ task.arguments[4] }}"
REPORT = ["--report", "json:/airflow/xcom/return.json"]
ENV = {"FLOWC_FLOW": "sharing.py:SharingFlow", "FLOWC_STORE": "s3://flows/store"}


def _at(index):
    """What every step is told: the run, the place in it, the attempt."""
    return ["--run", RUN, "--index", index, "--retry", RETRY]


class _Grouped(KubernetesPodOperator):
    """Steps that share a container, each of which it has tried again itself: started anew only where it was lost."""

    def execute(self, context):
        self.skip_on_exit_code = [1, 2]
        try:
            return super().execute(context)
        except AirflowSkipException as error:
            raise AirflowFailException(f"it is not tried again: {error}") from error


@task(task_id="_run", retries=2, retry_delay=5)
def _identify(ti=None):
    """A new name for a new run; a cleared one has kept its own."""
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
    dag_id="SharingFlow",
    doc_md="Measure shapes, and add what was measured.",
    schedule=None,
    start_date=pendulum.datetime(2025, 1, 1, tz="UTC"),
    catchup=False,
    tags=["flowc"],
    user_defined_macros={"index_path": _index_path},
    default_args={
        "retries": 0,
        "image": "sharingflow:0123456789ab",
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
        task_id="start-to-prepare",
        arguments=["start+prepare/2", *_at("-"), *BEGIN, *REPORT],
        do_xcom_push=True,
    )
    _each_start = _indices.override(task_id="_each_start")("start-to-prepare")
    _columns_start = _columns.override(task_id="_columns_start")(_each_start)

    @task_group(group_id="foreach-start")
    def _body_start(row, column):
        index = "{{ index_path(ti, '_each_start') }}"
        _Grouped(
            task_id="square-to-double",
            arguments=["square+double*2:2", *_at(index), "--load", "foreach:prepare"],
            map_index_template=INDEX,
            retries=4,
            retry_delay=0,
            doc_md="square: One square.",
        )

    _foreach_start = _body_start.expand(row=_each_start, column=_columns_start)
    add = KubernetesPodOperator(
        task_id="add-to-end",
        arguments=["add+tell+end", *_at("-"), "--load", "gather:prepare/double"],
        trigger_rule="none_failed",
        outlets=[Asset("flow/SharingFlow")],
    )

    _kept >> start >> _each_start
    _foreach_start >> add
