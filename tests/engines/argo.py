"""A strict interpreter of Argo 4.1 workflows that runs their containers as local processes, and the conformance engine over it.

It holds to the controller's rules as they were seen there, and raises for every field and expression that it does not know.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.engines.argo_checks import Refused, check_document, check_enum
from tests.engines.argo_controller import Controller, Pods
from tests.engines.argo_expressions import go_json
from tests.engines.argo_nodes import FAILURES, Node, obj, objects
from tests.engines.argo_pods import Host, RunningPod
from tests.engines.argo_tags import Json, TagError, check_start
from tests.engines.argo_yaml import EVENT_KINDS, read_manifests

NAMESPACE = "default"


@dataclass(frozen=True, slots=True)
class WorkflowResult:
    """A workflow's end. `nodes` by name, in the order in which they began; `most_pods` is how many ran at once."""

    name: str
    namespace: str
    uid: str
    phase: str
    message: str
    nodes: Mapping[str, Node]
    most_pods: int

    @property
    def succeeded(self) -> bool:
        """What `argo get` says."""
        return self.phase == "Succeeded"

    @property
    def pods(self) -> tuple[Node, ...]:
        """The nodes that were containers."""
        return tuple(node for node in self.nodes.values() if node.kind == "Pod")

    @property
    def log(self) -> str:
        """What went wrong and what the containers wrote."""
        begun = "" if self.phase else f"the workflow never starts: {self.message}\n"
        return begun + "\n".join(
            f"--- {node.name}: {node.phase} {node.message}\n{node.log}" for node in self.nodes.values()
        )

    def node(self, path: str) -> Node:
        """The node of that name below the workflow's own: `each(0:0).left`."""
        return self.nodes[f"{self.name}.{path}"]


@dataclass(frozen=True, slots=True)
class Submission:
    """A workflow's own metadata; what is not given is made up."""

    parameters: Mapping[str, str] = field(default_factory=dict)
    name: str | None = None
    namespace: str = NAMESPACE
    uid: str | None = None
    scheduled: str | None = None
    """The time for which the manifest's CronWorkflow creates it, with the arguments that stand there."""
    labels: Mapping[str, str] = field(default_factory=dict)


def run_workflow(
    manifest: str,
    *,
    host: Host,
    submission: Submission = Submission(),
    seed: int = 0,
    workers: int = 2,
    pause_scale: float = 0.0,
    watch: Callable[[RunningPod], None] | None = None,
) -> WorkflowResult:
    """Submit a run of the manifest's template (or its Workflow) and execute it to its end.

    `pause_scale` multiplies the pauses between retries; `watch` sees each container that has started.
    """
    document = main_document(manifest)
    spec = obj(document["spec"])
    metadata = obj(document["metadata"])
    base = str(metadata.get("name") or metadata.get("generateName"))
    name = submission.name or f"{base.rstrip('-')}-{_hash(base, seed)[:5]}"
    uid = submission.uid or _hash(name, time.time_ns())[:32]
    given = {**_of_cron(manifest), **submission.parameters} if submission.scheduled else submission.parameters
    arguments = given_arguments(spec, given)
    values = _globals(spec, document, name, uid, submission.namespace, arguments)
    if submission.scheduled:
        values["workflow.scheduledTime"] = submission.scheduled
    values |= {f"workflow.labels.{label}": value for label, value in submission.labels.items()}
    pods = Pods(host, min(workers, int(str(spec.get("parallelism", workers)))), seed, watch)
    try:
        check_start({**spec, "arguments": {"parameters": list(arguments)}} if arguments else spec)
    except TagError as error:
        return WorkflowResult(name, submission.namespace, uid, "", f"Unable to set ExecWorkflow: {error}", {}, 0)
    controller = Controller(spec, values, pods, pause_scale)
    if "activeDeadlineSeconds" in spec:
        pods.later(float(str(spec["activeDeadlineSeconds"])), pods.stop)
    try:
        last = controller.run(str(spec["entrypoint"]), name, arguments)
        phase, message = last.phase, last.message
        if "onExit" in spec:
            values |= {"workflow.status": phase, "workflow.failures": _failures(controller.nodes)}
            pods.stopped = False
            hook = controller.run(str(spec["onExit"]), f"{name}.onExit", arguments)
            phase, message = (hook.phase, hook.message) if hook.phase in FAILURES else (phase, message)
    finally:
        pods.stop()
    return WorkflowResult(name, submission.namespace, uid, phase, message, controller.nodes, pods.most)


