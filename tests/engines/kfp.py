"""A strict interpreter of Kubeflow Pipelines' IR that runs its containers as local processes.

A pipeline becomes an Argo workflow (backend/src/v2/compiler/argocompiler/dag.go, container.go of kubeflow/pipelines 2.17): a DAG template
for each DAG, before each task a driver. What follows from that is kept here: a task begins when all that it depends on have *succeeded*;
one whose condition is false is skipped, and what depends on a skipped task is omitted; a DAG succeeds where nothing in it has failed;
after a failure nothing new begins in its DAG; a retry follows a failure, and not the loss of a pod. Inputs: `kfp_metadata`.
"""

from __future__ import annotations

import json
import queue
import random
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from tests.engines.argo_nodes import Unsupported
from tests.engines.argo_pods import Host, PodSpec, RunningPod, expand, run_pod
from tests.engines.argo_tags import Json
from tests.engines.kfp_metadata import DriverError, Execution, Metadata, Spec, object_of, output_value, resolved
from tests.engines.kfp_reading import Pipeline, read_pipeline

State = Literal["waiting", "running", "succeeded", "skipped", "omitted", "failed"]
Done = Callable[[State], None]
OUTPUTS = "/tmp/kfp/outputs"
MAX_TEMPLATES = 100
_DRIVER = {"KFP_POD_NAME": "driver", "KFP_POD_UID": "driver-uid"}
"""Variables that the kubelet would fill in the arguments of a driver and of the launcher."""


@dataclass(slots=True)
class Ended:
    """A run's end: `pods` are its containers by task and how often each was started, in the order of their starts."""

    succeeded: bool
    log: list[str] = field(default_factory=list)
    pods: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    most: int = 0


def run_pipeline(
    text: str,
    *,
    run: str,
    parameters: Mapping[str, Json],
    host: Host,
    seed: int = 0,
    workers: int = 2,
    watch: Callable[[RunningPod], None] | None = None,
) -> Ended:
    """Submit a pipeline with values of its inputs and execute it to its end; `watch` sees each container that has started."""
    engine = PipelineRun(read_pipeline(text), Metadata(run), host, random.Random(seed), workers, watch)
    return engine.run(parameters)


@dataclass(slots=True)
class Attempt:
    """A pod of a container: its name, Argo's word for how it stands and its sentence, and what it has printed once it is over."""

    pod: str
    phase: Literal["Pending", "Running", "Succeeded", "Failed", "Error"] = "Pending"
    log: str = ""
    message: str = ""
    started: float = 0.0
    finished: float = 0.0


@dataclass(slots=True)
class Dag:
    """A DAG that runs: the states of its tasks, and when each began and ended."""

    execution: Execution
    tasks: Mapping[str, Spec]
    depth: int
    done: Done
    states: dict[str, State]
    times: dict[str, list[float]] = field(default_factory=dict)

    @property
    def has_failed(self) -> bool:
        return "failed" in self.states.values()


Path = tuple[tuple[str, int | None], ...]
"""An execution by the tasks and iterations that lead to it."""


def path_of(execution: Execution) -> Path:
    """The path of an execution, which it has in every run of its pipeline."""
    above = path_of(execution.parent) if execution.parent else ()
    return (*above, (execution.task, execution.iteration))


