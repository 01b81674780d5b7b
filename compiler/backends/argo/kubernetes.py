"""`@kubernetes` and `@resources` in a pod template: every option that Argo can say, and what is wrong with a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from compiler.backends.argo.yaml_text import Inline, Tree
from compiler.backends.secrets import kubernetes_secrets, secret_environment
from compiler.ir.flow import Dynamic, Value
from compiler.ir.plan import Option, Resources, Task
from compiler.slotted_class import fresh, mutable

OPTIONS = frozenset({
    "annotations", "gpu_vendor", "image_pull_policy", "image_pull_secrets", "labels", "node_selector",
    "persistent_volume_claims", "port", "qos", "secrets", "security_context", "service_account", "tmpfs_path",
    "tmpfs_size", "tmpfs_tempdir", "tolerations", "use_tmpfs",
})  # fmt: skip

_POLICIES = ("Always", "IfNotPresent", "Never")
_CLASSES = ("Guaranteed", "Burstable")
_TMPFS = "/metaflow_temp"


@mutable
class Pod:
    """The parts of a template that `@kubernetes` decides; `volumes` come with their mounts."""

    template: dict[str, Tree] = fresh(default_factory=dict)
    container: dict[str, Tree] = fresh(default_factory=dict)
    environment: dict[str, str] = fresh(default_factory=dict)
    volumes: list[Tree] = fresh(default_factory=list)
    mounts: list[Tree] = fresh(default_factory=list)

    def mount(self, name: str, volume: dict[str, Tree], path: str) -> None:
        """Add a volume where the container sees it."""
        self.volumes.append({"name": name, **volume})
        self.mounts.append(Inline({"name": name, "mountPath": path}))


def options_of(task: Task) -> dict[str, Value]:
    """The task's `@kubernetes` options by name."""
    return {
        option.name: option.value
        for option in task.options
        if option.decorator == "kubernetes" and not isinstance(option.value, Dynamic)
    }


def fault(option: Option) -> str | None:
    """What is wrong with an option's value, in words; None where nothing is."""
    if isinstance(option.value, Dynamic):
        return "only run time knows the value, and the pod is described before"
    check, expected = _EXPECTED.get(option.name, (None, ""))
    return None if check is None or check(option.value) else f"expected {expected}"


def pod(task: Task, settings: Mapping[str, Value]) -> Pod:
    """What the task's resources and options say of its pod; `settings` are those of `[tool.flowc.argo]`."""
    options = options_of(task)
    result = Pod()
    _selection(result, options)
    secrets = [*names(options.get("secrets")), *kubernetes_secrets(task)]
    _access(result, options, secrets, names(settings.get("env_from_secrets")))
    result.environment.update(secret_environment(task, "kubernetes"))
    _memory(result, task.resources, options)
    claims = options.get("persistent_volume_claims")
    for number, (claim, path) in enumerate(mapping(claims).items()):
        result.mount(f"claim-{number}", {"persistentVolumeClaim": Inline({"claimName": claim})}, path)
    asked = _requests(
        task.resources, options.get("gpu_vendor"), options.get("qos", settings.get("qos")) == "Guaranteed"
    )
    if asked:
        result.container["resources"] = asked
    return result


def _selection(result: Pod, options: Mapping[str, Value]) -> None:
    metadata: dict[str, Tree] = {}
    for name in ("labels", "annotations"):
        if options.get(name):
            metadata[name] = tree(mapping(options[name]))
    if metadata:
        result.template["metadata"] = metadata
    if options.get("service_account"):
        result.template["serviceAccountName"] = str(options["service_account"])
    if options.get("node_selector"):
        result.template["nodeSelector"] = tree(mapping(options["node_selector"]))
    if options.get("tolerations"):
        result.template["tolerations"] = tree(options["tolerations"])


def _access(result: Pod, options: Mapping[str, Value], secrets: list[str], of_all: list[str]) -> None:
    if options.get("image_pull_policy"):
        result.container["imagePullPolicy"] = str(options["image_pull_policy"])
    if options.get("port"):
        result.container["ports"] = [Inline({"containerPort": int(str(options["port"]))})]
    if options.get("security_context"):
        result.container["securityContext"] = tree(options["security_context"])
    if secrets:
        # a template's list replaces that of the defaults
        sources = dict.fromkeys([*of_all, *secrets])
        result.container["envFrom"] = [{"secretRef": Inline({"name": name})} for name in sources]


