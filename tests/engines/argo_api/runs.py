"""A submitted Workflow executed by the interpreter, seen from outside as Argo's controller and the kubelet show it: nodes, pods, logs."""

from __future__ import annotations

import base64
import datetime
import gzip
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.engines.argo import given_arguments
from tests.engines.argo_api.store import Tree
from tests.engines.argo_controller import Controller, Pods, pod_name
from tests.engines.argo_expressions import go_json
from tests.engines.argo_nodes import FAILURES, Call, Node, obj, objects
from tests.engines.argo_pods import Host
from tests.engines.argo_tags import TagError, check_start

Fate = tuple[str, str]
"""How a pod of an image fares: `wait` with what it waits for, or `end` with what is said when it has been killed."""

TYPES = {"Pod": "Pod", "DAG": "DAG", "Retry": "Retry", "TaskGroup": "TaskGroup", "Skipped": "Skipped"}


@dataclass(slots=True)
class Log:
    """What a container has printed, each line with the time at which it was seen."""

    lines: list[tuple[str, bytes]] = field(default_factory=list)
    read: int = 0


class _Seen(Controller):
    """The controller, remembering when nodes began, beginning with nodes that are there already, and letting pods of some images wait."""

    def __init__(self, run: Run, spec: dict[str, Any], values: dict[str, str], pods: Pods) -> None:
        super().__init__(spec, values, pods, 0.0)
        self.run_ = run
        self.waiting: dict[str, Callable[[], None]] = {}

    def node(self, name: str, kind: Any, template: str, phase: Any = "Running", message: str = "") -> Node:
        with self.run_.lock:
            self.run_.began.setdefault(name, time.time())
            return super().node(name, kind, template, phase, message)

    def execute(self, call: Call) -> None:
        known = self.run_.known.get(call.name)
        if known is None or known["phase"] != "Succeeded":
            return super().execute(call)
        node = self.node(call.name, known["type"], call.template, "Succeeded")
        listed = (known.get("outputs") or {}).get("parameters") or []
        node.outputs = {each["name"]: each["value"] for each in listed} or None
        node.inputs = {each["name"]: each["value"] for each in (known.get("inputs") or {}).get("parameters") or []}
        for name in [name for name in self.run_.known if name.startswith(f"{call.name}(") and known["type"] == "Retry"]:
            self.node(name, "Pod", call.template, "Succeeded")
        for name, each in self.run_.known.items():
            if name.startswith(f"{call.name}.") and known["type"] == "DAG" and each["phase"] == "Succeeded":
                inner = self.node(name, each["type"], each["templateName"], "Succeeded")
                inner.inputs = {one["name"]: one["value"] for one in (each.get("inputs") or {}).get("parameters") or []}
        return self.soon(lambda: call.done(node))

    def pod(self, call: Call, template: dict[str, Any], number: int) -> None:
        image = str(obj(template["container"])["image"])
        fate = self.run_.fates.get(image)
        self.run_.images[call.name] = image
        if fate is None or fate[0] != "wait":
            return super().pod(call, template, number)
        node = self.node(call.name, "Pod", call.template, "Pending", fate[1])
        node.inputs = {str(p["name"]): str(p["value"]) for p in objects(obj(template.get("inputs")).get("parameters"))}
        self.pods.busy += 1

        def end() -> None:
            self.pods.busy -= 1
            node.phase, node.message = "Failed", "Stopped with strategy 'Stop'"
            call.done(node)

        self.waiting[call.name] = end
        if self.pods.stopped:
            self.pods.events.put(self.waiting.pop(call.name))
        return None

    def give_up(self) -> None:
        """End the pods that wait."""
        for name in list(self.waiting):
            self.pods.events.put(self.waiting.pop(name))


