"""A new run that goes on from another: a Workflow that begins with the nodes of what had succeeded there.

Argo's own way is `argo resubmit --memoized`, which its API has for failed runs alone and from the failure on; the runtime then takes
the finished tasks over by the label of the run that it was made of. Here the nodes keep their phase, so that what depends on their
success goes on, and a step may be named from which on all is done again.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from compiler.backends.argo.operate.api.protocol import WORKFLOW, Object
from compiler.backends.argo.operate.nodes import fnv, tasks_of
from compiler.backends.argo.operate.parts import DEPLOYMENT, MARK, OURS
from compiler.backends.argo.operate.runs import ORIGIN_LABEL, TAGS, TEMPLATE_LABEL, deployment_of
from compiler.backends.operating import RefusedError

_MOST_PLAIN = 900_000
"""Bytes of nodes that are written as they are: Kubernetes takes 1 MiB of an object."""

_GROUPS = ("DAG", "TaskGroup", "Steps", "StepGroup")
_TASK = re.compile(r"([a-zA-Z0-9][-a-zA-Z0-9]*)\.[A-Z]")
"""The tasks that a `depends` names: each with a result."""

_LEFT_OUT = ("shutdown", "suspend")
_OF_PODS = ("taskResultSynced", "message", "podIP", "hostNodeName", "failedPodRestarts", "restartingPodUID")
"""What a node says of a pod that the new run does not have."""


def following(
    workflow: Object, nodes: Mapping[str, Object], templates: Mapping[str, Object], step: str | None, name: str
) -> Object:
    """The Workflow `name` that does again what has failed, or all from a step on. Raises RefusedError for a step that was not reached."""
    again = _again(nodes, templates, step)
    kept = {key: node for key, node in nodes.items() if not _is_dropped(node, nodes, again)}
    document = _document(workflow, name)
    done = [node for node in kept.values() if node.get("type") not in _GROUPS]
    if done:
        document["metadata"]["labels"][ORIGIN_LABEL] = str(workflow["metadata"]["name"])
        document["status"] = _status(
            dict(_renamed(kept, _broken(nodes, kept), str(workflow["metadata"]["name"]), name))
        )
    return document


def _document(workflow: Object, name: str) -> Object:
    spec = {key: value for key, value in workflow["spec"].items() if key not in _LEFT_OUT}
    template = deployment_of(workflow)
    kept = workflow["metadata"].get("annotations") or {}
    return {
        "apiVersion": WORKFLOW.api_version,
        "kind": WORKFLOW.name,
        "metadata": {
            "name": name,
            "namespace": workflow["metadata"].get("namespace"),
            "labels": {MARK: OURS, DEPLOYMENT: template, TEMPLATE_LABEL: template},
            **({"annotations": {TAGS: kept[TAGS]}} if TAGS in kept else {}),
        },
        "spec": spec,
    }


def _again(nodes: Mapping[str, Object], templates: Mapping[str, Object], step: str | None) -> dict[str, set[str]]:
    """The tasks that are done again, by the template that they stand in: a step, what depends on it, and on the bodies around it."""
    if step is None:
        return {}
    tree = next((node.tree for node in tasks_of(nodes, templates) if step in node.steps), None)
    if tree is None:
        raise RefusedError(
            f"the run has not come to the step {step}, so it cannot go on from there: name one that it has done"
        )
    found: dict[str, set[str]] = {}
    is_first = True
    while tree is not None:
        above = nodes.get(str(tree.get("boundaryID")))
        if above is None:
            break
        task, template = _task_name(tree), str(above.get("templateName"))
        found[template] = _dependents(templates.get(template, {}), task) | ({task} if is_first else set())
        tree, is_first = above, False
    return found


def _dependents(template: Object, task: str) -> set[str]:
    after = {
        str(each.get("name")): set(_TASK.findall(str(each.get("depends", ""))))
        for each in (template.get("dag") or {}).get("tasks") or ()
    }
    found: set[str] = set()
    while True:
        more = {name for name, before in after.items() if name not in found and before & (found | {task})}
        if not more:
            return found
        found |= more


def _task_name(node: Object) -> str:
    return str(node.get("displayName", "")).partition("(")[0]


def _is_dropped(node: Object, nodes: Mapping[str, Object], again: Mapping[str, set[str]]) -> bool:
    """Whether a node, or one that it stands in, is to be done again; hooks and what was not taken are decided anew."""
    if ".onExit" in str(node.get("name")) or _is_undone(node, nodes):
        return True
    while True:
        above = nodes.get(str(node.get("boundaryID")))
        if above is None:
            return False
        if _task_name(node) in again.get(str(above.get("templateName")), ()):
            return True
        node = above


def _is_undone(node: Object, nodes: Mapping[str, Object]) -> bool:
    """Whether a node, or the task that it is an attempt of, has not succeeded."""
    if node.get("type") in _GROUPS:
        return False
    if (node.get("nodeFlag") or {}).get("retried") or re.search(r"\(\d+\)$", str(node.get("name", ""))):
        whole = next(
            (
                each
                for each in nodes.values()
                if each.get("type") == "Retry" and node.get("id") in (each.get("children") or ())
            ),
            None,
        )
        if whole is not None:
            return whole.get("phase") != "Succeeded"
    if node.get("phase") in ("Skipped", "Omitted"):
        return nodes.get(str(node.get("boundaryID")), {}).get("phase") != "Succeeded"
    return node.get("phase") != "Succeeded"


def _renamed(kept: Mapping[str, Object], broken: frozenset[str], old: str, new: str) -> Iterator[tuple[str, Object]]:
    """The nodes as those of another workflow; groups of which something is missing run."""
    ids = {key: _node_id(new, _moved(str(node.get("name")), old, new)) for key, node in kept.items()}
    for key, node in kept.items():
        made: dict[str, Any] = {each: value for each, value in node.items() if each not in _OF_PODS}
        made["id"], made["name"] = ids[key], _moved(str(node.get("name")), old, new)
        made["displayName"] = new if node.get("displayName") == old else node.get("displayName")
        for each in ("children", "outboundNodes"):
            if node.get(each):
                made[each] = [ids[child] for child in node[each] if child in ids]
        if node.get("boundaryID"):
            made["boundaryID"] = ids.get(str(node["boundaryID"]), "")
        if node.get("type") in _GROUPS and (key in broken or node.get("phase") != "Succeeded"):
            made["phase"] = "Running"
            for each in ("finishedAt", "outputs", "outboundNodes"):
                made.pop(each, None)
        yield ids[key], made


def _broken(nodes: Mapping[str, Object], kept: Mapping[str, Object]) -> frozenset[str]:
    """The groups in which something is missing, at any depth."""
    found: set[str] = set()
    for key, node in nodes.items():
        above = nodes.get(str(node.get("boundaryID"))) if key not in kept else None
        while above is not None:
            found.add(str(above.get("id")))
            above = nodes.get(str(above.get("boundaryID")))
    groups = [node for node in nodes.values() if node.get("type") == "TaskGroup"]
    return frozenset(found | {
        str(node.get("id")) for node in groups if any(child in found or child not in kept for child in node.get("children") or ())
    })  # fmt: skip


def _moved(name: str, old: str, new: str) -> str:
    return new + name.removeprefix(old)


def _node_id(workflow: str, name: str) -> str:
    return workflow if name == workflow else f"{workflow}-{fnv(name)}"


def _status(nodes: Mapping[str, Object]) -> Object:
    text = json.dumps(nodes, separators=(",", ":"))
    shared: Object = {"conditions": [{"type": "Completed", "status": "False"}]}
    if len(text) <= _MOST_PLAIN:
        return {**shared, "nodes": dict(nodes)}
    return {**shared, "compressedNodes": base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()}