@dataclass(slots=True)
class PipelineRun:
    """A run of a pipeline. `kept` are containers that need not run again: the execution and the pods that an earlier run of it had.

    `dags` and `pods` are what it has come to, by the ids of executions. Once `halted` is set, nothing new begins.
    """

    pipeline: Pipeline
    metadata: Metadata
    host: Host
    chance: random.Random
    workers: int
    watch: Callable[[RunningPod], None] | None
    kept: Mapping[Path, tuple[Execution, list[Attempt]]] = field(default_factory=dict)
    halted: threading.Event = field(default_factory=threading.Event)
    dags: dict[int, Dag] = field(default_factory=dict)
    pods: dict[int, list[Attempt]] = field(default_factory=dict)
    ended: Ended = field(default_factory=lambda: Ended(False))
    waiting: list[Callable[[], None]] = field(default_factory=list)
    active: int = 0
    pool: ThreadPoolExecutor = field(init=False)
    told: queue.Queue[Callable[[], None]] = field(default_factory=queue.Queue)

    def run(self, parameters: Mapping[str, Json]) -> Ended:
        """Execute the root DAG; what is ready begins in an order of chance."""
        root = self.metadata.create("", None, is_dag=True, inputs=_handed(self.pipeline.inputs(parameters)))
        last: list[State] = []
        self.dag(root, self.pipeline.root, 2, last.append)
        with ThreadPoolExecutor(self.workers) as self.pool:
            while not last:
                if self.waiting and self.active < self.workers:
                    self.waiting.pop(self.chance.randrange(len(self.waiting)))()
                else:
                    assert self.active, f"nothing runs and nothing can begin: {self.ended.log}"
                    self.told.get()()
        self.ended.succeeded = last == ["succeeded"]
        return self.ended

    def dag(self, execution: Execution, component: Spec, depth: int, done: Done) -> None:
        """Run a DAG; `depth` is how many templates call each other down to its own."""
        if depth > MAX_TEMPLATES:
            raise DriverError("Maximum recursion depth exceeded")
        tasks = {name: object_of(spec) for name, spec in object_of(object_of(component["dag"])["tasks"]).items()}
        found = Dag(execution, tasks, depth, done, dict.fromkeys(tasks, "waiting"))
        self.dags[execution.id] = found
        self.advance(found)

    def advance(self, dag: Dag) -> None:
        """Begin what can begin; tell of the DAG's end where nothing can and nothing runs."""
        changed = True
        while changed and not dag.has_failed:
            changed = False
            for name, spec in dag.tasks.items():
                before = [dag.states[each] for each in dependencies(spec)] if dag.states[name] == "waiting" else None
                if before is None or any(state in {"waiting", "running"} for state in before):
                    continue
                changed = True
                if all(state == "succeeded" for state in before):
                    dag.states[name] = "running"
                    dag.times[name] = [time.time()]
                    self.waiting.append(partial(self.begin, dag, name))
                else:
                    self.end(dag, name, "omitted")
        if "running" not in dag.states.values() and (dag.has_failed or "waiting" not in dag.states.values()):
            dag.done("failed" if dag.has_failed else "succeeded")

    def end(self, dag: Dag, name: str, state: State) -> None:
        dag.states[name] = state
        dag.times.setdefault(name, [time.time()]).append(time.time())
        self.ended.log.append(f"--- {name} of {dag.execution.task or 'root'}: {state}")
        if state in {"skipped", "omitted"}:
            self.ended.skipped.append(name)

    def finish(self, dag: Dag, name: str, state: State) -> None:
        """A task has ended."""
        self.end(dag, name, state)
        self.advance(dag)

    def begin(self, dag: Dag, name: str) -> None:
        """The driver of a task: its inputs, its condition, what it starts."""
        spec = _handed(dag.tasks[name])
        component = _handed(self.pipeline.component(spec))
        done = partial(self.finish, dag, name)
        if dag.has_failed or self.halted.is_set():
            done("omitted" if dag.has_failed else "failed")
            return
        try:
            inputs = resolved(spec, name, component, dag.execution, self.metadata.run, None)
            holds = _condition(spec, inputs)
        except DriverError as error:
            self.ended.log.append(f"driver of {name}: {error}")
            done("failed")
            return
        if "parameterIterator" in spec:
            self.loop(dag, name, spec, component, inputs, done)
            return
        known = {"inputs": inputs, "is_dag": "dag" in component, "producers": _producers(component)}
        made = self.metadata.create(name, dag.execution, **known)
        if not holds:
            done("skipped")
        elif made.is_dag:
            self.dag(made, component, dag.depth + 1, done)
        elif earlier := self.kept.get(path_of(made)):
            made.outputs |= earlier[0].outputs
            self.pods[made.id] = earlier[1]
            done("succeeded")
        else:
            self.attempt(made, spec, component, 0, done)

    def loop(self, dag: Dag, name: str, spec: Spec, component: Spec, inputs: dict[str, Json], done: Done) -> None:
        """A loop: its own driver, then one for each iteration."""
        items = inputs[str(object_of(object_of(spec["parameterIterator"])["items"])["inputParameter"])]
        assert isinstance(items, list)
        made = self.metadata.create(name, dag.execution, inputs=inputs, is_dag=True, count=len(items), producers={})
        limit = int(str(object_of(spec.get("iteratorPolicy")).get("parallelismLimit", 0))) or len(items)
        states: list[State] = []
        left = list(range(len(items)))
        self.chance.shuffle(left)

        def one(state: State) -> None:
            states.append(state)
            if "failed" in states:
                left.clear()
                if len(states) == begun[0]:
                    done("failed")
            elif len(states) == len(items):
                done("succeeded")
            elif left:
                start()

        def start() -> None:
            begun[0] += 1
            number = left.pop()
            values = resolved(spec, name, component, made, self.metadata.run, number)
            below = self.metadata.create(name, made, inputs=values, is_dag=True, iteration=number, producers={})
            self.waiting.append(partial(self.dag, below, component, dag.depth + 3, one))

        begun = [0]
        if not items:
            done("succeeded")
        for _ in range(min(limit, len(items))):
            start()

    def attempt(self, made: Execution, spec: Spec, component: Spec, number: int, done: Done) -> None:
        """An attempt of a container."""
        pod = Attempt(f"{made.task}-{made.id}-{number}")
        self.pods.setdefault(made.id, []).append(pod)

        def ready() -> None:
            if self.halted.is_set():
                pod.phase = "Failed"
                done("failed")
                return
            self.active += 1
            self.ended.most = max(self.ended.most, self.active)
            self.ended.pods.append(made.task)
            pod.phase, pod.started = "Running", time.time()
            self.pool.submit(self.pod, made, spec, component, pod, number, done)

        self.waiting.append(ready)

    def pod(self, made: Execution, spec: Spec, component: Spec, attempt: Attempt, number: int, done: Done) -> None:
        """The pod of an attempt, in a thread of its own; what comes of it is done by the engine's."""
        try:
            pod = _pod(made, component, self.pipeline, attempt.pod)
            end = run_pod(pod, number, self.host, self.watch or (lambda _: None))
            state, told = end.phase, f"{end.message}\n{end.log}"
            attempt.log, attempt.message = end.log, end.message
            if state == "Succeeded":
                kinds = _outputs(component)
                made.outputs |= {name: output_value(end.outputs[name], kind) for name, kind in kinds.items()}
        except Exception as error:  # noqa: BLE001 - the thread's end is the task's
            state, told = "Error", repr(error)
        most = int(str(object_of(spec.get("retryPolicy")).get("maxRetryCount", 0)))

        def after() -> None:
            self.active -= 1
            attempt.phase, attempt.finished = state, time.time()
            self.ended.log.append(f"--- {made.task}({number}): {state} {told}")
            if state == "Failed" and number < most and not self.halted.is_set():
                self.attempt(made, spec, component, number + 1, done)
            else:
                done("succeeded" if state == "Succeeded" else "failed")

        self.told.put(after)


