"""Components of steps and the executors below them: one for each distinct container, shared through parameters."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from compiler.backends import Options, pod_options
from compiler.backends.command import argv, environment, flow_image, own_image, step_environment
from compiler.backends.fields import mapping, names, whole
from compiler.backends.secrets import secret_environment
from compiler.ir.flow import Value
from compiler.ir.plan import Begin, Choice, Follow, Load, Plan, Resources, Task
from compiler.slotted_class import fresh, mutable, replaced
from flowc_kfp.names import Names
from flowc_kfp.yaml_text import Inline, Tree

PARAMETERS = "parameters"
REPORTED: Mapping[str, str] = {"fan": "LIST", "case": "STRING"}
"""What the shim reports, as outputs: the index paths of a foreach's children, the case of a switch."""

OPTIONS = frozenset({
    "annotations", "gpu_vendor", "hostname_resolution_timeout", "image_pull_policy", "image_pull_secrets", "labels", "node_selector",
    "persistent_volume_claims", "qos", "tmpfs_path", "tmpfs_size", "tmpfs_tempdir", "tolerations", "use_tmpfs",
})  # fmt: skip
"""The options of `@kubernetes` beyond the portable ones that the IR of 2.5 and its Kubernetes platform can say."""

_WORDS = len(("python", "-m", "flowc", "step"))


@mutable
class Containers:
    """The components and executors of a pipeline's steps, as they come to be needed."""

    plan: Plan
    options: Options
    names: Names
    components: dict[str, Tree] = fresh(default_factory=dict)
    executors: dict[str, Tree] = fresh(default_factory=dict)
    kubernetes: dict[str, Tree] = fresh(default_factory=dict)
    known: dict[str, str] = fresh(default_factory=dict)
    """Names of components and executors by what tells them apart."""

    def component(self, task: Task, cases: int) -> str:
        """The component of a step that waits for the cases of so many switches."""
        executor = self._executor(task)
        key = f"{executor} {cases}"
        if key not in self.known:
            name = self.names.claim(f"comp-{executor.removeprefix('exec-')}")
            inputs = ["run", PARAMETERS] if isinstance(task.loads, Begin) else ["run", "step", "index", "load"]
            inputs += [case_input(number) for number in range(cases)]
            component: dict[str, Tree] = {"executorLabel": executor, "inputDefinitions": declared(inputs)}
            if task.reports:
                outputs: Tree = {task.reports: Inline({"parameterType": REPORTED[task.reports]})}
                component["outputDefinitions"] = {"parameters": outputs}
            self.components[name] = component
            self.known[key] = name
        return self.known[key]

    def _executor(self, task: Task) -> str:
        container, pod = _container(task, self.plan, self.options), _pod(task, self.options)
        key = repr((container, pod))
        if key not in self.known:
            name = self.names.claim(f"exec-{_wish(task, self.options)}")
            self.executors[name] = {"container": container}
            if pod:
                self.kubernetes[name] = pod
            self.known[key] = name
        return self.known[key]


def case_input(number: int) -> str:
    """The input that holds the case of one of the switches that a step waits for."""
    return f"case-{number + 1}"


def declared(inputs: Iterable[str], kind: str = "STRING") -> dict[str, Tree]:
    """Definitions of inputs of one kind."""
    return {"parameters": {name: Inline({"parameterType": kind}) for name in inputs}}


def _input(name: str) -> str:
    return f"{{{{$.inputs.parameters['{name}']}}}}"


def _wish(task: Task, options: Options) -> str:
    """`step` for what asks for nothing of its own."""
    if isinstance(task.loads, Begin):
        return task.step.replace("_", "-")
    own = (own_image(task, options), task.environment, task.options, task.secrets, task.deadline)
    is_plain = not any(own) and task.attempts == 1 and task.resources == Resources()
    reported = f"-{task.reports}" if task.reports else ""
    return f"step{reported}" if is_plain else f"step-{task.step.replace('_', '-')}"


def _container(task: Task, plan: Plan, options: Options) -> dict[str, Tree]:
    """What the launcher starts: an argv whose own words are the shim's, and whose values are the task's inputs."""
    words = _argv(task)
    if task.reports:
        words += ("--report", f"value:{{{{$.outputs.parameters['{task.reports}'].output_file}}}}")
    said = pod_options.said(task)
    shared = environment(plan, options, "")
    del shared["FLOWC_REPORT"]  # a word of the command: no placeholder is filled in a variable
    own = step_environment(task) | secret_environment(task, "aws-secrets-manager")
    variables = shared | own | pod_options.pod_environment(said, task.resources)
    container: dict[str, Tree] = {
        "image": own_image(task, options) or flow_image(options),
        "command": list(words[:_WORDS]),
        "args": list(words[_WORDS:]),
        # the kubelet halves a dollar
        "env": [Inline({"name": name, "value": value.replace("$", "$$")}) for name, value in variables.items()],
    }
    asked = _resources(task, said, options)
    return container | ({"resources": asked} if asked else {})


