"""Why something has not gone well: the word and the sentence of Argo and Kubernetes, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from compiler.backends.argo.operate.api.protocol import Object, shortened
from compiler.slotted_class import record


@record
class Cause:
    """The engine's word, its sentence, and our cure."""

    reason: str = ""
    message: str = ""
    cure: str = ""


_CURES: tuple[tuple[str, str, str], ...] = (
    ("OOMKilled", r"OOMKilled", "the container had less memory than it took: give the step more with `@resources(memory=…)`"),
    (
        "ImagePullBackOff",
        r"ImagePullBackOff|ErrImagePull|ErrImageNeverPull|InvalidImageName|failed to pull image",
        "the image is not there, or its registry wants a login: build it with `flowc image FLOW --build docker`, push it to the registry "
        "that its name begins with (`registry` in [tool.flowc]), and look at `image_pull_secrets` in [tool.flowc.argo]",
    ),
    (
        "CreateContainerConfigError",
        r"CreateContainerConfigError|secret \"[^\"]*\" not found|configmap \"[^\"]*\" not found|couldn't find key",
        "a Secret or ConfigMap that the step names is not in the namespace: make it, or correct its name",
    ),
    ("CreateContainerError", r"CreateContainerError|RunContainerError|StartError|ContainerCannotRun|executable file not found",
     "the image cannot start the command: it needs `python` and the flowc runtime, see `flowc image`"),
    (
        "Unschedulable",
        r"Unschedulable|FailedScheduling|nodes are available",
        "no node takes the pod: ask for less with `@resources`, or look at node selectors, tolerations and the size of the cluster",
    ),
    ("Evicted", r"[Ee]victed|was low on resource|DisruptionTarget|Preempt",
     "the node had to give the pod up: `@retry` starts it again, requests that fit keep it where it is"),
    (
        "DeadlineExceeded",
        r"DeadlineExceeded|active on the node longer than|exceeded its deadline|Max duration limit exceeded",
        "it took longer than it may: raise `@timeout`, or `active_deadline_seconds` in [tool.flowc.argo]",
    ),
    (
        "QuotaExceeded",
        r"exceeded quota|must specify limits|must specify requests|LimitRange",
        "the namespace's quota refuses the pod: ask for less with `@resources`, run fewer at once, or have the quota raised",
    ),
    ("PodSecurity", r"violates PodSecurity", "the namespace's rules refuse the pod: look at the security contexts in [tool.flowc.argo]"),
    (
        "ServiceAccountMissing",
        r"serviceaccount \"[^\"]*\" not found|error looking up service account",
        "the account of the pods is not there: make it, name another `service_account`, or create with `rbac = true`",
    ),
    (
        "Forbidden",
        r"workflowtaskresults\.argoproj\.io is forbidden|is forbidden: User|cannot (create|patch|get) resource",
        "the pods' account may not do that: it needs to create and patch workflowtaskresults, see `rbac` in [tool.flowc.argo]",
    ),
    ("NodeLost", r"pod deleted|NodeLost|node (was )?(lost|shut ?down)|NodeShutdown|ContainerStatusUnknown|UnexpectedAdmission",
     "the pod was taken away, with its node or by somebody: `flowc retry` goes on, `@retry` does so by itself"),
    (
        "TemplateMissing",
        r"workflow template .* not found|workflowtemplates?\.argoproj\.io \"[^\"]*\" not found|template .* undefined",
        "the deployment that the run needs is gone: deploy it, and start the run again",
    ),
    ("TooLarge", r"offload node status|larger than maxSize|etcdserver: request is too large|argument list too long",
     "the run has outgrown what Kubernetes stores of one object: let Argo offload node status, or fan out less widely"),
    (
        "Stopped",
        r"[Ss]topped with strategy|[Tt]erminated with strategy|Workflow shutdown",
        "somebody has ended the run: `flowc retry` goes on from what had succeeded",
    ),
)  # fmt: skip
"""Our word where the engine's sentence has none, what tells it, and the cure; the first one that fits."""

_EXIT = re.compile(r"\(exit code (\d+)\)")

_EXITS: Mapping[str, tuple[str, str]] = {
    "1": ("Error", "the step has failed: `flowc logs` has its traceback"),
    "2": (
        "Error",
        "the container was called wrongly, or the store or the code cannot be had: `flowc logs` has the line",
    ),
    "137": ("Killed", "the container was killed, for its memory or with its node: `@resources(memory=…)`, `@retry`"),
    "143": ("Terminated", "the container was asked to end, with its node or the run: `flowc retry` goes on"),
}
_LATER = "the store could not be reached, or took too long: look at its address and rights, then `flowc retry`"
_NO_PHASE = (
    "the controller has not looked at it: is it running, does it watch this namespace, and what does its log say?"
)


def cause(message: str) -> Cause:
    """Of what Argo says of a node or a workflow."""
    said = shortened(message)
    for word, pattern, cure in _CURES:
        found = re.search(pattern, message)
        if found:
            spoken = found[0]
            return Cause(spoken if re.fullmatch(r"[A-Z][A-Za-z]+", spoken) else word, said, cure)
    code = _EXIT.search(message)
    if code:
        word, cure = _EXITS.get(code[1], ("Error", _LATER if code[1] == "75" else "`flowc logs` has what it printed"))
        return Cause(word, said, cure)
    return Cause("", said, "")


def never_begun() -> Cause:
    """Of a workflow that no controller has given a phase."""
    return Cause("NotStarted", "Argo has not begun it", _NO_PHASE)


def of_pod(pod: Object, events: Iterable[Object]) -> Cause:
    """Of a pod that waits or has ended badly, and of the events that tell of it."""
    status = pod.get("status") or {}
    for text in _said(status):
        found = cause(text)
        if found.cure:
            return found
    for event in sorted(events, key=_when, reverse=True):
        if event.get("type") == "Warning":
            reason = str(event.get("reason", ""))
            found = cause(f"{reason}: {event.get('message', '')}")
            return Cause(found.reason or reason, found.message, found.cure)
    return Cause()


def _said(status: Object) -> Iterable[str]:
    """What a pod's status says, from what tells most: waiting and ended containers, conditions, the pod itself."""
    for container in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
        for state in (container.get("state") or {}, container.get("lastState") or {}):
            for key in ("waiting", "terminated"):
                told = state.get(key) or {}
                if told.get("reason") and told.get("reason") not in (
                    "Completed",
                    "ContainerCreating",
                    "PodInitializing",
                ):
                    code = f" (exit code {told['exitCode']})" if "exitCode" in told else ""
                    yield f"{told['reason']}{code}: {told.get('message', '')}".rstrip(": ")
    for condition in status.get("conditions") or ():
        if condition.get("status") == "False" and condition.get("reason"):
            yield f"{condition['reason']}: {condition.get('message', '')}"
    if status.get("reason"):
        yield f"{status['reason']}: {status.get('message', '')}"


def _when(event: Object) -> str:
    return str(
        event.get("lastTimestamp")
        or event.get("eventTime")
        or (event.get("metadata") or {}).get("creationTimestamp")
        or ""
    )
