"""The flow ChurnTrain of teams/growth/train.py, written by flowc: change the flow, not this file."""

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
EVENTS = "triggering_asset_events | default(triggering_dataset_events)"
PARAMETERS = "{{ given(params, " + EVENTS + ") }}"
BEGIN = ["--owner", OWNER, "--parameters", PARAMETERS]
ENV = {
    "FLOWC_FLOW": "teams/growth/train.py:ChurnTrain",
    "FLOWC_STORE": "s3://fleet-staging/flows",
    "FLOWC_WITH": '{"retry": [{"times": 2, "minutes_between_retries": 1}], "timeout": [{"minutes": 30}]}',
}
# What the first step is told of each event, by its asset.
TRIGGERS = {
    "flow/Features": {
        "name": "metaflow.Features.end",
        "type": "run",
        "flow": "Features",
    },
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


def _given(params, assets):
    """The parameters, and the events that started the run."""
    told = []
    for asset, events in assets.items():
        facts = TRIGGERS[getattr(asset, "name", asset)]
        for event in events:
            moment = {"timestamp": event.timestamp.isoformat(), "payload": event.extra}
            run = f"airflow-{event.source_dag_id}-{event.source_run_id}"
            named = {"id": f"{facts['flow']}/{run}"} if facts["type"] == "run" else {}
            told.append({**facts, **moment, **named})
    given = {name: value for name, value in params.items() if value is not None}
    given |= {"flowc-trigger": told} if told else {}
    return json.dumps(given).replace("$", "\\u0024")


with DAG(
    dag_id="ChurnTrain",
    doc_md="Two arms and a join. Another team has a train.py, too: what is deployed is named by the flow.",
    schedule=[Asset("flow/Features")],
    start_date=pendulum.datetime(2025, 1, 1, tz="UTC"),
    catchup=False,
    tags=["fleet", "flowc"],
    params={"day": Param("2026-01-31", type="string")},
    user_defined_macros={"given": _given},
    default_args={
        "retries": 2,
        "image": "registry.example.com/fleet/churntrain:35676bca5c32",
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
    by_mean = _Retried(
        task_id="by_mean",
        arguments=["by_mean", *_at("-"), "--load", "start"],
        active_deadline_seconds=2100,
        retries=2,
        retry_delay=60,
    )
    by_line = _Retried(
        task_id="by_line",
        arguments=["by_line", *_at("-"), "--load", "start"],
        active_deadline_seconds=2100,
        retries=2,
        retry_delay=60,
    )
    choose = _Retried(
        task_id="choose",
        arguments=["choose", *_at("-"), "--load", "merge:start/by_mean;by_line"],
        active_deadline_seconds=2100,
        retries=2,
        retry_delay=60,
    )
    end = _Retried(
        task_id="end",
        arguments=["end", *_at("-"), "--load", "choose"],
        active_deadline_seconds=2100,
        retries=2,
        retry_delay=60,
        outlets=[Asset("flow/ChurnTrain")],
    )

    _kept >> start >> [by_mean, by_line] >> choose >> end