def _argv(task: Task) -> tuple[str, ...]:
    """The command; how much of `@retry` is used up the store says, for no placeholder does."""
    run, retry = f"kfp-{_input('run')}", f"~{task.attempts - 1}" if task.attempts > 1 else "0"
    if isinstance(task.loads, Begin):
        return argv(task, run=run, index="-", retry=retry, owner=_input("run"), parameters=_input(PARAMETERS))
    load = Follow(Load((Choice((), _input("load")),)))
    shared = replaced(task, step=_input("step"), loads=load, repeats=False, group=(), chunk=None, counts_by=1)
    return argv(shared, run=run, index=_input("index"), retry=retry)


def _resources(task: Task, said: Mapping[str, Value], options: Options) -> Tree:
    guaranteed = pod_options.is_guaranteed(said.get("qos", options.target.get("qos")))
    asked = pod_options.quantities(task.resources, said, guaranteed)
    found: dict[str, Tree] = {}
    for kind, amounts in asked.items():
        for name, amount in amounts.items():
            if name in {"cpu", "memory"}:
                found[f"resource{name.capitalize()}{kind.capitalize().removesuffix('s')}"] = amount
            elif name.endswith("/gpu"):
                found["accelerator"] = Inline({"resourceType": name, "resourceCount": amount})
    return Inline(found)


def _pod(task: Task, options: Options) -> dict[str, Tree]:
    """What the Kubernetes platform says of a step's pod."""
    said = {**options.target, **pod_options.said(task)}
    pod: dict[str, Tree] = {}
    if task.deadline is not None:
        pod["activeDeadlineSeconds"] = task.deadline
    if said.get("image_pull_policy"):
        pod["imagePullPolicy"] = str(said["image_pull_policy"])
    secrets = dict.fromkeys(names(options.target.get("image_pull_secrets")) + names(said.get("image_pull_secrets")))
    if secrets:
        pod["imagePullSecret"] = [Inline({"secretNameParameter": _constant(name)}) for name in secrets]
    selector = pod_options.node_selector(said)
    if selector:
        pod["nodeSelector"] = {"labels": dict(selector)}
    tolerations = pod_options.tolerations(said.get("tolerations"))
    if tolerations:
        pod["tolerations"] = [Inline(dict(each)) for each in tolerations if isinstance(each, Mapping)]
    metadata: dict[str, Tree] = {key: dict(mapping(said[key])) for key in ("labels", "annotations") if said.get(key)}
    if metadata:
        pod["podMetadata"] = metadata
    return pod | _volumes(task, said)


def _volumes(task: Task, said: Mapping[str, Value]) -> dict[str, Tree]:
    found: dict[str, Tree] = {}
    claims = mapping(said.get("persistent_volume_claims"))
    if claims:
        found["pvcMount"] = [
            Inline({"pvcNameParameter": _constant(claim), "mountPath": path}) for claim, path in claims.items()
        ]
    tmpfs = pod_options.tmpfs(said, task.resources)
    memory = [_in_memory("shared-memory", "/dev/shm", task.resources.shared_memory)] if task.resources.shared_memory else []
    memory += [_in_memory("tmpfs", tmpfs.path, tmpfs.size)] if tmpfs else []
    if memory:
        found["emptyDirMounts"] = memory
    return found


def _in_memory(name: str, path: str, size: int) -> Tree:
    return Inline({"volumeName": name, "mountPath": path, "medium": "Memory", "sizeLimit": f"{size}Mi"})


def _constant(text: str) -> Tree:
    return constant(text)


def constant(text: str) -> Inline:
    """An input that is the same in every run."""
    return Inline({"runtimeValue": Inline({"constant": text})})


def retry_policy(task: Task) -> Tree:
    """`retryPolicy`; without the last field the back end ends all attempts an hour after the first began."""
    pause = math.ceil(task.retry.pause) if task.retry else 0
    return Inline({
        "maxRetryCount": task.attempts - 1,
        "backoffDuration": f"{pause}s",
        "backoffFactor": 1,
        "backoffMaxDuration": "31536000s",
    })  # fmt: skip
