"""What `@kubernetes` asks of a pod, read once for all targets that have pods: its values, their defaults, and what follows of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from compiler.backends import Options
from compiler.backends.fields import (
    camel,
    is_flag,
    is_mapping,
    is_names,
    is_number,
    is_tables,
    is_text,
    mapping,
    names,
    one_of,
    whole,
)
from compiler.backends.pod_security import is_security_context
from compiler.ir.flow import Dynamic, Value
from compiler.ir.plan import Resources, Task
from compiler.slotted_class import record

TMPFS, MEMORY, DISK, PATIENCE = "/metaflow_temp", 4096, 10240, 600
"""Metaflow's: where a tmpfs is, the MiB of memory and disk of a step that asks for none, the seconds that a gang waits."""

_TOLERATION = frozenset({"key", "operator", "value", "effect", "tolerationSeconds"})
_AFFINITY = frozenset({"nodeAffinity", "podAffinity", "podAntiAffinity"})
_POOL = "outerbounds.co/compute-pool"


@record
class Tmpfs:
    """A file system in memory: where the container sees it, how many MiB it takes, whether temporary files go there."""

    path: str
    size: int
    is_tempdir: bool


@record
class Claim:
    """A volume that is made for one pod and goes with it: where the container sees it, and its claim as Kubernetes spells it."""

    path: str
    spec: Mapping[str, Value]


def said(task: Task, decorator: str = "kubernetes") -> dict[str, Value]:
    """What the step's decorator says, by option."""
    return {
        option.name: option.value
        for option in task.options
        if option.decorator == decorator and not isinstance(option.value, Dynamic)
    }


