"""The Argo workflow that a run has become, with its nodes: what the API of version 1 tells of it.

After backend/src/v2/compiler/argocompiler (dag.go, container.go) and `RetrievePodName` of backend/src/common/util/workflow.go, 2.17: the
name of a node is that of the DAG in which it stands, and behind a dot that of its task; its pod is called by workflow, template and hash.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.engines.argo_tags import Json
from tests.engines.kfp import Attempt, Dag, PipelineRun, State, dependencies
from tests.engines.kfp_metadata import Execution, Spec

_PHASES = {
    "waiting": "Pending",
    "running": "Running",
    "succeeded": "Succeeded",
    "skipped": "Skipped",
    "omitted": "Omitted",
    "failed": "Failed",
}


@dataclass(slots=True)
class Node:
    """A node of the workflow; `name` is its whole one."""

    name: str
    display: str
    template: str
    phase: str
    times: list[float]
    message: str = ""
    children: list[Node] = field(default_factory=list)

    @property
    def hash(self) -> str:
        """What its ids end in."""
        return str(int(hashlib.sha256(self.name.encode()).hexdigest()[:8], 16))


@dataclass(slots=True)
class Nodes:
    """The nodes of a run; `pods` are the attempts by the name of their pod."""

    run: PipelineRun
    name: str
    all: list[Node] = field(default_factory=list)
    pods: dict[str, Attempt] = field(default_factory=dict)

    def workflow(self, created: float, root: State) -> dict[str, Json]:
        """The workflow as it is now."""
        return {
            "metadata": {"name": self.name, "creationTimestamp": moment(created)},
            "status": {"phase": _PHASES[root], "nodes": self._nodes(created, root)},
        }

    def _nodes(self, created: float, root: State) -> dict[str, Json]:
        top = self._node(None, self.name, self.name, "entrypoint", _PHASES[root], [created])
        if 1 in self.run.dags:
            driver = self._node(top, "root-driver", "root-driver", "system-dag-driver", "Succeeded", [created, created])
            whole = self._node(driver, "root", "root", "root", _PHASES[root], [created])
            self._dag(whole, self.run.dags[1])
        return {self._id(node): self._told(node) for node in sorted(self.all, key=lambda each: each.hash)}

    def pod_name(self, node: Node) -> str:
        """The name of a node's pod."""
        return f"{self.name}-{node.template}-{node.hash}"

    def _id(self, node: Node) -> str:
        return self.name if node.name == self.name else f"{self.name}-{node.hash}"

    def _told(self, node: Node) -> dict[str, Json]:
        is_over = node.phase not in ("Running", "Pending")
        return {
            "id": self._id(node),
            "name": node.name,
            "displayName": node.display,
            "templateName": node.template,
            "phase": node.phase,
            "message": node.message,
            "startedAt": moment(node.times[0]) if node.times else None,
            "finishedAt": moment(node.times[-1]) if is_over and len(node.times) > 1 else None,
            "children": [self._id(each) for each in node.children],
        }

    def _node(
        self, before: Node | None, name: str, display: str, template: str, phase: str, times: list[float]
    ) -> Node:
        whole = name if before is None and name == self.name else f"{self.name}.{name}"
        made = Node(whole, display, template, phase, times)
        self.all.append(made)
        if before is not None:
            before.children.append(made)
        return made

    def _dag(self, above: Node, dag: Dag) -> list[Node]:
        """The nodes below that of a DAG; those behind which what follows the DAG stands."""
        ends: dict[str, list[Node]] = {}
        firsts: dict[str, Node] = {}
        for name, spec in dag.tasks.items():
            if dag.states[name] != "waiting":
                firsts[name], ends[name] = self._task(above, dag, name, spec)
        for name, first in firsts.items():
            before = [each for dependency in dependencies(dag.tasks[name]) for each in ends.get(dependency, [])]
            for each in before or [above]:
                each.children.append(first)
        led = {dependency for name in dag.tasks for dependency in dependencies(dag.tasks[name])}
        return [node for name, last in ends.items() if name not in led for node in last]

    def _task(self, above: Node, dag: Dag, name: str, spec: Spec) -> tuple[Node, list[Node]]:
        """The first node of a task, and its last ones."""
        place, times = above.name.removeprefix(f"{self.name}.") + f".{name}", dag.times.get(name, [])
        state = dag.states[name]
        below = [each for each in list(dag.execution.children) if each.task == name]
        loop = "parameterIterator" in spec
        if loop:
            first = main = self._node(None, place, name, f"{name}-iterator", _PHASES[state], times)
        else:
            is_driven = bool(below) or state in ("succeeded", "skipped")
            driven = "Succeeded" if is_driven else _PHASES[state]
            first = self._node(None, f"{place}-driver", f"{name}-driver", "system-container-driver", driven, times)
            if not is_driven and state != "omitted":
                return first, [first]
            main = self._node(first, place, name, "system-container-executor", _PHASES[state], times)
        if not below or state in ("skipped", "omitted"):
            return first, [main]
        (made,) = below
        if loop:
            return first, self._loop(main, made, times) or [main]
        if made.is_dag:
            return first, (self._dag(main, self.run.dags[made.id]) if made.id in self.run.dags else []) or [main]
        return first, [self._executor(main, made, spec)]

    def _loop(self, main: Node, made: Execution, times: list[float]) -> list[Node]:
        place = main.name.removeprefix(f"{self.name}.")
        driver = self._node(
            main, f"{place}.iteration-driver", "iteration-driver", "system-dag-driver", "Succeeded", times
        )
        phase = main.phase if made.count else "Skipped"
        group = self._node(driver, f"{place}.iteration-iterations", "iteration-iterations", "iteration", phase, times)
        last: list[Node] = []
        for below in sorted(made.children, key=lambda each: each.iteration or 0):
            word = f"iteration-iterations({below.iteration}:{below.iteration})"
            dag = self.run.dags.get(below.id)
            state = _of(dag)
            one = self._node(group, f"{place}.{word}", word, "iteration", state, times)
            item = f"{place}.{word}.iteration-item"
            driven = self._node(one, f"{item}-driver", "iteration-item-driver", "system-dag-driver", "Succeeded", times)
            inner = self._node(driven, item, "iteration-item", "comp-each", state, times)
            last += (self._dag(inner, dag) if dag else []) or [inner]
        return last or [group]

    def _executor(self, main: Node, made: Execution, spec: Spec) -> Node:
        """The pods of a container: one, or below a node for all attempts."""
        place = main.name.removeprefix(f"{self.name}.") + ".executor"
        attempts = list(self.run.pods.get(made.id, []))
        if not attempts:
            return main
        if "retryPolicy" not in spec:
            return self._pod(main, place, "executor", "system-container-impl", attempts[-1])
        phase = main.phase if main.phase != "Running" else attempts[-1].phase
        again = self._node(main, place, "executor", "retry-system-container-impl", phase, main.times)
        for number, each in enumerate(attempts):
            last = self._pod(again, f"{place}({number})", f"executor({number})", "retry-system-container-impl", each)
        return last

    def _pod(self, before: Node, name: str, display: str, template: str, attempt: Attempt) -> Node:
        times = [each for each in (attempt.started, attempt.finished) if each]
        node = self._node(before, name, display, template, attempt.phase, times)
        node.message = attempt.message
        self.pods[self.pod_name(node)] = attempt
        return node


def _of(dag: Dag | None) -> str:
    """How a DAG stands, by its tasks."""
    if dag is None:
        return "Pending"
    states = set(dag.states.values())
    return "Failed" if "failed" in states else "Running" if states & {"waiting", "running"} else "Succeeded"


def moment(at: float) -> str:
    """A time as the server has it: whole seconds."""
    return datetime.datetime.fromtimestamp(int(at), datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def below(execution: Execution) -> Iterator[Execution]:
    """An execution and all below it."""
    yield execution
    for child in execution.children:
        yield from below(child)
