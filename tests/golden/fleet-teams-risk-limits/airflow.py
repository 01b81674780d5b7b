"""The flow Limits of limits.py, written by flowc: change the flow, not this file."""

import json
from functools import cache
from uuid import uuid4

import pendulum
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator

try:
    from airflow.sdk import DAG, Asset, task
    from airflow.sdk.definitions.param import Param
    from airflow.sdk.exceptions import AirflowSkipException
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.datasets import Dataset as Asset
    from airflow.decorators import task
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
REPORT = ["--report", "json:/airflow/xcom/return.json"]
ENV = {"FLOWC_FLOW": "limits.py:Limits", "FLOWC_STORE": "s3://flows/store"}
# The switches that lead to a step which not every run takes, each with the positions
# of its cases that do.
WAYS = {"warn": {"start": [0]}, "note": {"start": [1]}}


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


# Whether the cases that were chosen lead to a step. A switch that is not meant may have
# left a choice of an earlier life, so each must be meant itself.
def _is_meant(ti, step, place):
    def case(switch):
        return ti.xcom_pull(task_ids=switch, map_indexes=place)["case"]

    @cache
    def is_meant(step):
        ways = WAYS.get(step, {})
        return not ways or any(is_meant(sw) and case(sw) in ways[sw] for sw in ways)

    return is_meant(step)


def _skip_unless_meant(context):
    ti = context["ti"]
    if not _is_meant(ti, ti.task_id, ti.map_index):
        raise AirflowSkipException("a switch chose another way")


with DAG(
    dag_id="Limits",
    doc_md="A switch: what happens follows from what was found.",
    schedule="0 6 * * 1-5",
    start_date=pendulum.datetime(2025, 1, 1, tz="Europe/Berlin"),
    catchup=False,
    tags=["flowc"],
    params={
        "day": Param("2026-01-31", type="string"),
        "limit": Param(0.08, type="number"),
    },
    default_args={
        "retries": 0,
        "image": "limits:0123456789ab",
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
    warn = KubernetesPodOperator(
        task_id="warn",
        arguments=["warn", *_at("-"), "--load", "start"],
        pre_execute=_skip_unless_meant,
    )
    note = KubernetesPodOperator(
        task_id="note",
        arguments=["note", *_at("-"), "--load", "start"],
        pre_execute=_skip_unless_meant,
    )
    end = KubernetesPodOperator(
        task_id="end",
        arguments=["end", *_at("-"), "--load", "start=0:warn,start=1:note"],
        trigger_rule="none_failed",
        outlets=[Asset("flow/Limits")],
    )

    _kept >> start >> [warn, note] >> end