class Run:
    """One workflow. `template` is the WorkflowTemplate's specification when it began."""

    def __init__(
        self, workflow: Tree, template: Tree, host: Host, fates: Mapping[str, Fate], ended: Callable[[], None]
    ) -> None:
        self.name = str(workflow["metadata"]["name"])
        self.workflow, self.host, self.fates, self.ended = workflow, host, fates, ended
        self.spec = dict(template["spec"])
        self.lock = threading.RLock()
        self.known = {node["name"]: node for node in ((workflow.get("status") or {}).get("nodes") or {}).values()}
        packed = (workflow.get("status") or {}).get("compressedNodes")
        if packed:
            unpacked = json.loads(gzip.decompress(base64.b64decode(packed)))
            self.known = {node["name"]: node for node in unpacked.values()}
        self.began: dict[str, float] = {}
        self.over: dict[str, float] = {}
        self.images: dict[str, str] = {}
        self.logs: dict[str, Log] = {}
        self.phase, self.message = "", ""
        self.started, self.finished = time.time(), 0.0
        self.shutdown = ""
        self.tick = 0
        self.controller: _Seen | None = None
        self.thread = threading.Thread(target=self._work, daemon=True)

    def begin(self) -> None:
        """Let the controller take it."""
        self.thread.start()

    def stop(self, strategy: str) -> None:
        """`spec.shutdown`."""
        with self.lock:
            self.shutdown = strategy
            if self.controller and self.phase == "Running":
                self.controller.pods.stop()
                self.controller.give_up()

    def _work(self) -> None:
        given = {
            str(each["name"]): str(each["value"])
            for each in ((self.workflow["spec"].get("arguments") or {}).get("parameters") or [])
        }
        arguments = given_arguments(self.spec, given)
        try:
            check_start({**self.spec, "arguments": {"parameters": list(arguments)}} if arguments else self.spec)
        except TagError:
            return  # the workflow never has a phase
        values = self._values(arguments)
        pods = Pods(self.host, 2, 0, None)
        with self.lock:
            self.controller = controller = _Seen(self, self.spec, values, pods)
            self.phase = "Running"
        try:
            last = controller.run(str(self.spec["entrypoint"]), self.name, arguments)
            phase, message = last.phase, last.message
            if self.shutdown:
                phase, message = "Failed", f"Stopped with strategy '{self.shutdown}'"
            if "onExit" in self.spec and self.shutdown != "Terminate":
                values |= {"workflow.status": phase, "workflow.failures": go_json(go_json([]))}
                pods.stopped = False
                controller.run(str(self.spec["onExit"]), f"{self.name}.onExit", arguments)
        except Exception as error:  # noqa: BLE001  the run says it, and the test sees it
            phase, message = "Error", f"interpreter: {error!r}"
        finally:
            pods.stop()
        with self.lock:
            self.status()
            self.phase, self.message, self.finished = phase, message, time.time()
        self.ended()

    def _values(self, arguments: list[dict[str, Any]]) -> dict[str, str]:
        metadata = self.workflow["metadata"]
        listed = go_json([dict(obj(each)) for each in arguments]) if arguments else "null"
        values = {
            "workflow.name": self.name,
            "workflow.namespace": str(metadata["namespace"]),
            "workflow.uid": str(metadata["uid"]),
            "workflow.mainEntrypoint": str(self.spec["entrypoint"]),
            "workflow.serviceAccountName": str(self.spec.get("serviceAccountName", "default")),
            "workflow.creationTimestamp": str(metadata["creationTimestamp"]),
            "workflow.parameters": listed,
            "workflow.parameters.json": listed,
            "workflow.labels.json": go_json(obj(metadata.get("labels"))),
            "workflow.annotations.json": go_json(obj(metadata.get("annotations"))),
        }
        values |= {f"workflow.parameters.{each['name']}": str(each["value"]) for each in arguments}
        return values | {f"workflow.labels.{key}": str(value) for key, value in (metadata.get("labels") or {}).items()}

    def status(self) -> Tree:
        """The workflow's status as the controller writes it."""
        with self.lock:
            if not self.phase:
                return {}
            nodes = dict(self.controller.nodes) if self.controller else {}
            found = {
                "phase": self.phase,
                "startedAt": _time(self.started),
                "nodes": {},
                "storedWorkflowTemplateSpec": self.spec,
            }
            for name, node in nodes.items():
                if node.fulfilled:
                    self.over.setdefault(name, time.time())
                found["nodes"][self.node_id(name)] = self._node(node, nodes)
            if self.message:
                found["message"] = self.message
            if self.finished:
                found["finishedAt"] = _time(self.finished)
            return found

    def node_id(self, name: str) -> str:
        """As Argo makes it."""
        return name if name == self.name else f"{self.name}-{fnv32a(name)}"

    def _node(self, node: Node, nodes: Mapping[str, Node]) -> Tree:
        name = node.name
        message = node.message
        fate = self.fates.get(self.images.get(name, ""))
        if fate and fate[0] == "end" and node.phase in FAILURES:
            message = fate[1]
        above = name.rpartition(".")[0]
        made: Tree = {
            "id": self.node_id(name),
            "name": name,
            "displayName": name.removeprefix(f"{above}.") if above in nodes else name,
            "type": TYPES[node.kind],
            "templateName": node.template,
            "templateScope": f"local/{self.name}",
            "phase": node.phase,
            "startedAt": _time(self.began.get(name, self.started)),
        }
        if node.fulfilled:
            made["finishedAt"] = _time(self.over[name])
        if message:
            made["message"] = message
        if above in nodes:
            made["boundaryID"] = self.node_id(above)
        if node.inputs:
            made["inputs"] = {"parameters": [{"name": key, "value": value} for key, value in node.inputs.items()]}
        if node.outputs or node.exit_code is not None:
            listed = [{"name": key, "value": value} for key, value in (node.outputs or {}).items()]
            code = {} if node.exit_code is None else {"exitCode": str(node.exit_code)}
            made["outputs"] = {**({"parameters": listed} if listed else {}), **code}
        children = [self.node_id(other) for other in nodes if self._is_below(node, other)]
        if children:
            made["children"] = children
        if any(name.startswith(f"{other}(") and each.kind == "Retry" for other, each in nodes.items()):
            made["nodeFlag"] = {"retried": True}
        return made

    def _is_below(self, node: Node, other: str) -> bool:
        rest = other.removeprefix(node.name)
        if rest == other:
            return False
        if node.kind in ("Retry", "TaskGroup"):
            return rest.startswith("(") and rest.endswith(")") and ")." not in rest
        return node.kind == "DAG" and rest.startswith(".") and "." not in rest[1:] and "(" not in rest

    def argo_pod(self, node: Node) -> str:
        """The pod's name on a cluster."""
        return f"{self.name}-{node.template}-{fnv32a(node.name)}"

    def pods(self) -> list[Tree]:
        """The pods as Kubernetes shows them."""
        with self.lock:
            nodes = dict(self.controller.nodes) if self.controller else {}
            return [self._pod(node) for node in nodes.values() if node.kind == "Pod" and node.name not in self.known]

    def _pod(self, node: Node) -> Tree:
        phases = {"Pending": "Pending", "Running": "Running", "Succeeded": "Succeeded"}
        fate = self.fates.get(self.images.get(node.name, ""), ("", ""))
        reason, _, said = fate[1].partition(": ")
        status: Tree = {"phase": phases.get(node.phase, "Failed")}
        if fate[0] == "wait" and node.phase == "Pending":
            if reason == "Unschedulable":
                status["conditions"] = [{"type": "PodScheduled", "status": "False", "reason": reason, "message": said}]
            else:
                status["containerStatuses"] = [
                    {"name": "main", "state": {"waiting": {"reason": reason, "message": said}}}
                ]
        metadata = {
            "name": self.argo_pod(node),
            "namespace": self.workflow["metadata"]["namespace"],
            "labels": {
                "workflows.argoproj.io/workflow": self.name,
                "workflows.argoproj.io/completed": str(node.fulfilled).lower(),
            },
            "annotations": {
                "workflows.argoproj.io/node-id": self.node_id(node.name),
                "workflows.argoproj.io/node-name": node.name,
            },
        }
        return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "status": status}

    def log(self, pod: str) -> list[tuple[str, bytes]] | None:
        """The lines of a pod's main container with their times; None where there is no such pod."""
        with self.lock:
            nodes = dict(self.controller.nodes) if self.controller else {}
            node = next((each for each in nodes.values() if each.kind == "Pod" and self.argo_pod(each) == pod), None)
            if node is None or node.name in self.known:
                return None
            log = self.logs.setdefault(pod, Log())
            data = self._text(node)
            new = data[log.read :]
            whole = new if node.fulfilled else new[: new.rfind(b"\n") + 1]
            for line in whole.splitlines(keepends=True):
                self.tick += 1
                at = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S")
                log.lines.append((f"{at}.{self.tick:09d}Z", line.removesuffix(b"\n")))
            log.read += len(whole)
            return list(log.lines)

    def _text(self, node: Node) -> bytes:
        file = Path(self.host.folder) / pod_name(node.name) / "log"
        try:
            return file.read_bytes()
        except OSError:
            return node.log.encode("utf-8", "surrogateescape")


def fnv32a(text: str) -> int:
    """Go's `hash/fnv` New32a."""
    found = 0x811C9DC5
    for byte in text.encode():
        found = (found ^ byte) * 0x01000193 % 2**32
    return found


def _time(at: float) -> str:
    return datetime.datetime.fromtimestamp(at, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
