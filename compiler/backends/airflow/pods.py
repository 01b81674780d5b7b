"""What a step's decorators ask of its pod, as arguments of `KubernetesPodOperator`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from compiler.backends import Options, pod_options
from compiler.backends.airflow import models
from compiler.backends.airflow.literals import Source
from compiler.backends.fields import is_text, mapping, names
from compiler.backends.pod_security import CONTAINER, POD, of_pods, over, own_security
from compiler.backends.secrets import kubernetes_secrets
from compiler.ir.flow import Dynamic, Value
from compiler.ir.plan import Task

SPELLED: Mapping[str, pod_options.Takes] = {
    **pod_options.OPTIONS,
    "namespace": (is_text, "a text"),
    "executable": (is_text, "a text"),
}
"""The options of `@kubernetes` beyond the portable ones: which values each takes, and how to say so."""

_PLAIN = {
    "namespace": "namespace",
    "service_account": "service_account_name",
    "image_pull_policy": "image_pull_policy",
    "priority_class": "priority_class_name",
    "affinity": "affinity",
}
_SPELT: Mapping[str, tuple[str, Callable[[Value], Source]]] = {
    "image_pull_secrets": ("image_pull_secrets", models.pull_secrets),
    "secrets": ("env_from", models.env_from),
    "tolerations": ("tolerations", models.tolerations),
    "labels": ("labels", models.rendered),
    "annotations": ("annotations", models.rendered),
    "port": ("ports", lambda value: [models.model("V1ContainerPort", container_port=int(str(value)))]),
    "executable": ("cmds", lambda value: [value, "-m", "flowc", "step"]),
}


_ADDED = {"image_pull_secrets": "image_pull_secrets", "secrets": "env_from_secrets"}
"""The options whose names are added to those of a setting: by themselves, an operator's arguments replace the shared ones."""
_MERGED = ("labels", "annotations")
"""The options whose keys are added to those of the setting of that name."""


def shared_arguments(options: Options, has_sidecar: bool) -> dict[str, Source]:
    """What all pods may do, and the containers beside those that report."""
    pod, container = _security(options)
    found = {
        "security_context": pod,
        "container_security_context": container,
        "xcom_sidecar_container_security_context": CONTAINER if has_sidecar else {},
    }
    return {name: value for name, value in found.items() if value}


def _security(options: Options) -> tuple[Mapping[str, Value], Mapping[str, Value]]:
    """The security contexts of pods and containers: the settings', else what the pod to start from is left to say, else no rights."""
    is_known = "pod_template_file" not in options.target
    spec = _table(_table(options.target.get("pod_template_dict")).get("spec"))
    containers = spec.get("containers")
    first = _table(containers[0]) if isinstance(containers, tuple | list) and containers else {}
    found = []
    for name, least, template in (("security_context", POD, spec), ("container_security_context", CONTAINER, first)):
        default = least if is_known and "securityContext" not in template else {}
        found.append(_table(options.target.get(name, default)))
    return of_pods(found[0]), own_security(found[1])


_WRITABLE: Mapping[str, Mapping[str, Value]] = {
    "volumes": {"name": "flowc-tmp", "emptyDir": {}},
    "volume_mounts": {"name": "flowc-tmp", "mountPath": "/tmp"},
}
"""What a container whose root cannot be written has for temporary files, its working directory and its HOME."""


def writable(options: Options) -> dict[str, Source]:
    """The volumes of all pods, where their containers' root cannot be written and no setting has a place for temporary files."""
    return _listed(options, _security(options)[1]) if _needs_place(options, _security(options)[1]) else {}


def _needs_place(options: Options, context: Mapping[str, Value]) -> bool:
    mounts = options.target.get("volume_mounts")
    listed = mounts if isinstance(mounts, tuple | list) else ()
    has_place = any(_table(each).get("mountPath") == "/tmp" for each in listed)
    return context.get("readOnlyRootFilesystem") is True and not has_place


def _listed(options: Options, context: Mapping[str, Value]) -> dict[str, Source]:
    """The volumes and mounts of the settings, and the place for temporary files where a container of that context needs one."""
    found: dict[str, Source] = {}
    for name, spell in (("volumes", models.volumes), ("volume_mounts", models.mounts)):
        given = options.target.get(name, ())
        assert isinstance(given, tuple | list)
        found[name] = spell((*given, *([_WRITABLE[name]] if _needs_place(options, context) else ())))
    return found


def arguments(task: Task, options: Options) -> dict[str, Source]:
    """The arguments of the step's operator that the author's decorators give, with those of the settings that they would replace."""
    said = _with_settings(task, options)
    found: dict[str, Source] = {_PLAIN[name]: value for name, value in said.items() if name in _PLAIN}
    for name, (argument, spell) in _SPELT.items():
        if name in said:
            found[argument] = spell(said[name])
    selector = pod_options.node_selector(said)
    if selector:
        found["node_selector"] = selector
    if said.get("security_context"):
        found["container_security_context"] = over(_security(options)[1], own_security(said["security_context"]))
    asked = pod_options.quantities(task.resources, said, pod_options.is_guaranteed(said.get("qos")))
    if asked:
        found["container_resources"] = models.model("V1ResourceRequirements", **asked)
    return found | _volumes(task, said, options)


def _with_settings(task: Task, options: Options) -> dict[str, Value]:
    """What the step's decorator says, with the names and keys that are added to it."""
    assert not any(isinstance(option.value, Dynamic) for option in task.options), "a value that `check` let pass"
    said = pod_options.said(task)
    secrets = kubernetes_secrets(task)
    if secrets:
        said["secrets"] = (*names(said.get("secrets")), *secrets)
    for name, setting in _ADDED.items():
        if name in said:
            said[name] = tuple(dict.fromkeys((*names(options.target.get(setting)), *names(said[name]))))
    for name in _MERGED:
        if name in said:
            said[name] = {**_table(options.target.get(name)), **mapping(said[name])}
    return said


def _table(value: Value) -> Mapping[str, Value]:
    return value if isinstance(value, Mapping) else {}


def _volumes(task: Task, said: Mapping[str, Value], options: Options) -> dict[str, Source]:
    volumes: list[Source] = []
    mounts: list[Source] = []
    if task.resources.shared_memory:
        volumes.append(models.memory_volume("shm", task.resources.shared_memory))
        mounts.append(models.mount("shm", "/dev/shm"))
    tmpfs = pod_options.tmpfs(said, task.resources)
    if tmpfs:
        volumes.append(models.memory_volume("tmpfs", tmpfs.size))
        mounts.append(models.mount("tmpfs", tmpfs.path))
    for number, (claim, path) in enumerate(mapping(said.get("persistent_volume_claims")).items()):
        volumes.append(models.claim_volume(f"claim-{number}", claim))
        mounts.append(models.mount(f"claim-{number}", path))
    for number, made in enumerate(pod_options.ephemeral_claims(said)):
        volumes.append(models.ephemeral_volume(f"ephemeral-{number}", made.spec))
        mounts.append(models.mount(f"ephemeral-{number}", made.path))
    of_all = _security(options)[1]
    context = over(of_all, own_security(said["security_context"])) if said.get("security_context") else of_all
    if not volumes and _needs_place(options, context) == _needs_place(options, of_all):
        return {}
    given = _listed(options, context)
    return {
        "volumes": [*_items(given["volumes"]), *volumes],
        "volume_mounts": [*_items(given["volume_mounts"]), *mounts],
    }


def _items(value: Source) -> list[Source]:
    assert isinstance(value, list)
    return value
