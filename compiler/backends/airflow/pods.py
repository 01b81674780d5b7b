"""What a step's decorators ask of its pod, as arguments of `KubernetesPodOperator`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from compiler.backends import Options
from compiler.backends.airflow import models
from compiler.backends.airflow.literals import Source
from compiler.backends.secrets import kubernetes_secrets
from compiler.ir.flow import Dynamic, Value
from compiler.ir.plan import Option, Task


def _selector(value: Value) -> dict[str, Source] | None:
    """A node selector from a dict, or from the text `a=b,c=d`; None for anything else."""
    if isinstance(value, Mapping):
        return dict(value)
    pairs = [each.partition("=") for each in value.split(",")] if isinstance(value, str) else []
    well = pairs and all(key and sign for key, sign, _ in pairs)
    return {key.strip(): item.strip() for key, _, item in pairs} if well else None


SPELLED: Mapping[str, tuple[Callable[[Value], bool], str]] = {
    "namespace": (models.is_text, "a text"),
    "service_account": (models.is_text, "a text"),
    "executable": (models.is_text, "a text"),
    "image_pull_policy": (models.is_text, "a text"),
    "image_pull_secrets": (models.is_texts, "a list of texts"),
    "secrets": (lambda value: models.is_text(value) or models.is_texts(value), "a text or a list of texts"),
    "node_selector": (lambda value: _selector(value) is not None, "a dict, or a text `key=value,…`"),
    "tolerations": (models.are_tolerations, "a list of dicts"),
    "labels": (models.is_mapping, "a dict"),
    "annotations": (models.is_mapping, "a dict"),
    "gpu_vendor": (lambda value: value in ("nvidia", "amd"), "`nvidia` or `amd`"),
    "use_tmpfs": (lambda value: isinstance(value, bool), "True or False"),
    "tmpfs_size": (lambda value: isinstance(value, int), "a number of MiB"),
    "tmpfs_path": (models.is_text, "a text"),
    "persistent_volume_claims": (models.is_mapping, "a dict of claims and paths"),
    "port": (lambda value: isinstance(value, int), "a number"),
    "qos": (lambda value: value in ("Guaranteed", "Burstable"), "`Guaranteed` or `Burstable`"),
    "security_context": (models.is_mapping, "a dict"),
}
"""The options of `@kubernetes` beyond the portable ones: which values each takes, and how to say so."""

_PLAIN = {
    "namespace": "namespace",
    "service_account": "service_account_name",
    "image_pull_policy": "image_pull_policy",
    "security_context": "container_security_context",
}
_SPELT: Mapping[str, tuple[str, Callable[[Value], Source]]] = {
    "image_pull_secrets": ("image_pull_secrets", models.pull_secrets),
    "secrets": ("env_from", models.env_from),
    "tolerations": ("tolerations", models.tolerations),
    "node_selector": ("node_selector", _selector),
    "labels": ("labels", models.rendered),
    "annotations": ("annotations", models.rendered),
    "port": ("ports", lambda value: [models.model("V1ContainerPort", container_port=value)]),
    "executable": ("cmds", lambda value: [value, "-m", "flowc", "step"]),
}


_ADDED = {"image_pull_secrets": "image_pull_secrets", "secrets": "env_from_secrets"}
"""The options whose names are added to those of a setting: by themselves, an operator's arguments replace the shared ones."""
_MERGED = ("labels", "annotations")
"""The options whose keys are added to those of the setting of that name."""


def arguments(task: Task, options: Options) -> dict[str, Source]:
    """The arguments of the step's operator that the author's decorators give, with those of the settings that they would replace."""
    said = {option.name: _known(option) for option in task.options if option.decorator == "kubernetes"}
    named = kubernetes_secrets(task)
    if named:
        said["secrets"] = (*_names(said.get("secrets")), *named)
    for name, setting in _ADDED.items():
        if name in said:
            said[name] = tuple(dict.fromkeys((*_names(options.target.get(setting)), *_names(said[name]))))
    for name in _MERGED:
        if name in said:
            said[name] = {**_table(options.target.get(name)), **_table(said[name])}
    found: dict[str, Source] = {_PLAIN[name]: value for name, value in said.items() if name in _PLAIN}
    for name, (argument, spell) in _SPELT.items():
        if name in said:
            found[argument] = spell(said[name])
    vendor = str(said.get("gpu_vendor", "nvidia"))
    resources = models.resources(task.resources, vendor, said.get("qos") == "Guaranteed")
    if resources is not None:
        found["container_resources"] = resources
    return found | _volumes(task, said)


def _names(value: Value) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return tuple(str(each) for each in value) if isinstance(value, tuple) else ()


def _table(value: Value) -> Mapping[str, Value]:
    return value if isinstance(value, Mapping) else {}


def _known(option: Option) -> Value:
    assert not isinstance(option.value, Dynamic), "a value that `check` let pass"
    return option.value


def _volumes(task: Task, said: Mapping[str, Value]) -> dict[str, Source]:
    volumes: list[Source] = []
    mounts: list[Source] = []
    if task.resources.shared_memory:
        volumes.append(models.memory_volume("shm", task.resources.shared_memory))
        mounts.append(models.mount("shm", "/dev/shm"))
    if said.get("use_tmpfs") or (said.get("tmpfs_size") and said.get("use_tmpfs") is not False):
        size = said.get("tmpfs_size")
        volumes.append(models.memory_volume("tmpfs", size if isinstance(size, int) else None))
        mounts.append(models.mount("tmpfs", str(said.get("tmpfs_path", "/metaflow_temp"))))
    claims = said.get("persistent_volume_claims")
    for number, (claim, path) in enumerate(claims.items() if isinstance(claims, Mapping) else ()):
        volumes.append(models.claim_volume(f"claim-{number}", claim))
        mounts.append(models.mount(f"claim-{number}", str(path)))
    return {"volumes": volumes, "volume_mounts": mounts} if volumes else {}