def _memory(result: Pod, asked: Resources, options: Mapping[str, Value]) -> None:
    if asked.shared_memory:
        result.mount("shared-memory", {"emptyDir": _in_memory(asked.shared_memory)}, "/dev/shm")
    size = options.get("tmpfs_size")
    if options.get("use_tmpfs") or (size and options.get("use_tmpfs") is not False):
        path = str(options.get("tmpfs_path") or _TMPFS)
        # half of the memory is what Metaflow gives a tmpfs without a size
        most = int(str(size)) if size else (asked.memory or 4096) // 2
        result.mount("tmpfs", {"emptyDir": _in_memory(most)}, path)
        if options.get("tmpfs_tempdir") is not False:
            result.environment["TMPDIR"] = path


def _in_memory(size: int) -> Tree:
    return Inline({"medium": "Memory", "sizeLimit": f"{size}Mi"})


def _requests(asked: Resources, vendor: Value | None, guaranteed: bool) -> Tree:
    requests = Inline()
    if asked.cpu is not None:
        requests["cpu"] = f"{asked.cpu:g}"
    if asked.memory is not None:
        requests["memory"] = f"{asked.memory}Mi"
    if asked.disk is not None:
        requests["ephemeral-storage"] = f"{asked.disk}Mi"
    limits = Inline(requests) if guaranteed else Inline()
    if asked.gpu:
        limits[f"{vendor or 'nvidia'}.com/gpu"] = str(asked.gpu)
    return {key: value for key, value in (("requests", requests), ("limits", limits)) if value}


def mapping(value: Value | None) -> dict[str, str]:
    """A dict of texts, also as `a=b,c=d` or a list of such pairs."""
    if isinstance(value, Mapping):
        return {key: "" if item is None else _text(item) for key, item in value.items()}
    pairs = (pair.partition("=") for pair in names(value))
    return {key.strip(): item.strip() for key, _, item in pairs}


def names(value: Value | None) -> list[str]:
    """A list of texts, also as one text with commas."""
    if isinstance(value, tuple | list):
        return [str(item) for item in value]
    return [part.strip() for part in str(value).split(",") if part.strip()] if value else []


def tree(value: object) -> Tree:
    """A value of the source or of TOML as the manifest holds it."""
    if isinstance(value, Mapping):
        return {str(key): tree(item) for key, item in value.items() if item is not None}
    if isinstance(value, tuple | list):
        return [tree(item) for item in value]
    return value if isinstance(value, bool | int | str) else _text(value)


def _text(value: object) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _is_text(value: Value) -> bool:
    return isinstance(value, str)


def _is_number(value: Value) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, str) and value.isdigit())


def _is_flag(value: Value) -> bool:
    return isinstance(value, bool)


def _is_names(value: Value) -> bool:
    return isinstance(value, str) or (isinstance(value, tuple) and all(isinstance(item, str) for item in value))


def _is_mapping(value: Value) -> bool:
    if isinstance(value, Mapping):
        return all(item is None or isinstance(item, str | int) for item in value.values())
    return _is_names(value) and all("=" in pair for pair in names(value))


def _is_tables(value: Value) -> bool:
    return isinstance(value, tuple) and all(isinstance(item, Mapping) for item in value)


def _is_table(value: Value) -> bool:
    return isinstance(value, Mapping)


def _one_of(words: tuple[str, ...]) -> Callable[[Value], bool]:
    return lambda value: value in words


_EXPECTED: Mapping[str, tuple[Callable[[Value], bool], str]] = {
    "annotations": (_is_mapping, "a dict of texts"),
    "gpu_vendor": (_is_text, "a text such as `nvidia` or `amd`"),
    "image_pull_policy": (_one_of(_POLICIES), "one of " + ", ".join(_POLICIES)),
    "image_pull_secrets": (_is_names, "a list of names"),
    "labels": (_is_mapping, "a dict of texts"),
    "node_selector": (_is_mapping, "a dict of texts"),
    "persistent_volume_claims": (_is_mapping, "a dict of claims and paths"),
    "port": (_is_number, "a number"),
    "qos": (_one_of(_CLASSES), "one of " + ", ".join(_CLASSES)),
    "secrets": (_is_names, "a list of names"),
    "security_context": (_is_table, "a dict"),
    "service_account": (_is_text, "a name"),
    "tmpfs_path": (_is_text, "a path"),
    "tmpfs_size": (_is_number, "a number of MiB"),
    "tmpfs_tempdir": (_is_flag, "True or False"),
    "tolerations": (_is_tables, "a list of dicts"),
    "use_tmpfs": (_is_flag, "True or False"),
}

Kind = Literal["text", "names", "mapping", "table", "tables", "number", "flag"]
IS_KIND: Mapping[Kind, Callable[[Value], bool]] = {
    "text": _is_text,
    "names": _is_names,
    "mapping": _is_mapping,
    "table": _is_table,
    "tables": _is_tables,
    "number": _is_number,
    "flag": _is_flag,
}
"""What the values of `[tool.flowc.argo]` may be."""
