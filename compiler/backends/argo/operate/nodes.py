"""A workflow's nodes and the tasks that they are: which step, which index, which attempt, in which pod.

What a node is, its DAG template says: the node above it (`boundaryID`) is a call of that template, whose input is the index, and
the task of the node's name has the step among its arguments. So nothing is read out of shortened names.
"""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from compiler.backends.argo.operate.api.protocol import Object
from compiler.backends.argo.scopes import NOWHERE
from compiler.backends.operating import Sharing, step_of
from compiler.slotted_class import record

FAILED = ("Failed", "Error")
ENDED = (*FAILED, "Succeeded", "Skipped", "Omitted")

_INDEX = "{{inputs.parameters.index}}"
_STEP = "{{inputs.parameters.step}}"
_COMMAND = ["python", "-m", "flowc", "step"]
_NAME_V1 = "workflows.argoproj.io/pod-name-format"
_LONGEST_PREFIX = 253 - 10 - 1


@record
class Node:
    """A task of the run: `tree` is its own node, `attempts` those of its pods in their order, which may be the same one.

    `step` is empty for what is no step: an exit hook, a fan-out that could not begin. `shares`: it does several tasks.
    """

    step: str
    index: str
    tree: Object
    attempts: tuple[Object, ...]
    shares: Sharing | None = None

    @property
    def steps(self) -> tuple[str, ...]:
        """Each step that it does."""
        return self.shares.steps if self.shares else (self.step,)

    @property
    def last(self) -> Object:
        """The attempt that counts."""
        return self.attempts[-1] if self.attempts else self.tree


def nodes_of(workflow: Object) -> dict[str, Object] | None:
    """The nodes by their ids; None where Argo keeps them in its database, which Kubernetes does not see."""
    status = workflow.get("status") or {}
    packed = status.get("compressedNodes")
    if packed:
        return _unpacked(str(packed))
    nodes = status.get("nodes")
    if not nodes and status.get("offloadNodeStatusVersion"):
        return None
    return {str(key): node for key, node in (nodes or {}).items() if isinstance(node, dict)}


def _unpacked(packed: str) -> dict[str, Object] | None:
    try:
        found = json.loads(gzip.decompress(base64.b64decode(packed)))
    except (OSError, ValueError, EOFError, zlib.error):
        return None
    return found if isinstance(found, dict) else None


def templates_of(workflow: Object) -> dict[str, Object]:
    """The templates that the run was started with, by name, as the controller keeps them."""
    status = workflow.get("status") or {}
    spec = status.get("storedWorkflowTemplateSpec") or workflow.get("spec") or {}
    return {str(template.get("name")): template for template in spec.get("templates") or ()}


def tasks_of(nodes: Mapping[str, Object], templates: Mapping[str, Object]) -> Iterator[Node]:
    """The tasks in the order in which they began; skipped and omitted ones are none."""
    children = {child for node in nodes.values() if node.get("type") == "Retry" for child in node.get("children") or ()}
    for node in sorted(nodes.values(), key=lambda each: (str(each.get("startedAt") or "~"), str(each.get("name")))):
        is_attempt = str(node.get("id")) in children or (node.get("nodeFlag") or {}).get("retried") is True
        if is_attempt or node.get("phase") in ("Skipped", "Omitted"):
            continue
        word, index = _identity(node, nodes, templates)
        if word:
            step, shares = step_of(word)
            yield Node(step, index, node, _attempts(node, nodes), shares)
        elif node.get("phase") in FAILED and _is_own_failure(node, nodes):
            yield Node("", NOWHERE, node, _attempts(node, nodes))


def _attempts(node: Object, nodes: Mapping[str, Object]) -> tuple[Object, ...]:
    if node.get("type") != "Retry":
        return (node,)
    found = [nodes[child] for child in node.get("children") or () if child in nodes]
    own = [each for each in found if str(each.get("name", "")).startswith(f"{node.get('name')}(")]
    return tuple(sorted(own, key=lambda each: _number(str(each.get("name")))))


def _number(name: str) -> int:
    digits = name.rpartition("(")[2].rstrip(")")
    return int(digits) if digits.isdecimal() else 0


def _is_own_failure(node: Object, nodes: Mapping[str, Object]) -> bool:
    """Whether a node that is no step has failed by itself, and not because of what stands below it."""
    below = [each for each in nodes.values() if each.get("boundaryID") == node.get("id")]
    listed = [nodes[child] for child in node.get("children") or () if child in nodes]
    is_group = node.get("type") in ("DAG", "TaskGroup")
    return not is_group or not any(each.get("phase") in FAILED for each in (*below, *listed))


def _identity(node: Object, nodes: Mapping[str, Object], templates: Mapping[str, Object]) -> tuple[str, str]:
    """The step's word and the index of a node; an empty one for what is no step."""
    template = templates.get(str(node.get("templateName")), {})
    literal = _own_step(template)
    if literal is None:
        return "", NOWHERE
    given = _parameters((node.get("inputs") or {}).get("parameters"))
    if literal == _STEP and "step" in given and "{{" not in given["step"]:
        return given["step"], given.get("index", NOWHERE)
    if literal != _STEP:
        return literal, NOWHERE
    return _declared(node, nodes, templates)


def _declared(node: Object, nodes: Mapping[str, Object], templates: Mapping[str, Object]) -> tuple[str, str]:
    """What the DAG says of a node that never got its inputs."""
    above = nodes.get(str(node.get("boundaryID")), {})
    tasks = (templates.get(str(above.get("templateName")), {}).get("dag") or {}).get("tasks") or ()
    name = str(node.get("displayName", "")).partition("(")[0]
    task: Object = next((each for each in tasks if each.get("name") == name), {})
    said = _parameters((task.get("arguments") or {}).get("parameters"))
    index = _parameters((above.get("inputs") or {}).get("parameters")).get("index", NOWHERE)
    return said.get("step", ""), index if said.get("index") == _INDEX else said.get("index", NOWHERE)


def _own_step(template: Object) -> str | None:
    """The step's word in a container's command, or the input that has it; None for a template that runs none."""
    container = template.get("container") or {}
    words = container.get("args") or [""]
    return str(words[0]) if container.get("command") == _COMMAND else None


def _parameters(listed: Any) -> dict[str, str]:
    return {str(each.get("name")): str(each.get("value", "")) for each in listed or ()}


def pod_name(workflow: Object, node: Object) -> str:
    """The name of a node's pod: the workflow's and the template's, and FNV-1a of the node's, as Argo has it since 3.3."""
    own, name = str(workflow["metadata"]["name"]), str(node.get("name"))
    if (workflow["metadata"].get("annotations") or {}).get(_NAME_V1) == "v1":
        return str(node.get("id"))
    if own == name:
        return own
    template = (node.get("templateRef") or {}).get("template") or node.get("templateName")
    prefix = f"{own}-{template}" if template else own
    return f"{prefix[:_LONGEST_PREFIX]}-{fnv(name)}"


def fnv(text: str) -> int:
    """FNV-1a of 32 bits."""
    found = 2166136261
    for byte in text.encode():
        found = ((found ^ byte) * 16777619) & 0xFFFFFFFF
    return found