def dependencies(spec: Spec) -> Iterator[str]:
    """The tasks that a task waits for: those that it names, and those whose outputs it takes."""
    listed = spec.get("dependentTasks")
    yield from map(str, listed if isinstance(listed, list) else [])
    for given in object_of(object_of(spec.get("inputs")).get("parameters")).values():
        told = object_of(given).get("taskOutputParameter")
        if told is not None:
            yield str(object_of(told)["producerTask"])


_TERM = re.compile(r"inputs\.parameter_values\['([a-z0-9-]+)'\] == '([0-9]+)'")


def _condition(spec: Spec, inputs: Mapping[str, Json]) -> bool:
    """Whether the condition of a task holds: of CEL, equal texts and `||` alone."""
    condition = object_of(spec.get("triggerPolicy")).get("condition")
    if condition is None:
        return True
    results = []
    for term in str(condition).split(" || "):
        matched = _TERM.fullmatch(term)
        if not matched:
            raise Unsupported(f"the condition {condition!r}")
        if not isinstance(inputs.get(matched[1]), str):
            raise DriverError(f"evaluation error: no text {matched[1]}")
        results.append(inputs[matched[1]] == matched[2])
    return any(results)


def _producers(component: Spec) -> dict[str, Spec]:
    outputs = object_of(object_of(component.get("dag")).get("outputs"))
    return {name: object_of(spec) for name, spec in object_of(outputs.get("parameters")).items()}


