"""Components of steps and the executors below them: one for each distinct container, shared through parameters."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from compiler.backends import Options
from compiler.backends.command import argv, environment, flow_image, own_image, step_environment
from compiler.backends.fields import mapping, names
from compiler.backends.pod_options import (
    is_guaranteed,
    node_selector,
    pod_environment,
    quantities,
    said,
    tmpfs,
    tolerations,
)
from compiler.backends.secrets import secret_environment
from compiler.backends.yaml_text import Inline, Tree, Words
from compiler.ir.flow import Value
from compiler.ir.plan import Begin, Choice, Follow, Load, Plan, Resources, Task
from compiler.slotted_class import fresh, mutable, replaced
from flowc_kfp.names import Names

PARAMETERS = "parameters"

OPTIONS = frozenset({
    "annotations", "gpu_vendor", "hostname_resolution_timeout", "image_pull_policy", "image_pull_secrets", "labels", "node_selector",
    "persistent_volume_claims", "qos", "tmpfs_path", "tmpfs_size", "tmpfs_tempdir", "tolerations", "use_tmpfs",
})  # fmt: skip
"""The options of `@kubernetes` beyond the portable ones that the platform of back ends from 2.5 on can say."""

_WORDS = len(("python", "-m", "flowc", "step"))


@mutable
class Containers:
    """The components and executors of a pipeline's steps, as they come to be needed; `known` are names by what tells them apart."""

    plan: Plan
    options: Options
    names: Names
    components: dict[str, Tree] = fresh(default_factory=dict)
    executors: dict[str, Tree] = fresh(default_factory=dict)
    kubernetes: dict[str, Tree] = fresh(default_factory=dict)
    known: dict[str, str] = fresh(default_factory=dict)

    def component(self, task: Task, cases: int) -> str:
        """The component of a step that waits for the cases of so many switches."""
        executor = self._executor(task)
        key = f"{executor} {cases}"
        if key not in self.known:
            self.known[key] = name = self.names.claim(f"comp-{executor.removeprefix('exec-')}")
            inputs = ["run", PARAMETERS] if isinstance(task.loads, Begin) else ["run", "step", "index", "load"]
            inputs += map(case_input, range(cases))
            component: dict[str, Tree] = {"executorLabel": executor, "inputDefinitions": declared(inputs)}
            if task.reports:
                # the index paths of a foreach's children, the case of a switch
                component["outputDefinitions"] = (
                    declared(["case"]) if task.reports == "case" else declared([], fan="LIST")
                )
            self.components[name] = component
        return self.known[key]

    def _executor(self, task: Task) -> str:
        begins, asked = isinstance(task.loads, Begin), _asked(task, self.options)
        key = repr((begins, task.reports, asked))
        if key not in self.known:
            plain = f"step-{task.reports}" if task.reports else "step"
            wish = task.step.replace("_", "-") if begins or any(asked) else plain
            self.known[key] = name = self.names.claim(f"exec-{wish}")
            self.executors[name] = {"container": _container(task, self.plan, self.options)}
            if pod := _pod(task, self.options):
                self.kubernetes[name] = pod
        return self.known[key]


def case_input(number: int) -> str:
    """The input that holds the case of one of the switches that a step waits for."""
    return f"case-{number + 1}"


def declared(names: Iterable[str], **others: str) -> dict[str, Tree]:
    """Definitions of inputs or outputs: texts, and others by their kind."""
    kinds = {**dict.fromkeys(names, "STRING"), **others}
    return {"parameters": {name: Inline({"parameterType": kind}) for name, kind in kinds.items()}}


def constant(text: str) -> Inline:
    """An input that is the same in every run, or what the back end puts in its place."""
    return Inline({"runtimeValue": Inline({"constant": text})})


def _input(name: str) -> str:
    return f"{{{{$.inputs.parameters['{name}']}}}}"


def _asked(task: Task, options: Options) -> tuple[object, ...]:
    """All that tells a step's container from any other's; nothing where it asks for nothing of its own."""
    chosen = [(option.name, option.value) for option in task.options]
    sizes = task.resources if task.resources != Resources() else None
    own = (own_image(task, options), task.environment, chosen, task.secrets != (), task.deadline)
    return (*own, task.attempts - 1, sizes)


