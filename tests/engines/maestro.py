"""An interpreter of Netflix Maestro's workflows that runs their Kubernetes steps as local processes.

What it does was read in Maestro's sources (github.com/Netflix/maestro, abdbdad); its classes are named where their rule stands. The order
in which steps that are ready begin is drawn from a seed.
"""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.engines.argo_pods import Host, PodEnd, PodSpec, RunningPod, run_pod
from tests.engines.maestro_params import OutputError, Scope, definitions, merged, output_of, with_output
from tests.engines.maestro_reader import read_definition
from tests.engines.maestro_sel import MOST_EXPRESSION, EvaluationError

Json = dict[str, Any]

ITERATION_LIMIT, WORKFLOW_DEPTH_LIMIT = 25_000, 10
DEFAULT_RETRIES: Mapping[str, int] = {"error": 2, "platform": 10, "timeout": 0}
"""`Defaults.DEFAULT_RETRY_POLICY`: what holds of a policy that leaves a limit out."""
MOST_THREADS = 64

_WORKFLOW_DEFAULTS: Json = {
    "RUN_TS": {"type": "LONG", "expression": "System.currentTimeMillis();"},
    "workflow_id": {"type": "STRING", "expression": "return params.getFromInstance('workflow_id');"},
}
_STEP_DEFAULTS: Json = {
    "workflow_instance_id": {"type": "LONG", "expression": "return params.getFromInstance('workflow_instance_id');"},
    "step_attempt_id": {"type": "LONG", "expression": "return params.getFromStep('step_attempt_id');"},
    "step_id": {"type": "STRING", "expression": "return params.getFromStep('step_id');"},
}
"""Of the `default-*-params.yaml`, what a definition of flowc's may refer to."""


