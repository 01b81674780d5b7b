"""The flow Customers of teams/ingest/customers.py, written by flowc: change the flow, not this file."""

import json
from uuid import uuid4

import pendulum
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator

try:
    from airflow.sdk import DAG, Asset, task
    from airflow.sdk.definitions.param import Param
    from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.datasets import Dataset as Asset
    from airflow.decorators import task
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
ENV = {
    "FLOWC_FLOW": "teams/ingest/customers.py:Customers",
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


with DAG(
    dag_id="Customers",
    doc_md="Read the customers and count them.",
    schedule="0 0 * * *",
    start_date=pendulum.datetime(2025, 1, 1, tz="UTC"),
    catchup=False,
    tags=["fleet", "flowc"],
    params={"day": Param("2026-01-31", type="string")},
    default_args={
        "retries": 2,
        "image": "registry.example.com/fleet/customers:0a4b2c8beaa7",
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
        "owner": "fleet",
    },
):
    _kept = _keep(_identify())
    start = _Retried(
        task_id="start",
        arguments=["start", *_at("-"), *BEGIN],
        active_deadline_seconds=2100,
        retries=2,
        retry_delay=60,
    )
    count = _Retried(
        task_id="count",
        arguments=["count", *_at("-"), "--load", "start"],
        active_deadline_seconds=2100,
        retries=2,
        retry_delay=60,
    )
    end = _Retried(
        task_id="end",
        arguments=["end", *_at("-"), "--load", "count"],
        active_deadline_seconds=2100,
        retries=2,
        retry_delay=60,
        outlets=[Asset("flow/Customers")],
    )

    _kept >> start >> count >> end
