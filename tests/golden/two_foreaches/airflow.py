"""The flow TwoForeachesFlow of two_foreaches.py, written by flowc: change the flow, not this file."""

from uuid import uuid4

import pendulum
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator

try:
    from airflow.sdk import DAG, Asset, task, task_group
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.datasets import Dataset as Asset
    from airflow.decorators import task, task_group

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
    dag_id="TwoForeachesFlow",
    doc_md="Plant a garden bed by bed, then weigh the harvest, while the shed is tidied.",
    schedule=None,
    start_date=pendulum.datetime(2025, 1, 1, tz="UTC"),
    catchup=False,
    tags=["flowc"],
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

    @task_group(group_id="foreach-garden")
    def _body_garden(index):
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

    _foreach_garden = _body_garden.expand(index=_each_garden)
    harvest = KubernetesPodOperator(
        task_id="harvest",
        arguments=["harvest", *_at("-"), "--load", "gather:garden/tended"],
        doc_md="The join of the first foreach; the step after it opens the second.",
    )
    market = KubernetesPodOperator(
        task_id="market",
        arguments=["market", *_at("-"), "--load", "harvest", *REPORT],
        do_xcom_push=True,
    )
    _each_market = _indices.override(task_id="_each_market")("market")

    @task_group(group_id="foreach-market")
    def _body_market(index):
        KubernetesPodOperator(
            task_id="weigh",
            arguments=["weigh", *_at(index), "--load", "foreach:market"],
            map_index_template=INDEX,
        )

    _foreach_market = _body_market.expand(index=_each_market)
    sold = KubernetesPodOperator(
        task_id="sold",
        arguments=["sold", *_at("-"), "--load", "gather:market/weigh"],
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
