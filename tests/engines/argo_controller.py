"""Argo's workflow controller, as far as emitted manifests use it: template calls, retries, and which pod may run when.

One thread decides, a bounded pool of threads runs the containers. Whatever may happen in either order happens in an order
shuffled by the seed.
"""

from __future__ import annotations

import hashlib
import queue
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import TypeVar

from tests.engines.argo_dag import Dag
from tests.engines.argo_expressions import evaluate
from tests.engines.argo_nodes import (
    FAILURES,
    Call,
    Limit,
    Node,
    NodeError,
    NodeKind,
    Phase,
    Unsupported,
    inputs_of,
    merged,
    obj,
    objects,
    parameters_of,
    seconds,
    strings,
    with_arguments,
)  # fmt: skip
from tests.engines.argo_pods import Host, PodEnd, PodSpec, RunningPod, run_pod
from tests.engines.argo_tags import Json, TagError, nested, substitute

MAX_DEPTH = 100
T = TypeVar("T")


class Controller:
    """Executes one workflow whose specification was checked. Fulfils `argo_dag.Engine`."""

    def __init__(self, spec: dict[str, Json], values: dict[str, str], pods: Pods, pause_scale: float) -> None:
        self.spec = spec
        self.templates = {str(template["name"]): template for template in objects(spec.get("templates"))}
        self.globals = values
        self.nodes: dict[str, Node] = {}
        self.pods = pods
        self.pause_scale = pause_scale
        self.steps: deque[Callable[[], None]] = deque()

    def run(self, template: str, name: str, arguments: list[dict[str, Json]]) -> Node:
        """Execute a template to its end."""
        ended: list[Node] = []
        self.execute(Call(name, template, arguments, 1, ended.append))
        while not ended or self.pods.busy:
            while self.steps:
                self.steps.popleft()()
            if not ended or self.pods.busy:
                self.steps.extend(self.pods.next())
        return ended[0]

    # what a DAG needs

    def node(self, name: str, kind: NodeKind, template: str, phase: Phase = "Running", message: str = "") -> Node:
        """Record a new node."""
        assert name not in self.nodes, name
        self.nodes[name] = Node(name, kind, template, phase, message)
        return self.nodes[name]

    def soon(self, step: Callable[[], None]) -> None:
        """Do a step after those that are due."""
        self.steps.append(step)

    def shuffled(self, items: list[T]) -> list[T]:
        """The items in an order of the seed."""
        return self.pods.random.sample(items, len(items))

    def start_child(self, limit: Limit, begin: Callable[[], None]) -> None:
        """Begin a child of a DAG, or let it wait for the template's `parallelism`."""
        if limit.most is not None and limit.active >= limit.most:
            limit.waiting.append(begin)
        else:
            limit.active += 1
            begin()

    def end_child(self, limit: Limit) -> None:
        """A child has ended: one of those that wait, any one, begins."""
        limit.active -= 1
        if limit.waiting:
            self.soon(limit.waiting.pop(self.pods.random.randrange(len(limit.waiting))))
            limit.active += 1

    # templates

    def execute(self, call: Call) -> None:
        """Start a template call; its end comes through `call.done`."""
        if call.depth >= MAX_DEPTH:
            return self.failed(call, "Maximum recursion depth exceeded")
        template = merged(self.templates[call.template], self.spec.get("templateDefaults"))
        local = {"node.name": call.name} | ({"tasks.name": call.task} if call.task else {})
        if "container" in template and "retryStrategy" not in template:
            local["pod.name"] = pod_name(call.name)
        try:
            processed = self.processed(with_arguments(template, call.arguments), local)
        except (NodeError, TagError) as error:
            return self.failed(call, str(error))
        if "retryStrategy" in processed:
            return Retry(self, call, processed).start()
        return self.attempt(call, processed, 0)

    def attempt(self, call: Call, template: dict[str, Json], number: int) -> None:
        """Execute a processed template once."""
        if "dag" in template:
            return Dag(self, call, template).start()
        return self.pod(call, template, number)

    def processed(self, template: dict[str, Json], local: Mapping[str, str]) -> dict[str, Json]:
        """Globals and locals first, then the inputs: two passes, so that values are templates once more."""
        values: dict[str, str | None] = {**self.globals, **local}
        once = obj(substitute(template, values))
        for parameter in parameters_of(once, "inputs"):
            if "value" not in parameter:
                raise NodeError(f"inputs.parameters.{parameter['name']} had no value")
            values[f"inputs.parameters.{parameter['name']}"] = str(parameter["value"])
        for parameter in parameters_of(once, "outputs"):
            path = obj(parameter.get("valueFrom")).get("path")
            if path:
                values[f"outputs.parameters.{parameter['name']}.path"] = str(path)
        return obj(substitute(once, values))

    def failed(self, call: Call, message: str) -> None:
        """Record that a call could not begin."""
        node = self.node(call.name, "Skipped", call.template, "Error", message)
        self.soon(lambda: call.done(node))

    # pods

    def pod(self, call: Call, template: dict[str, Json], number: int) -> None:
        """Create the pod of a container template."""
        node = self.node(call.name, "Pod", call.template)
        node.inputs = inputs_of(template)
        try:
            spec = self.pod_spec(call, template)
        except NodeError as error:
            node.phase, node.message = "Error", str(error)
            return self.soon(lambda: call.done(node))

        def ended(end: PodEnd) -> None:
            node.phase, node.message, node.exit_code = end.phase, end.message, end.exit_code
            node.outputs, node.log = dict(end.outputs) or None, end.log
            call.done(node)

        return self.pods.add(spec, number, ended)

    def pod_spec(self, call: Call, template: dict[str, Json]) -> PodSpec:
        """What the kubelet gets of a template."""
        container = obj(template["container"])
        declared = (*objects(self.spec.get("volumes")), *objects(template.get("volumes")))
        volumes = {str(volume["name"]): volume for volume in declared}
        mounts = {str(mount["mountPath"]): str(mount["name"]) for mount in objects(container.get("volumeMounts"))}
        unknown = set(mounts.values()) - set(volumes)
        if unknown:
            raise NodeError(f"volumes {sorted(unknown)} not found")
        deadline = template.get("activeDeadlineSeconds")
        name = pod_name(call.name)
        account = str(template.get("serviceAccountName", self.spec.get("serviceAccountName", "default")))
        return PodSpec(
            name=name,
            command=(*strings(container.get("command")), *strings(container.get("args"))),
            node=call.name,
            template=call.template,
            env=tuple(objects(container.get("env"))),
            env_from=tuple(objects(container.get("envFrom"))),
            mounts={path: volumes[volume] for path, volume in mounts.items()},
            outputs=_output_files(template),
            deadline=None if deadline is None else float(str(deadline)),
            fields={
                "metadata.name": name,
                "metadata.namespace": self.globals["workflow.namespace"],
                "metadata.uid": f"uid-of-{name}",
                "status.podIP": "127.0.0.1",
                "spec.serviceAccountName": account,
            },
        )


