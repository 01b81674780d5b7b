"""What Argo refuses when a manifest is submitted, and what this interpreter has no way to honour.

Stricter than the controller in one thing: a tag that nothing can fill, an argument that no template takes, and a field that is
not acted on are errors here.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterable, Mapping

import yaml

from tests.engines.argo_dag import RESULTS, dependencies
from tests.engines.argo_expressions import ExpressionError, compile_expression, should_execute
from tests.engines.argo_nodes import Unsupported, obj, objects, parameters_of, seconds, strings
from tests.engines.argo_tags import Json, TagError, tags

FIELD = re.compile(r"[a-zA-Z0-9][-a-zA-Z0-9]{0,127}")
PARAMETER = re.compile(r"[-a-zA-Z0-9_]+")
DNS = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
LABEL_KEY = re.compile(r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
QUANTITY = re.compile(r"[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?")
RESERVED_CONTAINERS = frozenset({"wait", "init", "supervisor"})
MAX_OBJECT = 1_048_576

INERT_SPEC = frozenset({
    "affinity", "archiveLogs", "automountServiceAccountToken", "imagePullSecrets", "nodeSelector", "podGC", "podMetadata",
    "podPriorityClassName", "priority", "schedulerName", "securityContext", "synchronization", "tolerations", "ttlStrategy",
    "workflowMetadata",
})  # fmt: skip
SPEC = INERT_SPEC | {
    "activeDeadlineSeconds", "arguments", "entrypoint", "onExit", "parallelism", "podSpecPatch", "serviceAccountName",
    "templateDefaults", "templates", "volumes",
}  # fmt: skip
PATCH = frozenset(
    {"affinity", "dnsConfig", "dnsPolicy", "hostAliases", "runtimeClassName", "topologySpreadConstraints"}
)
"""What a patch may hold here: fields that change nothing of what runs."""
INERT_TEMPLATE = frozenset({
    "affinity", "automountServiceAccountToken", "metadata", "nodeSelector", "priorityClassName", "schedulerName",
    "securityContext", "synchronization", "tolerations",
})  # fmt: skip
TEMPLATE = INERT_TEMPLATE | {
    "name", "inputs", "outputs", "container", "dag", "retryStrategy", "activeDeadlineSeconds", "parallelism",
    "serviceAccountName", "volumes",
}  # fmt: skip
TASK = frozenset({
    "name", "template", "depends", "when", "withItems", "withParam", "withSequence", "arguments", "continueOn",
})  # fmt: skip
CONTAINER = frozenset({
    "args", "command", "env", "envFrom", "image", "imagePullPolicy", "name", "ports", "resources", "securityContext",
    "volumeMounts", "workingDir",
})  # fmt: skip
RETRY = frozenset({"limit", "retryPolicy", "backoff", "expression"})
INPUT = frozenset({"name", "value", "default", "description", "enum"})
OUTPUT_FROM = frozenset({"path", "default", "parameter", "expression"})
ARGUMENT = frozenset({"name", "value", "description", "enum"})

WORKFLOW_TAGS = frozenset({
    "workflow.name", "workflow.namespace", "workflow.uid", "workflow.mainEntrypoint", "workflow.serviceAccountName",
    "workflow.creationTimestamp", "workflow.parameters", "workflow.parameters.json", "workflow.labels.json",
    "workflow.annotations.json",
})  # fmt: skip
EXIT_TAGS = frozenset({"workflow.status", "workflow.failures"})


class Refused(Exception):
    """The API server, `argo lint` or the controller would not take the manifest."""


def _known(where: str, value: Mapping[str, Json], allowed: Iterable[str]) -> None:
    unknown = sorted(set(value) - set(allowed))
    if unknown:
        raise Unsupported(f"{where}: {', '.join(unknown)}")


def _require(holds: object, message: str) -> None:
    if not holds:
        raise Refused(message)


def check_document(document: dict[str, Json], size: int) -> None:
    """A WorkflowTemplate, Workflow or CronWorkflow by itself; `size` is its length as text."""
    metadata = obj(document.get("metadata"))
    _known("metadata", metadata, ("name", "generateName", "namespace", "labels", "annotations"))
    name = str(metadata.get("name", metadata.get("generateName", "") or ""))
    most = 52 if document["kind"] == "CronWorkflow" else 63
    _require(DNS.fullmatch(name.rstrip("-")) and len(name) <= most, f"invalid name {name!r}")
    _require(size <= MAX_OBJECT, f"the object has {size} bytes")
    _labels(metadata)
    if document["kind"] == "CronWorkflow":
        _cron(obj(document["spec"]))
    else:
        _spec(obj(document["spec"]))


def _labels(metadata: Mapping[str, Json]) -> None:
    for key, value in obj(metadata.get("labels")).items():
        _require(LABEL_KEY.fullmatch(key) and LABEL_VALUE.fullmatch(str(value)), f"invalid label {key}={value}")
    for key in obj(metadata.get("annotations")):
        _require(LABEL_KEY.fullmatch(key), f"invalid annotation {key}")


_CRON = re.compile(r"@(hourly|daily|weekly|monthly|yearly|annually|midnight)|\S+( \S+){4}")


def _cron(spec: dict[str, Json]) -> None:
    _known("cron spec", spec, (
        "schedules", "timezone", "workflowSpec", "concurrencyPolicy", "startingDeadlineSeconds", "suspend",
        "successfulJobsHistoryLimit", "failedJobsHistoryLimit", "workflowMetadata",
    ))  # fmt: skip
    schedules = strings(spec.get("schedules"))
    _require(schedules, "cron workflow must have at least one schedule")
    for schedule in schedules:
        _require(_CRON.fullmatch(schedule), f"cron schedule {schedule} is malformed")
    if "timezone" in spec:
        _require(spec["timezone"] in zoneinfo.available_timezones(), f"invalid timezone {spec['timezone']}")
    _require(spec.get("concurrencyPolicy", "Allow") in ("Allow", "Forbid", "Replace"), "concurrencyPolicy")
    workflow = obj(spec["workflowSpec"])
    _known("workflowSpec of a cron", workflow, ("workflowTemplateRef", "arguments", "serviceAccountName"))
    _known("workflowTemplateRef", obj(workflow["workflowTemplateRef"]), ("name",))


def _spec(spec: dict[str, Json]) -> None:
    _known("spec", spec, SPEC)
    templates = objects(spec.get("templates"))
    names = [str(template.get("name", "")) for template in templates]
    _names("spec.templates", names, FIELD)
    by_name = dict(zip(names, templates, strict=True))
    _require(spec.get("entrypoint") in by_name, f"entrypoint {spec.get('entrypoint')} undefined")
    arguments = objects(obj(spec.get("arguments")).get("parameters"))
    _known("arguments", obj(spec.get("arguments")), ("parameters",))
    _names("spec.arguments.parameters", [str(a["name"]) for a in arguments], PARAMETER)
    for argument in arguments:
        _known("spec.arguments.parameters", argument, ARGUMENT)
        check_enum(argument)
    _require("onExit" not in spec or spec["onExit"] in by_name, f"onExit {spec.get('onExit')} undefined")
    if "podSpecPatch" in spec:
        patch = yaml.safe_load(str(spec["podSpecPatch"]))
        _require(isinstance(patch, dict), "podSpecPatch is no mapping")
        _known("podSpecPatch", patch, PATCH)
    defaults = obj(spec.get("templateDefaults"))
    _known("templateDefaults", defaults, TEMPLATE - {"name", "dag", "inputs", "outputs", "parallelism"})
    checks = _Templates(spec, by_name, {str(a["name"]) for a in arguments})
    for template in templates:
        checks.template(template)


def check_enum(argument: Mapping[str, Json]) -> None:
    """A value that is not among its parameter's choices is refused."""
    if "enum" in argument:
        choices = strings(argument["enum"])
        _require(choices, f"{argument['name']}.enum should contain at least one value")
        if "value" in argument:
            _require(argument["value"] in choices, f"{argument['name']}.value should be present in the enum list")


