"""The flow NestedSplitFlow of nested_split.py, written by flowc: change the flow, not this file."""

from uuid import uuid4

import pendulum
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator

try:
    from airflow.sdk import DAG, Asset, task
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.datasets import Dataset as Asset
    from airflow.decorators import task

# What Airflow fills in when a task starts: the run, how much of its retries a step has
# used up since it was last cleared, what tells this run from all others of its name,
# and the parameters as JSON in which no kubelet finds a dollar.
RUN = "airflow-{{ dag.dag_id }}-{{ run_id }}"
RETRY = "{{ ti.try_number - 1 - ti.max_tries + task.retries }}"
OWNER = "{{ ti.xcom_pull(task_ids='_kept') }}"
GIVEN = "dict(params.items() | rejectattr(1, 'none'))"
PARAMETERS = "{{ macros.json.dumps(" + GIVEN + r").replace('$', '\\u0024') }}"
BEGIN = ["--owner", OWNER, "--parameters", PARAMETERS]
ENV = {
    "FLOWC_FLOW": "nested_split.py:NestedSplitFlow",
    "FLOWC_STORE": "s3://flows/store",
}


def _at(index):
    """What every step is told: the run, the place in it, the attempt."""
    return ["--run", RUN, "--index", index, "--retry", RETRY]


@task(task_id="_run", retries=2, retry_delay=5)
def _identify(ti=None):
    """A new name for a new run; a cleared one has kept its own."""
    return ti.xcom_pull(task_ids="_kept") or str(uuid4())


@task(task_id="_kept", retries=2, retry_delay=5)
def _keep(identity):
    return identity


with DAG(
    dag_id="NestedSplitFlow",
    doc_md="Price a meal: the kitchen works at two stations while somebody sets the table.",
    schedule=None,
    start_date=pendulum.datetime(2025, 1, 1, tz="UTC"),
    catchup=False,
    tags=["flowc"],
    default_args={
        "retries": 0,
        "image": "nestedsplitflow:0123456789ab",
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
    },
):
    _kept = _keep(_identify())
    start = KubernetesPodOperator(
        task_id="start",
        arguments=["start", *_at("-"), *BEGIN],
    )
    kitchen = KubernetesPodOperator(
        task_id="kitchen",
        arguments=["kitchen", *_at("-"), "--load", "start"],
    )
    starter = KubernetesPodOperator(
        task_id="starter",
        arguments=["starter", *_at("-"), "--load", "kitchen"],
    )
    main = KubernetesPodOperator(
        task_id="main",
        arguments=["main", *_at("-"), "--load", "kitchen"],
    )
    plate = KubernetesPodOperator(
        task_id="plate",
        arguments=["plate", *_at("-"), "--load", "merge:kitchen/starter;main"],
        doc_md="The inner join: its inputs come in the order of the split, starter first.",
    )
    table = KubernetesPodOperator(
        task_id="table",
        arguments=["table", *_at("-"), "--load", "start"],
    )
    serve = KubernetesPodOperator(
        task_id="serve",
        arguments=["serve", *_at("-"), "--load", "merge:start/kitchen>plate;table"],
        doc_md="The outer join: one of its inputs is itself a join.",
    )
    end = KubernetesPodOperator(
        task_id="end",
        arguments=["end", *_at("-"), "--load", "serve"],
        outlets=[Asset("flow/NestedSplitFlow")],
    )

    _kept >> start >> [kitchen, table]
    kitchen >> [starter, main] >> plate
    [plate, table] >> serve >> end