def pod_name(node: str) -> str:
    """A name for the pod of a node, as short and as unlike its neighbours' as Argo's."""
    return f"{node.partition('.')[0][:40]}-{hashlib.sha256(node.encode()).hexdigest()[:10]}"


def _output_files(template: dict[str, Json]) -> dict[str, tuple[str, str | None]]:
    files: dict[str, tuple[str, str | None]] = {}
    for parameter in parameters_of(template, "outputs"):
        source = obj(parameter["valueFrom"])
        default = source.get("default")
        files[str(parameter["name"])] = str(source["path"]), None if default is None else str(default)
    return files


class Retry:
    """The node above the attempts of a template with a `retryStrategy`."""

    def __init__(self, controller: Controller, call: Call, template: dict[str, Json]) -> None:
        self.controller, self.call, self.template = controller, call, template
        self.strategy = obj(template["retryStrategy"])
        self.node = controller.node(call.name, "Retry", call.template)
        self.node.inputs = inputs_of(template)
        self.attempts: list[Node] = []

    def start(self) -> None:
        """Begin the next attempt: the template once more through substitution, with `{{retries}}`."""
        number = len(self.attempts)
        last = self.attempts[-1] if self.attempts else None
        name = f"{self.call.name}({number})"
        local = {
            "pod.name": pod_name(name),
            "retries": str(number),
            "lastRetry.exitCode": str(last.exit_code) if last and last.exit_code is not None else "0",
            "lastRetry.status": last.phase if last else "",
            "lastRetry.message": last.message if last else "",
        }
        call = Call(name, self.call.template, [], self.call.depth, self.ended, self.call.task)
        try:
            template = self.controller.processed(self.template, local)
        except (NodeError, TagError) as error:
            return self.controller.failed(call, str(error))
        return self.controller.attempt(call, template, number)

    def ended(self, node: Node) -> None:
        """An attempt has ended: another one, or the end of all."""
        self.attempts.append(node)
        if node.phase not in FAILURES or self.controller.pods.stopped:
            return self.finish(node, node.message)
        if not self.goes_on(node):
            return self.finish(node, "retryStrategy.expression evaluated to false")
        policy = self.strategy.get("retryPolicy", "Always" if "expression" in self.strategy else "OnFailure")
        if policy not in ("Always", "OnFailure", "OnError"):
            raise Unsupported(f"retryPolicy {policy}")
        if (policy == "OnFailure" and node.phase == "Error") or (policy == "OnError" and node.phase == "Failed"):
            return self.finish(node, node.message)
        limit = self.strategy.get("limit")
        if limit is not None and len(self.attempts) > int(str(limit)):
            return self.finish(node, "No more retries left")
        return self.controller.pods.later(self.pause() * self.controller.pause_scale, self.start)

    def goes_on(self, last: Node) -> bool:
        """What `expression` says of the last attempt; a pod without an exit code has -1 there."""
        if "expression" not in self.strategy:
            return True
        facts: dict[str, str | None] = {
            "retries": str(len(self.attempts) - 1),
            "lastRetry.exitCode": "-1" if last.exit_code is None else str(last.exit_code),
            "lastRetry.status": last.phase,
            "lastRetry.message": last.message,
        }
        found = evaluate(str(self.strategy["expression"]), nested(facts))
        if not isinstance(found, bool):
            raise Unsupported(f"retryStrategy.expression gave {found!r}")
        return found

    def pause(self) -> float:
        """Seconds until the next attempt."""
        backoff = obj(self.strategy.get("backoff"))
        if not backoff:
            return 0.0
        wait = seconds(str(backoff["duration"]))
        wait *= float(str(backoff.get("factor", 1))) ** (len(self.attempts) - 1)
        return min(wait, seconds(str(backoff["cap"]))) if "cap" in backoff else wait

    def finish(self, last: Node, message: str) -> None:
        """The node ends as its last attempt did, with its outputs."""
        self.node.phase, self.node.message = last.phase, message
        self.node.outputs, self.node.exit_code = last.outputs, last.exit_code
        self.call.done(self.node)