def _names(where: str, names: list[str], pattern: re.Pattern[str]) -> None:
    for name in names:
        _require(pattern.fullmatch(name), f"{where}: name {name!r} is invalid")
    _require(len(set(names)) == len(names), f"{where}: a name is not unique")


class _Templates:
    """The checks of templates, which need to know each other."""

    def __init__(self, spec: dict[str, Json], by_name: dict[str, dict[str, Json]], parameters: set[str]) -> None:
        self.spec, self.by_name = spec, by_name
        self.known = WORKFLOW_TAGS | {f"workflow.parameters.{name}" for name in parameters}
        if spec.get("onExit"):
            self.known |= EXIT_TAGS
        if "priority" in spec:
            self.known |= {"workflow.priority"}

    def template(self, template: dict[str, Json]) -> None:
        """One template: its fields, its names, its tags."""
        name = str(template["name"])
        _known(f"templates.{name}", template, TEMPLATE)
        _require(("container" in template) + ("dag" in template) == 1, f"templates.{name}: one type")
        scope = self.known | {"node.name", "tasks.name"}
        for parameter in parameters_of(template, "inputs"):
            _known(f"templates.{name}.inputs", parameter, INPUT)
            check_enum(parameter)
            scope = scope | {f"inputs.parameters.{parameter['name']}"}
        for side in ("inputs", "outputs"):
            _known(f"templates.{name}.{side}", obj(template.get(side)), ("parameters",))
        _names(f"templates.{name}.inputs", [str(p["name"]) for p in parameters_of(template, "inputs")], PARAMETER)
        _names(f"templates.{name}.outputs", [str(p["name"]) for p in parameters_of(template, "outputs")], PARAMETER)
        _labels(obj(template.get("metadata")))
        if "retryStrategy" in template:
            _retry(name, obj(template["retryStrategy"]))
            scope = scope | {"retries", "lastRetry.exitCode", "lastRetry.status", "lastRetry.message"}
        if "dag" in template:
            self.dag(name, template, scope)
        else:
            self.container(name, template, scope)

    def container(self, name: str, template: dict[str, Json], scope: frozenset[str] | set[str]) -> None:
        """A container template."""
        container = obj(template["container"])
        default = obj(obj(self.spec.get("templateDefaults")).get("container"))
        for part in (container, default):
            _known(f"templates.{name}.container", part, CONTAINER)
            for side in obj(part.get("resources")).values():
                for quantity in obj(side).values():
                    _require(QUANTITY.fullmatch(str(quantity)), f"templates.{name}: quantity {quantity!r}")
        _require(container.get("image") or default.get("image"), f"templates.{name}.container.image may not be empty")
        _require(container.get("command"), f"templates.{name}: a command, or Argo asks the registry for it")
        _require(container.get("name") not in RESERVED_CONTAINERS, f"templates.{name}: container name")
        _require("parallelism" not in template, f"templates.{name}.parallelism is only valid for dag templates")
        outputs: set[str] = set()
        for parameter in parameters_of(template, "outputs"):
            source = obj(parameter.get("valueFrom"))
            _known(f"templates.{name}.outputs", parameter, ("name", "valueFrom", "description"))
            _known(f"templates.{name}.outputs.valueFrom", source, OUTPUT_FROM)
            _require("path" in source, f"templates.{name}.outputs.{parameter['name']}.path must be specified")
            outputs.add(f"outputs.parameters.{parameter['name']}.path")
        deadline = template.get("activeDeadlineSeconds", 1)
        _require(re.fullmatch(r"[1-9]\d*|\{\{.*\}\}", str(deadline)), f"templates.{name}.activeDeadlineSeconds")
        check_tags(f"templates.{name}", {**template, "container": [container, default]}, {*scope, "pod.name", *outputs})

    def dag(self, name: str, template: dict[str, Json], scope: frozenset[str] | set[str]) -> None:
        """A DAG template."""
        for field in ("activeDeadlineSeconds", "serviceAccountName", "volumes"):
            _require(field not in template, f"templates.{name}.{field} is only valid for leaf templates")
        dag = obj(template["dag"])
        _known(f"templates.{name}.dag", dag, ("tasks", "failFast"))
        tasks = objects(dag["tasks"])
        _require(tasks, f"templates.{name} must have at least one task")
        _names(f"templates.{name}.tasks", [str(task["name"]) for task in tasks], FIELD)
        after = {str(task["name"]): _depends(name, task, tasks) for task in tasks}
        ancestors = _ancestors(name, after)
        shown = {str(task["name"]): self.shows(name, task) for task in tasks}
        for task in tasks:
            reach = set(scope).union(*(shown[other] for other in ancestors[str(task["name"])]))
            self.task(f"templates.{name}.tasks.{task['name']}", task, reach)
        for parameter in parameters_of(template, "outputs"):
            source = obj(parameter.get("valueFrom"))
            _known(f"templates.{name}.outputs", source, OUTPUT_FROM - {"path"})
            _require(len({"parameter", "expression"} & set(source)) == 1, f"templates.{name}.outputs: one source")
            check_tags(f"templates.{name}.outputs", source, set(scope).union(*shown.values()))

    def shows(self, name: str, task: Mapping[str, Json]) -> set[str]:
        """The tags by which later tasks may refer to this one."""
        _require(task.get("template") in self.by_name, f"templates.{name}: template {task.get('template')} undefined")
        prefix = f"tasks.{task['name']}"
        outputs = parameters_of(self.by_name[str(task["template"])], "outputs")
        shown = {f"{prefix}.status", *(f"{prefix}.outputs.parameters.{output['name']}" for output in outputs)}
        return shown | ({f"{prefix}.outputs.parameters"} if {"withItems", "withParam"} & set(task) else set())

    def task(self, where: str, task: dict[str, Json], reach: set[str]) -> None:
        """One task: its fan-out, its condition, its arguments."""
        _known(where, task, TASK)
        _known(f"{where}.continueOn", obj(task.get("continueOn")), ("failed", "error"))
        fans = {"withItems", "withParam", "withSequence"} & set(task)
        _require(len(fans) <= 1, f"{where}: only one of {sorted(fans)} can be specified")
        sequence = obj(task.get("withSequence"))
        _require(not {"count", "end"} <= set(sequence), f"{where}: only one of count or end")
        arguments = objects(obj(task.get("arguments")).get("parameters"))
        _known(where, obj(task.get("arguments")), ("parameters",))
        inputs = {str(p["name"]): p for p in parameters_of(self.by_name[str(task["template"])], "inputs")}
        for argument in arguments:
            _known(f"{where}.arguments", argument, ("name", "value"))
            _require(argument["name"] in inputs and "value" in argument, f"{where}: argument {argument['name']}")
        _names(where, [str(argument["name"]) for argument in arguments], PARAMETER)
        given = {str(argument["name"]) for argument in arguments}
        for name, parameter in inputs.items():
            _require(name in given or {"value", "default"} & set(parameter), f"{where}: {name} had no value")
        own = {"item"} if fans else set()
        body = {key: value for key, value in task.items() if key not in fans}
        check_tags(where, body, reach | own, free=fans != set())
        check_tags(where, [task[fan] for fan in sorted(fans)], reach)
        if "when" in task and not list(tags(task["when"])):
            should_execute(str(task["when"]))


