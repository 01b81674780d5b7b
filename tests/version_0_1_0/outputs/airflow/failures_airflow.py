"""The flow CaughtFlow of failures.py, written by flowc: change the flow, not this file."""

import json
from uuid import uuid4

import pendulum

try:
    from airflow.providers.standard.operators.bash import BashOperator
    from airflow.sdk import DAG, Asset, task, task_group
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.datasets import Dataset as Asset
    from airflow.decorators import task, task_group
    from airflow.operators.bash import BashOperator

# What Airflow fills in when a task starts: the run, how much of its retries a step has
# used up since it was last cleared, what tells this run from all others of its name,
# and the parameters as JSON in which no kubelet finds a dollar.
RUN = "airflow-{{ dag.dag_id }}-{{ run_id }}"
RETRY = "{{ ti.try_number - 1 - ti.max_tries + task.retries }}"
OWNER = "{{ ti.xcom_pull(task_ids='_kept') }}"
GIVEN = "dict(params.items() | rejectattr(1, 'none'))"
PARAMETERS = "{{ macros.json.dumps(" + GIVEN + r").replace('$', '\\u0024') }}"
# The name of a foreach's member in the UI: its index path.
INDEX = "{{ task.env['INDEX'] }}"
ENV = {
    "RUN": RUN,
    "RETRY": RETRY,
    "FLOWC_FLOW": "failures.py:CaughtFlow",
    "FLOWC_STORE": "file:/tmp/flowc-0.1.0/store",
}


@task(task_id="_run", retries=2, retry_delay=5)
def _identify(ti=None):
    """A new name for a new run; a cleared one has kept its own."""
    return ti.xcom_pull(task_ids="_kept") or str(uuid4())


@task(task_id="_kept", retries=2, retry_delay=5)
def _keep(identity):
    return identity


@task(retries=2, retry_delay=5, trigger_rule="none_failed")
def _indices(split, around=None, ti=None):
    """The index paths below a split, at most `[core] max_map_length` of them: `around`
    has those of the split's own tasks, of which each told its width."""
    places = [(-1, "")] if around is None else enumerate(f"{path}." for path in around)
    paths = []
    for place, path in places:
        fan = ti.xcom_pull(task_ids=split, map_indexes=place)["fan"]
        paths += [f"{path}{item}" for item in range(fan)]
    return paths


with DAG(
    dag_id="CaughtFlow",
    doc_md="@catch with the failure as an artifact, @retry with two attempts, exceptions as artifacts.",
    schedule=None,
    start_date=pendulum.datetime(2025, 1, 1, tz="UTC"),
    catchup=False,
    tags=["flowc"],
    default_args={
        "retries": 0,
        "env": ENV,
        "append_env": True,
        "skip_on_exit_code": None,
        "cwd": "/tmp/flowc-0.1.0/flows",
    },
):
    _kept = _keep(_identify())
    start = BashOperator(
        task_id="start",
        bash_command='exec python -m flowc step start --run "$RUN" --index - --retry "$RETRY" --owner "$OWNER" --parameters "$PARAMETERS" --report stdout:',
        env={**ENV, "OWNER": OWNER, "PARAMETERS": PARAMETERS},
        do_xcom_push=True,
        output_processor=json.loads,
        retries=1,
        retry_delay=0,
    )
    _each_start = _indices.override(task_id="_each_start")("start")

    @task_group(group_id="foreach-start")
    def _body_start(index):
        BashOperator(
            task_id="each",
            bash_command='exec python -m flowc step each --run "$RUN" --index "$INDEX" --retry "$RETRY" --load foreach:start',
            env={**ENV, "INDEX": index},
            do_xcom_push=False,
            map_index_template=INDEX,
            retries=1,
            retry_delay=0,
        )

    _foreach_start = _body_start.expand(index=_each_start)
    join = BashOperator(
        task_id="join",
        bash_command='exec python -m flowc step join --run "$RUN" --index - --retry "$RETRY" --load gather:start/each',
        do_xcom_push=False,
    )
    end = BashOperator(
        task_id="end",
        bash_command='exec python -m flowc step end --run "$RUN" --index - --retry "$RETRY" --load join',
        do_xcom_push=False,
        outlets=[Asset("flow/CaughtFlow")],
    )

    _kept >> start >> _each_start
    _foreach_start >> join >> end