@dataclass(frozen=True, slots=True)
class Start:
    """How a run begins: its parameters as definitions, its number, and who started it (`MANUAL`, `TIME`, `SIGNAL`).

    `signals` are the parameters of each signal that did, which are text and whole numbers (`SignalParamValue`).
    """

    params: Json = field(default_factory=dict)
    instance: int = 1
    initiator: str = "MANUAL"
    signals: Mapping[str, Mapping[str, str | int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MaestroResult:
    """A run's end. `steps` are those that were created, by path (`3/square`), with the number of their attempts."""

    succeeded: bool
    steps: Mapping[str, int]
    log: str
    pods: int


def run_workflow(
    text: str,
    *,
    host: Host,
    start: Start = Start(),
    seed: int = 0,
    workers: int = 2,
    watch: Callable[[RunningPod], None] | None = None,
) -> MaestroResult:
    """Read the definition, run it once. Raises InvalidDefinition for what Maestro would not take."""
    workflow = read_definition(text)["workflow"]
    engine = _Engine(host, workflow["id"], start, random.Random(seed), threading.Semaphore(workers), watch)
    params = merged({**_WORKFLOW_DEFAULTS, **workflow.get("params", {})}, start.params)
    try:
        succeeded = _Instance(engine, workflow["steps"], params, start.instance, ()).run()
    except EvaluationError as error:
        succeeded = False
        engine.tell("the workflow never starts", str(error))
    return MaestroResult(succeeded, engine.created, "\n".join(engine.log), engine.pods)


@dataclass(slots=True)
class _Engine:
    """What all instances of a run share."""

    host: Host
    workflow: str
    start: Start
    dice: random.Random
    slots: threading.Semaphore
    watch: Callable[[RunningPod], None] | None
    created: dict[str, int] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    pods: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def tell(self, who: str, what: str) -> None:
        with self.lock:
            self.log.append(f"--- {who}\n{what}")

    def shuffled(self, steps: list[str]) -> list[str]:
        with self.lock:
            self.dice.shuffle(steps)
        return steps

    def pod(self, path: str, command: Json, attempt: int, deadline: float | None) -> PodEnd:
        """`Fabric8RuntimeExecutor.buildPod`: nothing of a pod but command, arguments and variables, and never another try of its own."""
        variables = command["env"] | {name: f"{name}_TOKEN" for name in ("MAESTRO_OUTPUT_START", "MAESTRO_OUTPUT_END")}
        with self.slots:
            with self.lock:
                self.pods += 1
                number = self.pods
            spec = PodSpec(
                name=f"pod-{number}",
                node=path,
                template="",
                command=(*command["command"], *command["args"]),
                env=tuple({"name": name, "value": value} for name, value in variables.items()),
                env_from=(),
                mounts={},
                outputs={},
                deadline=deadline,
                fields={},
            )
            end = run_pod(spec, attempt, self.host, self.watch or (lambda pod: None))
        self.tell(f"{path}, attempt {attempt}: {end.phase} {end.message}", end.log)
        return end


@dataclass(frozen=True, slots=True)
class _Done:
    """A step that is complete or has failed: its parameters, and which of its transitions hold."""

    is_complete: bool
    params: Json
    leads: Mapping[str, bool]


class _Instance:
    """A workflow instance: the run's, or that of an iteration of a foreach (`ForeachStepRuntime.createInlineWorkflow`)."""

    def __init__(self, engine: _Engine, steps: list[Json], params: Json, number: int, path: tuple[str, ...]) -> None:
        if len(path) >= 2 * WORKFLOW_DEPTH_LIMIT:  # each ancestor is an iteration and a step
            raise EvaluationError("Workflow initiator is not less than the depth limit: 10")
        self._engine, self._number, self._path = engine, number, path
        self._kinds = {step["id"]: kind for wrapped in steps for kind, step in wrapped.items()}
        self._steps: dict[str, Json] = {step["id"]: step for wrapped in steps for step in wrapped.values()}
        self._before: dict[str, list[str]] = {each: [] for each in self._steps}
        for each, step in self._steps.items():
            for after in _successors(step):
                self._before[after].append(each)
        self._done: dict[str, _Done] = {}
        self._errors = dict.fromkeys(self._steps, 0)
        self._definitions = params
        self._params = Scope(params, {}, lambda method, *given: self._answer("", 0, method, *given)).all()

    def run(self) -> bool:
        """Whether all steps are complete. After a failure those that do not follow it go on (FAIL_AFTER_RUNNING)."""
        running: dict[Future[_Done], str] = {}
        with ThreadPoolExecutor(min(len(self._steps), MOST_THREADS)) as pool:
            while True:
                begun = {*self._done, *running.values()}
                ready = [each for each in self._steps if each not in begun and self._may_begin(each)]
                for each in self._engine.shuffled(ready):
                    running[pool.submit(self._step, each)] = each
                if not running:
                    return len(self._done) == len(self._steps) and all(done.is_complete for done in self._done.values())
                ended, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in ended:
                    self._done[running.pop(future)] = future.result()

    def _may_begin(self, step: str) -> bool:
        """`MaestroGateTask.executeJoin`: all predecessors have ended, and none of them has failed."""
        return all(each in self._done and self._done[each].is_complete for each in self._before[step])

    def _step(self, name: str) -> _Done:
        step = self._steps[name]
        before = self._before[name]
        # `MaestroTask.isStepSatisfied`: nothing before it, or any of those before it leads to it
        if before and not any(self._done[each].leads[name] for each in before):
            return _Done(True, {}, dict.fromkeys(_successors(step), False))
        try:
            return self._foreach(step) if self._kinds[name] == "foreach" else self._attempts(step)
        except (EvaluationError, OutputError) as error:
            self._engine.tell(f"{self._named(name)} has failed", str(error))
            return _Done(False, {}, {})

    def _attempts(self, step: Json) -> _Done:
        policy = step.get("retry_policy", {})
        left = {kind: policy.get(f"{kind}_retry_limit", limit) for kind, limit in DEFAULT_RETRIES.items()}
        for attempt in count(1):
            self._engine.created[self._named(step["id"])] = attempt
            params = self._evaluated(step, attempt)
            end = self._engine.pod(self._named(step["id"]), params["kubernetes"], attempt, step.get("timeout"))
            output = output_of(end.log)
            if end.phase == "Succeeded":
                params |= with_output({**_STEP_DEFAULTS, **step["params"]}, output.get("params", {}))
                return _Done(True, params, self._leads(step, params, attempt))
            # `MaestroTask.doExecute`: what marks its output as final is not tried again; every failed pod is a user's error
            kind = "timeout" if "longer than the specified deadline" in end.message else "error"
            if output.get("artifacts", {}).get("maestro_retry", {}).get("retryable") is False or not left[kind]:
                return _Done(False, {}, {})
            left[kind] -= 1
            self._errors[step["id"]] += kind == "error"
        raise AssertionError

    def _foreach(self, step: Json) -> _Done:
        params = self._evaluated(step, 1)
        self._engine.created[self._named(step["id"])] = 1
        total = 1
        for items in params["loop_params"].values():
            total *= len(items)
        if total > ITERATION_LIMIT:
            raise EvaluationError(f"Foreach iteration number [{total}] is over the loop size limit [{ITERATION_LIMIT}]")
        failed = threading.Event()

        def iterate(index: int) -> None:
            if failed.is_set():  # no other begins behind one that failed
                return
            path = (*self._path, step["id"], str(index))
            number = index + 1
            if not _Instance(self._engine, step["steps"], self._handed_on(step, params, index), number, path).run():
                failed.set()

        if total:
            with ThreadPoolExecutor(min(total, step.get("concurrency", MOST_THREADS))) as pool:
                list(pool.map(iterate, range(total)))
        if failed.is_set():
            return _Done(False, {}, {})
        return _Done(True, params, self._leads(step, params, 1))

    def _handed_on(self, step: Json, params: Json, index: int) -> Json:
        """`createForeachRunParams`: all values as literals, which the iteration evaluates once more, and its own of each loop parameter."""
        found = definitions(self._definitions, self._params)
        found |= definitions(step["params"], params)
        loops = found.pop("loop_params")
        found["loop_index"] = {"type": "LONG", "value": index}
        for name, param in loops["value"].items():
            items, kind = params["loop_params"][name], param["type"].removesuffix("_ARRAY")
            found[name] = {"type": kind, "value": items[index % len(items)]}
            index //= len(items)
        return found

    def _evaluated(self, step: Json, attempt: int) -> Json:
        asked = {**_STEP_DEFAULTS, **step.get("params", {})}
        return Scope(asked, self._params, lambda *given: self._answer(step["id"], attempt, *given)).all()

    def _leads(self, step: Json, params: Json, attempt: int) -> dict[str, bool]:
        asked = {name: {"type": "BOOLEAN", "expression": text} for name, text in _successors(step).items()}
        return Scope(asked, {**self._params, **params}, lambda *given: self._answer(step["id"], attempt, *given)).all()

    def _answer(self, step: str, attempt: int, method: str, *given: str) -> Any:
        """`MaestroParamExtension`; at a workflow's own parameters its instance has no number yet (`InstanceWrapper.from`)."""
        known: dict[tuple[str, ...], Any] = {
            ("getFromInstance", "workflow_id"): self._engine.workflow,
            ("getFromInstance", "INITIATOR_TYPE"): self._engine.start.initiator,
        }
        for signal, told in self._engine.start.signals.items():
            known |= {("getFromSignal", signal, name): value for name, value in told.items()}
        if step:
            known |= {
                ("getFromInstance", "workflow_instance_id"): self._number,
                ("getFromStep", "step_attempt_id"): attempt,
                ("getFromStep", "step_id"): step,
                ("getFromStep", "MAESTRO_STEP_ERROR_RETRIES"): self._errors[step],
            }
            for other, done in self._done.items():
                known |= {("getFromStep", other, name): value for name, value in done.params.items()}
        if (method, *given) not in known:
            raise EvaluationError(f"Cannot find what {method}{given} refers to")
        return known[method, *given]

    def _named(self, step: str) -> str:
        return "/".join((*self._path, step))


def _successors(step: Json) -> Mapping[str, str]:
    found: Mapping[str, str] = step.get("transition", {}).get("successors", {})
    return found


def as_run_params(given: Mapping[str, object], literal: Callable[[str], str]) -> Json:
    """The parameters of a run as its documentation has them: text with a dollar as an expression, or, where that were too long, without
    dollars in a parameter of its own, which the expression puts back."""
    found: Json = {}
    told: Json = {}
    for name, value in given.items():
        text = value if isinstance(value, str) else json.dumps(value)
        source = f"return {literal(text)};"
        if "$" not in text:
            told[name] = {"type": "STRING", "value": text}
            continue
        if len(source) >= MOST_EXPRESSION:
            mark = next(mark for mark in (f"<dollar {number}>" for number in count()) if mark not in text)
            found[f"{name}_text"] = {"type": "STRING", "value": text.replace("$", mark)}
            source = f"return {name}_text.replace('{mark}', '$');"
        told[name] = {"type": "STRING", "expression": source}
    return {**found, "parameters": {"type": "MAP", "value": told}} if told else {}
