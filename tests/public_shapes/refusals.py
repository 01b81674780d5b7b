"""What is refused of the flows of this folder: by file and target the codes, each with the reason why nothing else would be right."""

from __future__ import annotations

from collections.abc import Mapping

ALL = ("airflow", "argo", "step-functions")

_POD = "an option of Kubernetes pods: a job definition of AWS Batch has no field for it (RegisterJobDefinition, ContainerProperties)"
_DISK = "ContainerProperties has `ephemeralStorage` for Fargate alone, and the disk of an EC2 host is the compute environment's"
_QUEUE = "a queue of AWS Batch: neither a pod nor a workflow has one, and without it the step would run elsewhere than the author says"
_SENSOR = "an operator of Airflow's that waits inside of a DAG: no other engine runs it"
_ALL_EVENTS = "a rule of EventBridge matches one event at a time (PutRule, EventPattern) and keeps nothing between two"
_EXTENSION = "no release of `metaflow` has it: it comes with an extension, and without one its import fails there, too"

REFUSED: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("company/kubernetes_all.py", "step-functions"): {"FC302": _POD, "FC333": _DISK},
    ("company/monorepo/services/pricing/flows/pricing_flow.py", "step-functions"): {"FC302": _POD},
    ("company/sensors.py", "argo"): {"FC301": _SENSOR},
    ("company/sensors.py", "step-functions"): {"FC301": _SENSOR},
    ("deep/keras_pets.py", "airflow"): {"FC302": _QUEUE},
    ("deep/keras_pets.py", "argo"): {"FC302": _QUEUE},
    **{("deep/ray_like_extension.py", target): {"FC507": _EXTENSION} for target in ALL},
    ("events/after_several.py", "step-functions"): {"FC622": _ALL_EVENTS},
    ("events/all_events.py", "step-functions"): {"FC622": _ALL_EVENTS},
    ("training/churn_lightgbm.py", "step-functions"): {"FC333": _DISK},
}

_BRANCH = ("--branch", "main")

WORDS: Mapping[str, tuple[str, ...]] = {
    "company/kubernetes_all.py": _BRANCH,
    "company/monorepo/services/pricing/flows/pricing_flow.py": _BRANCH,
    "data/spark_like_etl.py": _BRANCH,
    "data/sql_models.py": _BRANCH,
    "events/all_events.py": _BRANCH,
    "events/triggered_by_event.py": _BRANCH,
    "training/churn_lightgbm.py": _BRANCH,
    "company/custom_mutator.py": ("--import",),
    "events/after_another.py": ("--namespace", "jobs"),
    "events/after_several.py": ("--namespace", "jobs", *_BRANCH),
}
"""What a call says beside the file: what mutators do is told by running them, where other flows run, whose a project's branch is."""
