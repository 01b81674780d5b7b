"""The flow RetryAndCatchFlow of retry_and_catch.py, written by flowc: change the flow, not this file."""

from uuid import uuid4

import pendulum
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from kubernetes.client import models as k8s

try:
    from airflow.sdk import DAG, Asset, task
    from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.datasets import Dataset as Asset
    from airflow.decorators import task
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
ENV = {
    "FLOWC_FLOW": "retry_and_catch.py:RetryAndCatchFlow",
    "FLOWC_STORE": "s3://flows/store",
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
def _identify(ti=None):
    """A new name for a new run; a cleared one has kept its own."""
    return ti.xcom_pull(task_ids="_kept") or str(uuid4())


@task(task_id="_kept", retries=2, retry_delay=5)
def _keep(identity):
    return identity


with DAG(
    dag_id="RetryAndCatchFlow",
    doc_md="Ask a flaky service and a broken one.",
    schedule=None,
    start_date=pendulum.datetime(2025, 1, 1, tz="UTC"),
    catchup=False,
    tags=["flowc"],
    default_args={
        "retries": 0,
        "image": "retryandcatchflow:0123456789ab",
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
    ask_flaky = _Retried(
        task_id="ask_flaky",
        arguments=["ask_flaky", *_at("-"), "--load", "start"],
        active_deadline_seconds=600,
        container_resources=k8s.V1ResourceRequirements(
            requests={"cpu": "1", "memory": "512Mi"},
        ),
        retries=2,
        retry_delay=0,
        doc_md="What a failed attempt has set is never seen: `half_done` is not an artifact of this task.",
    )
    ask_broken = _Retried(
        task_id="ask_broken",
        arguments=["ask_broken", *_at("-"), "--load", "start"],
        retries=2,
        retry_delay=0,
        doc_md="After the last attempt the run goes on, and `problem` tells what happened.",
    )
    join = KubernetesPodOperator(
        task_id="join",
        arguments=["join", *_at("-"), "--load", "merge:start/ask_flaky;ask_broken"],
    )
    end = KubernetesPodOperator(
        task_id="end",
        arguments=["end", *_at("-"), "--load", "join"],
        outlets=[Asset("flow/RetryAndCatchFlow")],
    )

    _kept >> start >> [ask_flaky, ask_broken] >> join >> end