def tmpfs(options: Mapping[str, Value], asked: Resources) -> Tmpfs | None:
    """The tmpfs of `use_tmpfs` or of a size, as Metaflow reads them; half of the memory where no size is said."""
    size = whole(options.get("tmpfs_size"))
    if not options.get("use_tmpfs") and not size:
        return None
    path = str(options.get("tmpfs_path") or TMPFS)
    return Tmpfs(path, size or (asked.memory or MEMORY) // 2, options.get("tmpfs_tempdir") is not False)


def pod_environment(options: Mapping[str, Value], asked: Resources) -> dict[str, str]:
    """The variables that follow of a step's options."""
    found = tmpfs(options, asked)
    variables = {"TMPDIR": found.path} if found and found.is_tempdir else {}
    patience = whole(options.get("hostname_resolution_timeout"))
    return variables | ({"FLOWC_GANG_TIMEOUT": str(patience)} if patience not in (None, PATIENCE) else {})


def quantities(asked: Resources, options: Mapping[str, Value], guaranteed: bool) -> dict[str, dict[str, str]]:
    """Requests and limits, those that are not empty: limits are those of devices, or of everything where the pod is Guaranteed."""
    sizes = {
        "cpu": None if asked.cpu is None else f"{asked.cpu:g}",
        "memory": None if asked.memory is None else f"{asked.memory}Mi",
        "ephemeral-storage": None if asked.disk is None else f"{asked.disk}Mi",
    }
    requests = {name: size for name, size in sizes.items() if size is not None}
    devices = mapping(options.get("extended_resources"))
    limits = (requests if guaranteed else {}) | devices
    if asked.gpu:
        limits[f"{str(options.get('gpu_vendor') or 'nvidia').lower()}.com/gpu"] = str(asked.gpu)
    found = {"requests": requests | devices, "limits": limits}
    return {kind: amounts for kind, amounts in found.items() if amounts}


def is_guaranteed(qos: Value) -> bool:
    return isinstance(qos, str) and qos.lower() == "guaranteed"


def node_selector(options: Mapping[str, Value]) -> dict[str, str]:
    """The labels that the step's node must have; a compute pool is one of them."""
    pool = options.get("compute_pool")
    return mapping(options.get("node_selector")) | ({_POOL: str(pool)} if pool else {})


def tolerations(value: Value) -> tuple[Value, ...]:
    """Tolerations with the names of Kubernetes."""
    named = camel(value)
    return named if isinstance(named, tuple) else ()


def ephemeral_claims(options: Mapping[str, Value]) -> tuple[Claim, ...]:
    """The volumes of `ephemeral_volume_claims`: by name a path, or a table of `path` and what the claim's `spec` has of its own."""
    given = options.get("ephemeral_volume_claims")
    least: Mapping[str, Value] = {
        "accessModes": ("ReadWriteOnce",),
        "resources": {"requests": {"storage": f"{DISK}Mi"}},
    }
    found: list[Claim] = []
    for value in given.values() if isinstance(given, Mapping) else ():
        table = value if isinstance(value, Mapping) else {"path": value}
        spec = table.get("spec")
        found.append(Claim(str(table["path"]), {**least, **(spec if isinstance(spec, Mapping) else {})}))
    return tuple(found)


_SOURCES = frozenset({
    "awsElasticBlockStore", "azureDisk", "azureFile", "cephfs", "cinder", "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral",
    "fc", "flexVolume", "flocker", "gcePersistentDisk", "gitRepo", "glusterfs", "hostPath", "image", "iscsi", "nfs",
    "persistentVolumeClaim", "photonPersistentDisk", "portworxVolume", "projected", "quobyte", "rbd", "scaleIO", "secret",
    "storageos", "vsphereVolume",
})  # fmt: skip
_MOUNT = frozenset({"mountPropagation", "readOnly", "recursiveReadOnly", "subPath", "subPathExpr"})

VOLUMES = "a list of tables with a `name` and one kind of volume, as Kubernetes spells it"
MOUNTS = "a list of tables with `name`, `mountPath` and what else a volume mount has"


def are_volumes(value: Value) -> bool:
    """What `VOLUMES` says."""
    return is_tables(value) and all(
        isinstance(each, Mapping) and is_text(each.get("name")) and len(each) == 2 and set(each) <= _SOURCES | {"name"}  # noqa: PLR2004 - the name, the kind
        for each in _items(value)
    )


def are_mounts(value: Value) -> bool:
    """What `MOUNTS` says."""
    needed = {"name", "mountPath"}
    return is_tables(value) and all(
        isinstance(each, Mapping) and all(is_text(each.get(key)) for key in needed) and set(each) <= _MOUNT | needed
        for each in _items(value)
    )


def lost_mounts(options: Options, ours: tuple[str, ...] = ()) -> list[str]:
    """The names in `volume_mounts` that no volume has, nor are among `ours`; a pod that the settings describe or patch may have others."""
    if any(options.target.get(key) for key in ("pod_spec_patch", "pod_template_file", "pod_template_dict")):
        return []
    known = {*ours, *_names_of(options, "volumes")}
    return [name for name in _names_of(options, "volume_mounts") if name not in known]


def _names_of(options: Options, key: str) -> list[str]:
    return [str(each.get("name")) for each in _items(options.target.get(key)) if isinstance(each, Mapping)]


def are_tolerations(value: Value) -> bool:
    """A list of tables with a toleration's keys."""
    return is_tables(value) and all(
        isinstance(each, Mapping) and set(each) <= _TOLERATION for each in tolerations(tuple(_items(value)))
    )


def _items(value: Value) -> tuple[Value, ...]:
    return tuple(value) if isinstance(value, tuple | list) else ()


def is_affinity(value: Value) -> bool:
    """A table of the kinds of affinity, as Kubernetes spells them: labels in it may look like anything."""
    return isinstance(value, Mapping) and set(value) <= _AFFINITY


def _are_claims(value: Value) -> bool:
    return isinstance(value, Mapping) and all(map(_is_path, value.values()))


def _are_ephemeral(value: Value) -> bool:
    return isinstance(value, Mapping) and all(_is_path(each) or _is_ephemeral(each) for each in value.values())


def _is_ephemeral(value: Value) -> bool:
    return (
        isinstance(value, Mapping)
        and set(value) <= {"path", "spec"}
        and _is_path(value.get("path"))
        and isinstance(value.get("spec", {}), Mapping)
    )


def _is_path(value: Value) -> bool:
    return isinstance(value, str) and bool(value) and ":" not in value


def _is_selector(value: Value) -> bool:
    return is_mapping(value) and bool(names(value) or isinstance(value, Mapping))


Takes = tuple[Callable[[Value], bool], str]

OPTIONS: Mapping[str, Takes] = {
    "affinity": (is_affinity, "a dict of `nodeAffinity`, `podAffinity` and `podAntiAffinity`, as Kubernetes spells them"),
    "annotations": (is_mapping, "a dict of texts"),
    "compute_pool": (is_text, "a name"),
    "ephemeral_volume_claims": (_are_ephemeral, "a dict of paths, or of dicts with `path` and the claim's `spec`"),
    "extended_resources": (is_mapping, "a dict of resources and amounts"),
    "gpu_vendor": (is_text, "a text such as `nvidia` or `amd`"),
    "hostname_resolution_timeout": (is_number, "a number of seconds"),
    "image_pull_policy": (lambda value: value in ("Always", "IfNotPresent", "Never"), "one of Always, IfNotPresent, Never"),
    "image_pull_secrets": (is_names, "a list of names"),
    "labels": (is_mapping, "a dict of texts"),
    "node_selector": (_is_selector, "a dict, or a text `key=value,…`"),
    "persistent_volume_claims": (_are_claims, "a dict of claims and paths"),
    "port": (is_number, "a number"),
    "priority_class": (is_text, "a name"),
    "qos": (one_of("Guaranteed", "Burstable"), "one of Guaranteed, Burstable"),
    "secrets": (is_names, "a list of names"),
    "security_context": (is_security_context, "a dict of the fields of a container's security context"),
    "service_account": (is_text, "a name"),
    "tmpfs_path": (_is_path, "a path"),
    "tmpfs_size": (is_number, "a number of MiB"),
    "tmpfs_tempdir": (is_flag, "True or False"),
    "tolerations": (are_tolerations, "a list of dicts with the keys of a toleration"),
    "use_tmpfs": (is_flag, "True or False"),
}  # fmt: skip
"""The options of `@kubernetes` beyond the portable ones that a pod can have anywhere: which values each takes, and how to say so."""
