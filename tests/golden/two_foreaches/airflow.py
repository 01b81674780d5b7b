"""The flow TwoForeachesFlow of two_foreaches.py, written by flowc: change the flow, not this file."""

from math import ceil
from uuid import uuid4

import pendulum
from airflow.configuration import conf
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator

try:
    from airflow.sdk import DAG, Asset, task, task_group
    from airflow.sdk.exceptions import AirflowSkipException
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.datasets import Dataset as Asset
    from airflow.decorators import task, task_group
    from airflow.exceptions import AirflowSkipException

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
ENV = {
    "FLOWC_FLOW": "two_foreaches.py:TwoForeachesFlow",
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
    dag_id="TwoForeachesFlow",
    doc_md="Plant a garden bed by bed, then weigh the harvest, while the shed is tidied.",
    schedule=None,
    start_date=pendulum.datetime(2025, 1, 1, tz="UTC"),
    catchup=False,
    tags=["flowc"],
    user_defined_macros={"index_path": _index_path},
    default_args={
        "retries": 0,
        "image": "twoforeachesflow:0123456789ab",
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
        arguments=["start", *_at("-"), *BEGIN],
    )
    garden = KubernetesPodOperator(
        task_id="garden",
        arguments=["garden", *_at("-"), "--load", "start", *REPORT],
        do_xcom_push=True,
    )
    _each_garden = _indices.override(task_id="_each_garden")("garden")
    _columns_garden = _columns.override(task_id="_columns_garden")(_each_garden)

    @task_group(group_id="foreach-garden")
    def _body_garden(row, column):
        index = "{{ index_path(ti, '_each_garden') }}"
        plant = KubernetesPodOperator(
            task_id="plant",
            arguments=["plant", *_at(index), "--load", "foreach:garden"],
            map_index_template=INDEX,
            doc_md="A body of a foreach may hold anything, here a split and its join.",
        )
        water = KubernetesPodOperator(
            task_id="water",
            arguments=["water", *_at(index), "--load", "plant"],
            map_index_template=INDEX,
        )
        weed = KubernetesPodOperator(
            task_id="weed",
            arguments=["weed", *_at(index), "--load", "plant"],
            map_index_template=INDEX,
        )
        tended = KubernetesPodOperator(
            task_id="tended",
            arguments=["tended", *_at(index), "--load", "merge:plant/water;weed"],
            map_index_template=INDEX,
        )
        plant >> [water, weed] >> tended

    _foreach_garden = _body_garden.expand(row=_each_garden, column=_columns_garden)
    harvest = KubernetesPodOperator(
        task_id="harvest",
        arguments=["harvest", *_at("-"), "--load", "gather:garden/tended"],
        doc_md="The join of the first foreach; the step after it opens the second.",
        trigger_rule="none_failed",
    )
    market = KubernetesPodOperator(
        task_id="market",
        arguments=["market", *_at("-"), "--load", "harvest", *REPORT],
        do_xcom_push=True,
    )
    _each_market = _indices.override(task_id="_each_market")("market")
    _columns_market = _columns.override(task_id="_columns_market")(_each_market)

    @task_group(group_id="foreach-market")
    def _body_market(row, column):
        index = "{{ index_path(ti, '_each_market') }}"
        KubernetesPodOperator(
            task_id="weigh",
            arguments=["weigh", *_at(index), "--load", "foreach:market"],
            map_index_template=INDEX,
        )

    _foreach_market = _body_market.expand(row=_each_market, column=_columns_market)
    sold = KubernetesPodOperator(
        task_id="sold",
        arguments=["sold", *_at("-"), "--load", "gather:market/weigh"],
        trigger_rule="none_failed",
    )
    shed = KubernetesPodOperator(
        task_id="shed",
        arguments=["shed", *_at("-"), "--load", "start"],
    )
    evening = KubernetesPodOperator(
        task_id="evening",
        arguments=["evening", *_at("-"), "--load", "merge:start/garden>sold;shed"],
    )
    end = KubernetesPodOperator(
        task_id="end",
        arguments=["end", *_at("-"), "--load", "evening"],
        outlets=[Asset("flow/TwoForeachesFlow")],
    )

    _kept >> start >> [garden, shed]
    garden >> _each_garden
    _foreach_garden >> harvest >> market >> _each_market
    _foreach_market >> sold
    [sold, shed] >> evening >> end
