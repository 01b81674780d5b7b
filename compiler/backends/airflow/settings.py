"""The keys of `[tool.flowc.airflow]`: what each is called in the DAG, and what its value may be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from compiler.backends import Options
from compiler.backends.airflow import default_args, models
from compiler.backends.airflow.literals import Call, Code, Source
from compiler.backends.airflow.models import is_texts
from compiler.backends.fields import is_flag, is_table, is_text
from compiler.backends.pod_options import MOUNTS, VOLUMES, are_mounts, are_tolerations, are_volumes, is_affinity
from compiler.backends.pod_security import is_pod_context, is_security_context
from compiler.ir.flow import Value
from compiler.slotted_class import record

Place = Literal["file", "dag", "all", "pod"]
MOST_TAG = 100
"""Characters of a tag."""
"""Where a key goes: into the file's shape, the DAG's arguments, every task's, or the pods' alone."""


@record
class Setting:
    """One key: what it is for, where it goes and under which name, which values it takes and how they are spelled."""

    help: str
    place: Place
    takes: Callable[[Value], bool]
    wants: str
    spell: Callable[[Value], Source] = lambda value: value
    name: str | None = None


def is_operator(value: Value) -> bool:
    return value in ("kubernetes", "bash")


def is_whole(value: Value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def is_seconds(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def is_callback(value: Value) -> bool:
    """A dotted path: a module and a function."""
    return isinstance(value, str) and "." in value and all(part.isidentifier() for part in value.split("."))


def seconds(value: Value) -> Source:
    assert isinstance(value, int | float)
    return Call("timedelta", named=(("seconds", value),))


def _are_tags(value: Value) -> bool:
    return is_texts(value) and isinstance(value, tuple | list) and all(len(str(tag)) <= MOST_TAG for tag in value)


def _text(help: str, place: Place, name: str | None = None) -> Setting:
    return Setting(help, place, is_text, "a text", name=name)


def _flag(help: str, place: Place) -> Setting:
    return Setting(help, place, is_flag, "true or false")


def _whole(help: str, place: Place) -> Setting:
    return Setting(help, place, is_whole, "a whole number")


def _callback(help: str) -> Setting:
    wants = "the dotted path of a function"
    return Setting(help, "dag", is_callback, wants, lambda value: Code(str(value).rpartition(".")[2]))


FIELDS = "a table of the fields of a security context"
SETTINGS: Mapping[str, Setting] = {
    "operator": Setting("`kubernetes` (a pod a step) or `bash`", "file", is_operator, "`kubernetes` or `bash`"),
    "tags": Setting("more tags of the DAG", "file", _are_tags, "a list of texts of at most 100 characters"),
    "max_active_runs": _whole("how many runs may go on at once", "dag"),
    "dagrun_timeout": Setting("seconds after which a run fails", "dag", is_seconds, "a number of seconds", seconds),
    "on_success_callback": _callback("called when a run succeeds"),
    "on_failure_callback": _callback("called when a run fails"),
    "owner": _text("the owner that the tasks show", "all"),
    "pool": _text("the pool of the tasks", "all"),
    "queue": _text("the queue of the tasks", "all"),
    "priority_weight": _whole("the tasks' weight in the queue", "all"),
    "default_args": Setting("more arguments of every task, as Airflow names them", "file", is_table, "a table"),
    "service_account_name": _text("the pods' service account", "pod"),
    "image_pull_policy": _text("`Always`, `IfNotPresent` or `Never`", "pod"),
    "image_pull_secrets": Setting("secrets to pull images with", "pod", is_texts, "a list of texts", models.pull_secrets),
    "env_from_secrets": Setting("secrets whose keys the pods see", "pod", is_texts, "a list of texts", models.env_from, "env_from"),
    "node_selector": Setting("labels that the nodes must have", "pod", is_table, "a table of texts"),
    "affinity": Setting("affinity of the pods, as Kubernetes spells it", "pod", is_affinity, "a table of kinds of affinity"),
    "tolerations": Setting("taints that the pods bear", "pod", are_tolerations, "a list of tables", models.tolerations),
    "volumes": Setting("volumes of the pods, as Kubernetes spells them", "pod", are_volumes, VOLUMES, models.volumes),
    "volume_mounts": Setting("where the containers see volumes, as Kubernetes spells them", "pod", are_mounts, MOUNTS, models.mounts),
    "labels": Setting("labels of the pods", "pod", is_table, "a table of texts", models.rendered),
    "annotations": Setting("annotations of the pods", "pod", is_table, "a table of texts", models.rendered),
    "security_context": Setting("what the pods are, instead of a user without rights", "file", is_pod_context, FIELDS),
    "container_security_context": Setting("what the containers may, instead of nothing", "file", is_security_context, FIELDS),
    "kubernetes_conn_id": _text("the Airflow connection to the cluster", "pod"),
    "in_cluster": _flag("whether Airflow runs in the cluster", "pod"),
    "cluster_context": _text("the context of the kube config", "pod"),
    "config_file": _text("the kube config", "pod"),
    "pod_template_file": _text("a pod to start from", "pod"),
    "pod_template_dict": Setting("a pod to start from, as Kubernetes spells it", "pod", is_table, "a table"),
    "priority_class_name": _text("the pods' priority class", "pod"),
    "deferrable": _flag("whether a triggerer waits for the pods", "pod"),
    "startup_timeout_seconds": _whole("how long a pod may take to start", "pod"),
    "on_finish_action": _text("`delete_pod`, `keep_pod` or `delete_succeeded_pod`", "pod"),
}  # fmt: skip

CONNECTION: Mapping[str, str] = {
    "url": "the address of Airflow's web or API server; else AIRFLOW_API_URL",
    "dags": "where Airflow reads DAG files: a folder, s3://bucket/prefix, gs://bucket/prefix or az://container/prefix",
    "ca": "a file with the certificates that are trusted for https, instead of the system's",
    "wait": "seconds that `deploy` and `delete` wait until Airflow has noticed a file (900)",
}
"""The keys of `[tool.flowc.airflow.connection]`: where an Airflow is. Nothing that is compiled depends on them."""


def placed(options: Options, place: Place) -> dict[str, Source]:
    """The arguments that the options give at one place, in the table's order."""
    return {
        setting.name or key: setting.spell(options.target[key])
        for key, setting in SETTINGS.items()
        if setting.place == place and key in options.target
    }


def callbacks(options: Options) -> Mapping[str, str]:
    """What the file imports for its callbacks: names, joined by commas, by their module."""
    paths = {
        str(options.target[key]) for key in ("on_success_callback", "on_failure_callback") if key in options.target
    } | set(default_args.callbacks(options))
    found: dict[str, str] = {}
    for path in sorted(paths):
        module, _, name = path.rpartition(".")
        found[module] = f"{found[module]}, {name}" if module in found else name
    return found


def operator(options: Options) -> str:
    """`kubernetes` or `bash`."""
    return str(options.target.get("operator", "kubernetes"))