def _outputs(component: Spec) -> dict[str, str]:
    declared = object_of(object_of(component.get("outputDefinitions")).get("parameters"))
    return {name: str(object_of(spec)["parameterType"]) for name, spec in declared.items()}


def _handed(value: Spec) -> Spec:
    """A part of the pipeline as a driver gets it: through tags of Argo, and through the kubelet, as an argument of a container."""
    text = json.dumps(value, ensure_ascii=False)
    tag = re.search(r"\{\{(?!\$\.?(inputs|outputs|pipeline_)).{0,40}", text)
    if tag:
        raise Unsupported(f"Argo takes {tag[0]!r} for a tag of its own")
    handed = json.loads(expand(text, _DRIVER))
    assert isinstance(handed, dict)
    return handed


def _pod(made: Execution, component: Spec, pipeline: Pipeline, name: str) -> PodSpec:
    """The pod of a container: the driver fills the inputs in, the kubelet its variables, and the launcher all placeholders."""
    container, platform = pipeline.container(component)
    container = _handed(container)
    outputs = {each: f"{OUTPUTS}/{each}" for each in _outputs(component)}
    inputs = {f"{{{{$.inputs.parameters['{key}']}}}}": str(value) for key, value in made.inputs.items()}
    places = {f"{{{{$.outputs.parameters['{key}'].output_file}}}}": path for key, path in outputs.items()}
    executor_input = json.dumps({"inputs": {"parameterValues": made.inputs}}, separators=(",", ":"))
    if max(len(executor_input.encode()), len(json.dumps(component).encode())) >= 131_072:
        raise DriverError("exec /kfp-launcher/launch: argument list too long")
    words = []
    for word in (*_words(container, "command"), *_words(container, "args")):
        driven = expand(_filled(word, inputs), _DRIVER)
        launched = _filled(driven.replace("{{$}}", executor_input), {**inputs, **places})
        if "{{" in launched:
            raise DriverError(f"nothing fills the placeholder in {launched!r}")
        words.append(launched.replace("$", "$$"))  # the kubelet has been here
    deadline = platform.get("activeDeadlineSeconds")
    return PodSpec(
        name=name,
        node=made.task,
        template=made.task,
        command=tuple(words),
        env=tuple(_variables(container)),
        env_from=(),
        mounts=_mounts(platform),
        outputs={key: (path, None) for key, path in outputs.items()},
        deadline=None if deadline is None else float(str(deadline)),
        fields={},
    )


def _words(container: Spec, key: str) -> list[str]:
    listed = container.get(key)
    return list(map(str, listed if isinstance(listed, list) else []))


def _variables(container: Spec) -> Iterator[dict[str, Json]]:
    listed = container.get("env")
    for each in listed if isinstance(listed, list) else []:
        yield object_of(each)


def _filled(text: str, values: Mapping[str, str]) -> str:
    """The text with each placeholder replaced, one after the other, as the launcher does: what was filled in is filled again."""
    for placeholder, value in values.items():
        text = text.replace(placeholder, value)
    return text


def _mounts(platform: Spec) -> dict[str, dict[str, Json]]:
    found: dict[str, dict[str, Json]] = {OUTPUTS: {"emptyDir": {}}}  # which the launcher makes
    for kind in ("emptyDirMounts", "pvcMount"):
        listed = platform.get(kind)
        for each in map(object_of, listed if isinstance(listed, list) else []):
            claim = object_of(object_of(each.get("pvcNameParameter")).get("runtimeValue")).get("constant")
            volume: dict[str, Json] = {"persistentVolumeClaim": {"claimName": claim}} if claim else {"emptyDir": {}}
            found[str(each["mountPath"])] = volume
    return found