def main_document(manifest: str) -> dict[str, Json]:
    """The WorkflowTemplate or Workflow of a manifest, all of whose documents were checked."""
    documents = [document for document in read_manifests(manifest) if document["kind"] not in EVENT_KINDS]
    for document in documents:
        check_document(document, len(manifest))
    runnable = [document for document in documents if document["kind"] != "CronWorkflow"]
    if len(runnable) != 1:
        raise Refused(f"{len(runnable)} documents that could be run")
    name = obj(runnable[0]["metadata"]).get("name")
    for document in documents:
        if document["kind"] == "CronWorkflow":
            workflow = obj(obj(document["spec"])["workflowSpec"])
            if obj(workflow["workflowTemplateRef"])["name"] != name:
                raise Refused("the CronWorkflow names another template")
            given_arguments(obj(runnable[0]["spec"]), {})
    return runnable[0]


def _of_cron(manifest: str) -> dict[str, str]:
    """The arguments of the workflows that the manifest's CronWorkflow creates."""
    (cron,) = (each for each in read_manifests(manifest) if each["kind"] == "CronWorkflow")
    arguments = obj(obj(obj(cron["spec"])["workflowSpec"]).get("arguments"))
    return {str(each["name"]): str(each["value"]) for each in objects(arguments.get("parameters"))}


def given_arguments(spec: dict[str, Json], parameters: Mapping[str, str]) -> list[dict[str, Json]]:
    """The workflow's arguments: what was submitted over the template's values; each must have one."""
    declared = {str(a["name"]): a for a in objects(obj(spec.get("arguments")).get("parameters"))}
    merged: list[dict[str, Json]] = []
    for name in [*parameters, *(name for name in declared if name not in parameters)]:
        argument = {**declared.get(name, {"name": name})}
        if name in parameters:
            argument["value"] = parameters[name]
        if "value" not in argument:
            raise Refused(f"spec.arguments.{name}.value or spec.arguments.{name}.valueFrom is required")
        if not re.fullmatch(r"[-a-zA-Z0-9_]+", name):
            raise Refused(f"spec.arguments.{name}: name is invalid")
        check_enum(argument)
        merged.append(argument)
    return merged


def _globals(
    spec: dict[str, Json], document: dict[str, Json], name: str, uid: str, namespace: str, arguments: Sequence[Json]
) -> dict[str, str]:  # fmt: skip
    listed = go_json([dict(obj(a)) for a in arguments]) if arguments else "null"
    own = {} if document["kind"] == "WorkflowTemplate" else obj(document["metadata"])
    values = {
        "workflow.name": name,
        "workflow.namespace": namespace,
        "workflow.uid": uid,
        "workflow.mainEntrypoint": str(spec["entrypoint"]),
        "workflow.serviceAccountName": str(spec.get("serviceAccountName", "default")),
        "workflow.creationTimestamp": "2026-01-02T03:04:05Z",
        "workflow.parameters": listed,
        "workflow.parameters.json": listed,
        "workflow.labels.json": go_json(obj(own.get("labels"))),
        "workflow.annotations.json": go_json(obj(own.get("annotations"))),
    }
    return values | {f"workflow.parameters.{obj(a)['name']}": str(obj(a)["value"]) for a in arguments}


def _failures(nodes: Mapping[str, Node]) -> str:
    failed = [node for node in nodes.values() if node.kind == "Pod" and node.phase in FAILURES]
    rows = [{"displayName": n.name.rpartition(".")[2], "message": n.message, "phase": n.phase} for n in failed]
    return go_json(go_json(rows))


def _hash(*parts: object) -> str:
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()