def _container(task: Task, plan: Plan, options: Options) -> dict[str, Tree]:
    """What the launcher starts: an argv whose own words are the shim's, and whose values are the task's inputs."""
    words = _argv(task)
    if task.reports:
        words += ("--report", f"value:{{{{$.outputs.parameters['{task.reports}'].output_file}}}}")
    shared = environment(plan, options, "")
    del shared["FLOWC_REPORT"]  # the word of the command says it: no placeholder is filled in a variable
    own = step_environment(task) | secret_environment(task, "aws-secrets-manager")
    variables = shared | own | pod_environment(said(task), task.resources)
    container: dict[str, Tree] = {
        "image": own_image(task, options) or flow_image(options),
        "command": Words(words[:_WORDS]),
        "args": list(words[_WORDS:]),
        "env": [Inline({"name": name, "value": value}) for name, value in variables.items()],
    }
    asked = _resources(task, options)
    return container | ({"resources": asked} if asked else {})


def _argv(task: Task) -> tuple[str, ...]:
    """The command; how much of `@retry` is used up the store says, for no placeholder does."""
    run, retry = f"kfp-{_input('run')}", f"~{task.attempts - 1}" if task.attempts > 1 else "0"
    if isinstance(task.loads, Begin):
        return argv(task, run=run, index="-", retry=retry, owner=_input("run"), parameters=_input(PARAMETERS))
    load = Follow(Load((Choice((), _input("load")),)))
    shared = replaced(task, step=_input("step"), loads=load, repeats=False, group=(), chunk=None, counts_by=1)
    return argv(shared, run=run, index=_input("index"), retry=retry)


def _resources(task: Task, options: Options) -> Inline:
    options_of_step, found = said(task), Inline()
    guaranteed = is_guaranteed(options_of_step.get("qos", options.target.get("qos")))
    for kind, amounts in quantities(task.resources, options_of_step, guaranteed).items():
        for name, amount in amounts.items():
            if name in {"cpu", "memory"}:
                found[f"resource{name.capitalize()}{kind.capitalize().removesuffix('s')}"] = amount
            elif name.endswith("/gpu"):
                found["accelerator"] = Inline({"resourceType": name, "resourceCount": amount})
    return found


def _pod(task: Task, options: Options) -> dict[str, Tree]:
    """What the Kubernetes platform says of a step's pod: the settings', and over them the step's."""
    asked = {**options.target, **said(task)}
    secrets = dict.fromkeys(names(options.target.get("image_pull_secrets")) + names(asked.get("image_pull_secrets")))
    policy, selector = asked.get("image_pull_policy"), node_selector(asked)
    pod: dict[str, Tree] = {
        "activeDeadlineSeconds": task.deadline or 0,
        "imagePullPolicy": str(policy or ""),
        "imagePullSecret": [Inline({"secretNameParameter": constant(name)}) for name in secrets],
        "nodeSelector": {"labels": dict(selector)} if selector else {},
        "tolerations": [_table(each) for each in tolerations(asked.get("tolerations"))],
        "podMetadata": {key: dict(mapping(asked[key])) for key in ("labels", "annotations") if asked.get(key)},
        "pvcMount": [
            Inline({"pvcNameParameter": constant(claim), "mountPath": path})
            for claim, path in mapping(asked.get("persistent_volume_claims")).items()
        ],
        "emptyDirMounts": _memory(task, asked),
    }
    return {key: value for key, value in pod.items() if value}


def _table(value: Value) -> Tree:
    assert isinstance(value, Mapping)
    return Inline({key: item for key, item in value.items() if isinstance(item, str | int)})


def _memory(task: Task, asked: Mapping[str, Value]) -> list[Tree]:
    """File systems in memory, each with its path and MiB."""
    own, shared = tmpfs(asked, task.resources), task.resources.shared_memory
    wanted = [("shared-memory", "/dev/shm", shared)] if shared else []
    wanted += [("tmpfs", own.path, own.size)] if own else []
    return [
        Inline({"volumeName": name, "mountPath": path, "medium": "Memory", "sizeLimit": f"{size}Mi"})
        for name, path, size in wanted
    ]


def retry_policy(task: Task) -> Inline:
    """`retryPolicy`; without the last field the back end ends all attempts an hour after the first began."""
    pause = math.ceil(task.retry.pause) if task.retry else 0
    waits = Inline({"backoffDuration": f"{pause}s", "backoffFactor": 1, "backoffMaxDuration": "31536000s"})
    return Inline({"maxRetryCount": task.restarts, **waits})