def _retry(name: str, strategy: dict[str, Json]) -> None:
    _known(f"templates.{name}.retryStrategy", strategy, RETRY)
    policy = strategy.get("retryPolicy", "OnFailure")
    _require(policy in ("Always", "OnFailure", "OnError", "OnTransientError"), f"{policy} is not a valid RetryPolicy")
    backoff = obj(strategy.get("backoff"))
    _known(f"templates.{name}.retryStrategy.backoff", backoff, ("duration", "factor", "cap"))
    if backoff:
        _require("duration" in backoff, "no base duration specified for retryStrategy")
        seconds(str(backoff["duration"]))
    if "expression" in strategy:
        try:
            compile_expression(str(strategy["expression"]))
        except ExpressionError as error:
            raise Refused(f"templates.{name}.retryStrategy.expression: {error}") from error


def _depends(name: str, task: Mapping[str, Json], tasks: list[dict[str, Json]]) -> tuple[str, ...]:
    """The tasks that a task depends on, each of them there."""
    if any("depends" in other for other in tasks):
        _require("continueOn" not in task, f"{name} cannot use 'continueOn' when using 'depends'")
        _require(not str(task["name"])[0].isdigit(), f"templates.{name}: {task['name']} cannot begin with a digit")
    text = str(task.get("depends", ""))
    names, logic = dependencies(text)
    bodies = {str(other["name"]): other for other in tasks}
    for other in names:
        _require(other in bodies, f"templates.{name}.tasks.{task['name']} dependency {other!r} not defined")
    for other, result in re.findall(r"([a-zA-Z0-9][-a-zA-Z0-9]*?)\.([A-Z][a-zA-Z]+)", text):
        _require(result in RESULTS, f"task result {result!r} for task {other!r} is invalid")
        fans = {"withItems", "withParam", "withSequence"} & set(bodies[other])
        _require(fans or result not in ("AnySucceeded", "AllFailed"), f"{other}.{result} without items")
    if text:
        # a dash is an underscore to the expression; a task called `true` is a constant to it
        _compiled(f"templates.{name}.tasks.{task['name']}", logic.replace("-", "_"))
    return names


