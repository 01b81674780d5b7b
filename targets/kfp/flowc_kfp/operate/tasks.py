"""The tasks of a run: which step and index each node of its workflow is, and how it stands.

A node's name is the way to it, `<workflow>.root.<task>…`: tasks of the pipeline, and below a loop the number of the iteration
(backend/src/v2/compiler/argocompiler/dag.go of kubeflow/pipelines). The API's own list of tasks has neither that nor the pods.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
import zlib
from collections.abc import Mapping
from typing import Any

from compiler.backends.operating import EngineTask, Phase, index_path, step_of
from compiler.slotted_class import fresh, mutable, record
from flowc_kfp.operate.naming import Named, table
from flowc_kfp.operate.times import seconds

_PHASES: Mapping[str, Phase] = {
    "Pending": "queued",
    "Running": "running",
    "Succeeded": "succeeded",
    "Failed": "failed",
    "Error": "failed",
}
"""Ours by Argo's; nodes that were skipped or omitted are no tasks."""

_DRIVER = "-driver"
"""What the pod that prepares a task is called behind the task's name."""

_ITEM = "iteration-item"
"""The body of a loop, below the node of one iteration."""

_ITERATION = re.compile(r"iteration-iterations\(([0-9]+):[^)]*\)")
_EXECUTOR = re.compile(r"executor(?:\(([0-9]+)\))?")
_ATTEMPT = re.compile(r"\([0-9]+\)$")
_SHOWN = 500
"""Characters of Argo's sentence that are told."""

_CURES: tuple[tuple[str, str, str], ...] = (
    ("OOMKilled", "OOMKilled", "the container had less memory than it took: give the step more with `@resources(memory=…)`"),
    (
        "ImagePullBackOff",
        "ImagePullBackOff|ErrImagePull|InvalidImageName",
        "the image is not there, or its registry wants a login: build and push it (`flowc image FLOW --build docker`), and look at "
        "`image_pull_secrets` in [tool.flowc.kfp]",
    ),
    ("Unschedulable", "Unschedulable|nodes are available", "no node takes the pod: ask for less, or look at selectors and tolerations"),
    ("Evicted", "[Ee]victed|low on resource", "the node had to give the pod up: `@retry` starts it again"),
    ("DeadlineExceeded", "DeadlineExceeded|active on the node longer", "it took longer than it may: raise `@timeout`"),
    ("NodeLost", "pod deleted|NodeLost|NodeShutdown", "the pod was taken away: `flowc retry` goes on"),
)  # fmt: skip
"""Our word, what of Argo's sentence tells it, and what to do."""

Node = Mapping[str, Any]


@record
class _Place:
    """Where a node stands: its task, the numbers of the iterations around it, and what of its name is below the task."""

    task: str
    numbers: tuple[int, ...]
    rest: tuple[str, ...] = ()


@mutable
class _Task:
    """The nodes of one task: its own, its driver's, and those of its container's attempts by number."""

    main: Node | None = None
    driver: Node | None = None
    attempts: dict[int, Node] = fresh(default_factory=dict)


def tasks_of(workflow: Mapping[str, Any], names: Mapping[str, Named]) -> list[EngineTask]:
    """The tasks of steps that have begun, in the order in which they did."""
    found: dict[tuple[str, tuple[int, ...]], _Task] = {}
    for node in _nodes(workflow).values():
        place = _placed(str(table(node).get("name")), _name(workflow), names)
        if place is not None and names[place.task].word:
            task = found.setdefault((place.task, place.numbers), _Task())
            _noted(task, place.rest, node)
    tasks = [_told(names[name], numbers, task, workflow) for (name, numbers), task in found.items()]
    return sorted(filter(None, tasks), key=lambda each: (each.started is None, each.started or 0.0))


def _name(workflow: Mapping[str, Any]) -> str:
    return str(table(workflow.get("metadata")).get("name"))


def _nodes(workflow: Mapping[str, Any]) -> dict[str, Any]:
    """The nodes, unpacked where the controller has packed them; none where it keeps them elsewhere."""
    status = table(workflow.get("status"))
    packed = status.get("compressedNodes")
    if not packed:
        return table(status.get("nodes"))
    try:
        return table(json.loads(gzip.decompress(base64.b64decode(str(packed)))))
    except (OSError, ValueError, EOFError, zlib.error):
        return {}


def _placed(name: str, workflow: str, names: Mapping[str, Named]) -> _Place | None:
    """What a node is by its name; None where it belongs to no task."""
    start, numbers = f"{workflow}.root.", list[int]()
    if not name.startswith(start):
        return None
    parts = name.removeprefix(start).split(".")
    before = ""
    for at, part in enumerate(parts):
        named = names.get(part)
        if before in names and names[before].is_loop:
            matched = _ITERATION.fullmatch(part)
            if matched is None:
                return None
            numbers.append(int(matched[1]))
        elif _ITERATION.fullmatch(before):
            if part != _ITEM:
                return None
        elif named is not None and named.word:
            return _Place(part, tuple(numbers), tuple(parts[at + 1 :]))
        elif named is None:
            driven = _ATTEMPT.sub("", part).removesuffix(_DRIVER)
            return _Place(driven, tuple(numbers), (_DRIVER,)) if driven in names else None
        before = part
    return None


def _noted(task: _Task, rest: tuple[str, ...], node: Node) -> None:
    if not rest:
        task.main = node
    elif rest == (_DRIVER,):
        task.driver = node
    elif len(rest) == 1 and (matched := _EXECUTOR.fullmatch(rest[0])):
        # the node around several attempts has no number, and none of their pods
        task.attempts[-1 if matched[1] is None else int(matched[1])] = node


def _told(named: Named, numbers: tuple[int, ...], task: _Task, workflow: Mapping[str, Any]) -> EngineTask | None:
    """The task of a step; None where it was skipped, or never came to its turn."""
    main = task.main or task.driver
    last = task.attempts[max(task.attempts)] if task.attempts else None
    phase = _PHASES.get(str((main or {}).get("phase")))
    if main is None or phase is None:
        return None
    has_begun = last is not None and last.get("phase") != "Pending"
    if (phase == "running" and not has_begun) or (phase == "succeeded" and task.main is None):
        phase = "queued"
    step, shares = step_of(named.word)
    says = last or task.driver or main
    message = " ".join(str(says.get("message") or "").split())[:_SHOWN] if phase in ("failed", "queued") else ""
    reason, cure = _why(message)
    if phase == "failed" and last is None and not reason:
        reason, cure = "DriverFailed", "its container never began: `flowc logs` shows what the server's driver says"
    return EngineTask(
        step,
        index_path(numbers),
        phase,
        pod_name(workflow, says),
        max(0, *task.attempts) if task.attempts else None,
        reason,
        message,
        cure,
        seconds((last or {}).get("startedAt")),
        seconds(main.get("finishedAt")) if phase in ("succeeded", "failed") else None,
        shares,
    )


def _why(message: str) -> tuple[str, str]:
    for reason, pattern, cure in _CURES:
        if re.search(pattern, message):
            return reason, cure
    return "", ""


def pod_name(workflow: Mapping[str, Any], node: Node) -> str:
    """The name of a node's pod, as the server derives it (`RetrievePodName` of backend/src/common/util/workflow.go)."""
    metadata, id_ = table(workflow.get("metadata")), str(node.get("id") or "")
    if table(metadata.get("annotations")).get("workflows.argoproj.io/pod-name-format") == "v1":
        return id_
    return f"{metadata.get('name')}-{node.get('templateName')}-{id_.rpartition('-')[2]}"
