"""`@kubernetes` and `@resources` in a pod template: every option that Argo can say, and what is wrong with a value."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.backends import pod_options
from compiler.backends.fields import mapping, names, word
from compiler.backends.pod_security import own_security
from compiler.backends.secrets import kubernetes_secrets, secret_environment
from compiler.backends.yaml_text import Inline, Tree
from compiler.ir.flow import Dynamic, Value
from compiler.ir.plan import Option, Resources, Task
from compiler.slotted_class import fresh, mutable

OPTIONS = frozenset(pod_options.OPTIONS)


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


def fault(option: Option) -> str | None:
    """What is wrong with an option's value, in words; None where nothing is."""
    if isinstance(option.value, Dynamic):
        return "only run time knows the value, and the pod is described before"
    check, expected = pod_options.OPTIONS.get(option.name, (None, ""))
    return None if check is None or check(option.value) else f"expected {expected}"


def pod(task: Task, settings: Mapping[str, Value]) -> Pod:
    """What the task's resources and options say of its pod; `settings` are those of `[tool.flowc.argo]`."""
    options = pod_options.said(task)
    result = Pod()
    _selection(result, options)
    secrets = [*names(options.get("secrets")), *kubernetes_secrets(task)]
    _access(result, options, secrets, names(settings.get("env_from_secrets")))
    result.environment.update(secret_environment(task, "kubernetes"))
    result.environment.update(pod_options.pod_environment(options, task.resources))
    _volumes(result, task.resources, options)
    guaranteed = pod_options.is_guaranteed(options.get("qos", settings.get("qos")))
    asked = pod_options.quantities(task.resources, options, guaranteed)
    if asked:
        result.container["resources"] = {kind: Inline(amounts) for kind, amounts in asked.items()}
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
    selector = pod_options.node_selector(options)
    if selector:
        result.template["nodeSelector"] = tree(selector)
    if options.get("tolerations"):
        result.template["tolerations"] = tree(pod_options.tolerations(options["tolerations"]))
    if options.get("affinity"):
        result.template["affinity"] = tree(options["affinity"])
    if options.get("priority_class"):
        result.template["priorityClassName"] = str(options["priority_class"])


def _access(result: Pod, options: Mapping[str, Value], secrets: list[str], of_all: list[str]) -> None:
    if options.get("image_pull_policy"):
        result.container["imagePullPolicy"] = str(options["image_pull_policy"])
    if options.get("port"):
        result.container["ports"] = [Inline({"containerPort": int(str(options["port"]))})]
    if options.get("security_context"):
        result.container["securityContext"] = tree(own_security(options["security_context"]))
    if secrets:
        # a template's list replaces that of the defaults
        sources = dict.fromkeys([*of_all, *secrets])
        result.container["envFrom"] = [{"secretRef": Inline({"name": name})} for name in sources]


def _volumes(result: Pod, asked: Resources, options: Mapping[str, Value]) -> None:
    if asked.shared_memory:
        result.mount("shared-memory", {"emptyDir": _in_memory(asked.shared_memory)}, "/dev/shm")
    tmpfs = pod_options.tmpfs(options, asked)
    if tmpfs:
        result.mount("tmpfs", {"emptyDir": _in_memory(tmpfs.size)}, tmpfs.path)
    claims = mapping(options.get("persistent_volume_claims"))
    for number, (claim, path) in enumerate(claims.items()):
        result.mount(f"claim-{number}", {"persistentVolumeClaim": Inline({"claimName": claim})}, path)
    for number, made in enumerate(pod_options.ephemeral_claims(options)):
        template: Tree = {"volumeClaimTemplate": {"spec": tree(made.spec)}}
        result.mount(f"ephemeral-{number}", {"ephemeral": template}, made.path)


def _in_memory(size: int) -> Tree:
    return Inline({"medium": "Memory", "sizeLimit": f"{size}Mi"})


def tree(value: object) -> Tree:
    """A value of the source or of TOML as the manifest holds it."""
    if isinstance(value, Mapping):
        return {str(key): tree(item) for key, item in value.items() if item is not None}
    if isinstance(value, tuple | list):
        return [tree(item) for item in value]
    return value if isinstance(value, bool | int | str) else word(value)