def _compiled(where: str, text: str) -> set[str]:
    try:
        return compile_expression(text).paths
    except ExpressionError as error:
        raise Refused(f"{where}: {error}") from error


def _ancestors(name: str, after: Mapping[str, tuple[str, ...]]) -> dict[str, set[str]]:
    """Every task before each task; a cycle is refused."""
    waiting = {task: len(set(names)) for task, names in after.items()}
    followers: dict[str, set[str]] = {task: set() for task in after}
    for task, names in after.items():
        for other in names:
            followers[other].add(task)
    ready = [task for task, count in waiting.items() if not count]
    found: dict[str, set[str]] = {task: set() for task in after}
    done = 0
    while ready:
        task = ready.pop()
        done += 1
        for follower in followers[task]:
            found[follower] |= found[task] | {task}
            waiting[follower] -= 1
            if not waiting[follower]:
                ready.append(follower)
    _require(done == len(after), f"templates.{name}.tasks dependency cycle detected")
    return found


def check_tags(where: str, value: Json, known: set[str], *, free: bool = False) -> None:
    """Every tag of an object can be filled; `free` allows members of the loop's item."""
    try:
        for tag in tags(value):
            if tag.startswith("="):
                paths = _compiled(where, tag[1:])
                unknown = {path for path in paths if not _reachable(path, known)}
            else:
                unknown = {tag.strip()} - known
            unknown = {path for path in unknown if not (free and path.startswith("item."))}
            _require(not unknown, f"{where}: failed to resolve {sorted(unknown)}")
    except TagError as error:
        raise Refused(f"{where}: {error}") from error


def _reachable(path: str, known: set[str]) -> bool:
    return path in known or any(name.startswith(path + ".") for name in known)
