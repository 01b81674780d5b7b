"""A Workflow as a run of ours: how it stands, its tasks, and why what has not begun has not begun."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping

from compiler.backends.argo.operate.api.protocol import EVENT, POD, WORKFLOW, AbsentError, Api, ForbiddenError, Object
from compiler.backends.argo.operate.causes import Cause, cause, never_begun, of_pod
from compiler.backends.argo.operate.nodes import Node, nodes_of, pod_name, tasks_of, templates_of
from compiler.backends.operating import EngineRun, EngineTask, NotThereError, Phase

PREFIX = "argo-"
TEMPLATE_LABEL = "workflows.argoproj.io/workflow-template"
"""The label that the controller gives each workflow of a template; ours have it from the start."""

WORKFLOW_LABEL = "workflows.argoproj.io/workflow"
ORIGIN_LABEL = "workflows.argoproj.io/resubmitted-from-workflow"
"""Argo's own label of a run that goes on from another: the runtime reads it."""

TAGS = "flowc/tags"

_PHASES: Mapping[str, Phase] = {
    "": "queued",
    "Pending": "queued",
    "Running": "running",
    "Succeeded": "succeeded",
    "Failed": "failed",
    "Error": "failed",
}
_PATIENCE = 60.0
"""Seconds after which a workflow without a phase is one that nobody looks at."""

_OFFLOADED = "its tasks are in Argo's database, which Kubernetes does not show: set ARGO_SERVER to see them"


def own_name(api: Api, run: str) -> str:
    """The workflow's name of a run's id. Raises NotThereError for one of another place."""
    start = f"{PREFIX}{api.namespace}-"
    if not run.startswith(start) or run == start:
        raise NotThereError(
            f"{run} is no run of the namespace {api.namespace}: give --namespace, its name begins with `{start}`"
        )
    return run.removeprefix(start)


def run_id(api: Api, name: str) -> str:
    """Our id of a workflow, as its containers have it."""
    return f"{PREFIX}{api.namespace}-{name}"


def workflow_of(api: Api, run: str) -> Object:
    """The Workflow of a run. Raises NotThereError."""
    name = own_name(api, run)
    try:
        found = api.get(WORKFLOW, name)
    except AbsentError:
        raise NotThereError(
            f"Argo has no workflow {name} in the namespace {api.namespace}: it was deleted, or never started; "
            f"`flowc runs` has what the store keeps"
        ) from None
    if deployment_of(found) == "":
        raise NotThereError(f"the workflow {name} was started by no WorkflowTemplate, so it is none of ours")
    return found


def deployment_of(workflow: Object) -> str:
    """The name of the template that a workflow was started from."""
    spec = workflow.get("spec") or {}
    return str((spec.get("workflowTemplateRef") or {}).get("name", ""))


def listed(api: Api, workflow: Object, now: float) -> EngineRun:
    """A run without its tasks."""
    metadata, status = workflow["metadata"], workflow.get("status") or {}
    phase = phase_of(workflow)
    created = seconds(metadata.get("creationTimestamp"))
    why = Cause()
    if phase in ("failed", "terminated", "queued"):
        why = cause(str(status.get("message") or ""))
    if not status.get("phase") and created is not None and now - created > _PATIENCE:
        why = never_begun()
    return EngineRun(
        run_id(api, str(metadata["name"])),
        str(metadata["name"]),
        deployment_of(workflow),
        phase,
        created,
        seconds(status.get("startedAt")),
        seconds(status.get("finishedAt")),
        why.reason,
        why.message,
        why.cure,
        api.page(WORKFLOW, str(metadata["name"])),
        tuple(filter(None, str((metadata.get("annotations") or {}).get(TAGS, "")).split("\n"))),
    )


def phase_of(workflow: Object) -> Phase:
    """How a workflow stands; one that was shut down was terminated, unless it had succeeded before."""
    phase = _PHASES.get(str((workflow.get("status") or {}).get("phase") or ""), "unknown")
    return "terminated" if phase == "failed" and (workflow.get("spec") or {}).get("shutdown") else phase


def told(api: Api, workflow: Object) -> tuple[tuple[EngineTask, ...], str]:
    """The tasks of a workflow, and what is to be said of all of them."""
    nodes = nodes_of(workflow)
    if nodes is None:
        return (), _OFFLOADED
    found = list(tasks_of(nodes, templates_of(workflow)))
    waits = [node for node in found if node.last.get("phase") in ("Pending", None, "")]
    pods = _pods(api, workflow) if waits else {}
    return tuple(_task(api, workflow, node, pods) for node in found), ""


def _task(api: Api, workflow: Object, node: Node, pods: Mapping[str, Object]) -> EngineTask:
    last = node.last
    phase = _PHASES.get(str(node.tree.get("phase") or ""), "unknown")
    if phase == "running" and last.get("phase") in ("Pending", None, ""):
        phase = "queued"
    why = Cause()
    if phase in ("failed", "queued"):
        why = cause(str(last.get("message") or node.tree.get("message") or ""))
        if not why.cure and phase == "queued":
            why = _of_waiting(api, pods.get(pod_name(workflow, last)), why)
    return EngineTask(
        node.step,
        node.index,
        phase,
        str(last.get("id")),
        len(node.attempts) - 1 if node.step and node.attempts else None,
        why.reason,
        why.message,
        why.cure,
        seconds(last.get("startedAt")),
        seconds(last.get("finishedAt")),
        node.shares,
    )


def _of_waiting(api: Api, pod: Object | None, why: Cause) -> Cause:
    """What the pod of a task that waits says, and its events where they may be read."""
    if pod is None:
        return why
    found = of_pod(pod, ())
    if found.cure:
        return found
    try:
        events = api.find(EVENT, "", f"involvedObject.name={pod['metadata']['name']}")
    except (AbsentError, ForbiddenError):
        return why
    found = of_pod({}, events)
    return found if found.reason else why


def _pods(api: Api, workflow: Object) -> dict[str, Object]:
    """The pods of a workflow by name; none where they may not be read, or Argo Server does not show them."""
    if not api.has_rights:
        return {}
    try:
        found = api.find(POD, f"{WORKFLOW_LABEL}={workflow['metadata']['name']}")
    except (AbsentError, ForbiddenError):
        return {}
    return {str(pod["metadata"]["name"]): pod for pod in found}


def workflow_events(api: Api, workflow: Object) -> Iterator[Cause]:
    """What the cluster's events warn of a workflow that has not begun."""
    if not api.has_rights:
        return
    try:
        events = api.find(EVENT, "", f"involvedObject.name={workflow['metadata']['name']}")
    except (AbsentError, ForbiddenError):
        return
    found = of_pod({}, events)
    if found.reason:
        yield found


def seconds(at: object) -> float | None:
    """A time of Kubernetes' in seconds since 1970."""
    if not isinstance(at, str) or not at:
        return None
    try:
        return datetime.datetime.fromisoformat(at.replace("Z", "+00:00")).timestamp()
    except ValueError:
        return None