class Pods:
    """Pods that wait, pods that run, and timers."""

    def __init__(self, host: Host, workers: int, seed: int, watch: Callable[[RunningPod], None] | None) -> None:
        self.host, self.workers, self.watch = host, workers, watch
        self.random = random.Random(seed)
        self.ready: list[tuple[PodSpec, int, Callable[[PodEnd], None]]] = []
        self.running: dict[str, RunningPod] = {}
        self.events: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.timers: list[tuple[float, Callable[[], None]]] = []
        self.busy = 0
        self.stopped = False
        self.most = 0

    def add(self, spec: PodSpec, number: int, done: Callable[[PodEnd], None]) -> None:
        """Create a pod; it runs when there is room."""
        self.ready.append((spec, number, done))

    def later(self, pause: float, action: Callable[[], None]) -> None:
        """Set a timer, in seconds."""
        self.timers.append((time.monotonic() + pause, action))

    def stop(self) -> None:
        """End what runs and start nothing more."""
        self.stopped = True
        for pod in list(self.running.values()):
            pod.terminate()

    def next(self) -> list[Callable[[], None]]:
        """Start what may start, then wait for something to happen."""
        while self.ready and self.busy < self.workers:
            self._start(*self.ready.pop(self.random.randrange(len(self.ready))))
        due = min((at for at, _ in self.timers), default=None)
        assert self.busy or due is not None, "the workflow waits for nothing"
        try:
            return [self.events.get(timeout=None if due is None else max(0.0, due - time.monotonic()))]
        except queue.Empty:
            now = time.monotonic()
            ripe = [action for at, action in self.timers if at <= now]
            self.timers = [timer for timer in self.timers if timer[0] > now]
            return ripe

    def _start(self, spec: PodSpec, number: int, done: Callable[[PodEnd], None]) -> None:
        self.busy += 1
        self.most = max(self.most, self.busy)
        if self.stopped:
            end = PodEnd("Failed", "Workflow exceeded its deadline", None, {}, "")
            self.events.put(lambda: self._end(spec, end, done))
        else:
            threading.Thread(target=self._work, args=(spec, number, done), daemon=True).start()

    def _work(self, spec: PodSpec, number: int, done: Callable[[PodEnd], None]) -> None:
        try:
            end: PodEnd | BaseException = run_pod(spec, number, self.host, self._started)
        except BaseException as error:  # noqa: BLE001  raised again in the thread that decides
            end = error
        self.events.put(lambda: self._end(spec, end, done))

    def _started(self, pod: RunningPod) -> None:
        self.running[pod.spec.name] = pod
        if self.stopped:
            pod.terminate()
        if self.watch:
            self.watch(pod)

    def _end(self, spec: PodSpec, end: PodEnd | BaseException, done: Callable[[PodEnd], None]) -> None:
        self.busy -= 1
        self.running.pop(spec.name, None)
        if isinstance(end, BaseException):
            raise end
        done(end)
