"""The steps of a scope: a container step each, and behind a step that splits a foreach whose steps are the body's.

Maestro runs a step when all of its predecessors are complete and the condition of one of their transitions to it holds; a step that none
reaches is complete, too, and its own transitions do not hold (`MaestroGateTask`, `MaestroTask.isStepSatisfied`). So each edge of a
prerequisite becomes a transition, with the cases of a switch as its condition.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

from compiler.backends import Options
from compiler.backends.command import argv, flow_image, legible, own_image, step_environment
from compiler.backends.names import within
from compiler.backends.pod_options import quantities
from compiler.backends.secrets import secret_environment
from compiler.ir.plan import Begin, FanOut, Plan, Scope, Task, entry
from compiler.slotted_class import record
from flowc_maestro.sel import Json, condition, expression

MOST_AT_ONCE, MOST_DESCRIPTION, MOST_ID = 500, 16_384, 128
"""The highest `concurrency` of a foreach; characters of a description, and of an id."""

_OWN = "maestro_"
_SIZES = {"cpu": "cpu", "memory": "memory", "ephemeral-storage": "disk", "nvidia.com/gpu": "gpu"}
"""What Maestro calls the limits of a container."""

RUN = "maestro-${workflow_id}-${workflow_instance_id}"
"""The run, said where the instance is the run's: in a foreach, whose iterations are instances of their own, `run` hands it on."""

_WORDS = len(("python", "-m", "flowc", "step"))


def step_id(step: str) -> str:
    """A step as an id of Maestro's: without `__`, and without the beginning that is Maestro's own; a long one is shortened.

    The dashes that stand there instead are in no name of Python's, so no two steps meet.
    """
    name = step.replace("__", "_-")
    if name.lower().startswith(_OWN):
        name = f"{name[: len(_OWN) - 1]}-{name[len(_OWN) :]}"
    return within(name, MOST_ID - len("-each"), whole=step)


def each(step: str) -> str:
    """The id of the foreach behind a step that splits."""
    return f"{step_id(step)}-each"


def report_to(task: Task | None = None) -> str:
    """`FLOWC_REPORT`: the exit codes after which another attempt makes no sense. 2 is a mistake in the call, 1 an exception of the step."""
    final = task is not None and task.retry is not None and task.retry.only_system and not task.catch
    return "maestro:1,2" if final else "maestro:2"


@record
class Writer:
    """What all scopes of a flow share: `environment` are the variables of every container."""

    plan: Plan
    options: Options
    environment: Mapping[str, str]

    def steps(self, scope: Scope) -> list[Json]:
        """The scope's steps, in order."""
        follows = _transitions(scope)
        found: list[Json] = []
        for node in scope.flat:
            task = entry(node)
            found.append({"step": self.step(task, follows[step_id(task.step)])})
            if isinstance(node, FanOut):
                found.append({"foreach": self.foreach(node, follows[each(task.step)])})
        return found

    def step(self, task: Task, successors: Mapping[str, str]) -> Json:
        """The step that runs a container."""
        step: Json = {"id": step_id(task.step)}
        if len(task.group) > 1:
            step["name"] = task.title
        if task.doc:
            step["description"] = described(task.doc)
        if successors:
            step["transition"] = {"successors": dict(successors)}
        step |= {"type": "kubernetes", "retry_policy": _retries(task)}
        if task.deadline is not None:
            step["timeout"] = task.deadline
        params = _params(task, bool(self.plan.parameters))
        return step | {"params": params | {"kubernetes": {"type": "MAP", "value": self.container(task)}}}

    def container(self, task: Task) -> Json:
        """The fields of Maestro's `KubernetesCommand`."""
        words = _argv(task, bool(self.plan.parameters))
        command: Json = {
            "image": {"type": "STRING", "value": own_image(task, self.options) or flow_image(self.options)},
            "command": {"type": "STRING_ARRAY", "value": list(words[:_WORDS])},
            "args": {"type": "STRING_ARRAY", "value": list(words[_WORDS:])},
            "env": self.variables(task),
        }
        limits = quantities(task.resources, {}, guaranteed=True).get("limits", {})
        return command | {_SIZES[name]: {"type": "STRING", "value": size} for name, size in limits.items()}

    def variables(self, task: Task) -> Json:
        """The variables: those of every container, or with them those of this one."""
        own = {**step_environment(task), **secret_environment(task, "aws-secrets-manager")}
        if report_to(task) != report_to():
            own["FLOWC_REPORT"] = report_to(task)
        if isinstance(task.loads, Begin) and self.plan.schedule:
            own["FLOWC_SCHEDULED_AT"] = "${scheduled}"
        return (
            {"type": "STRING_MAP", "value": {**self.environment, **own}}
            if own
            else expression("STRING_MAP", "return env;")
        )

    def foreach(self, node: FanOut, successors: Mapping[str, str]) -> Json:
        """The loop over a split's children, each known by its number; what the run was given is the first step's alone."""
        split = node.split
        step: Json = {"id": each(split.step)}
        if successors:
            step["transition"] = {"successors": dict(successors)}
        if node.kind == "gang":  # whose nodes wait for each other
            step["concurrency"] = node.width if isinstance(node.width, int) else MOST_AT_ONCE
        numbers = expression(
            "LONG_ARRAY", f"return Util.intsBetween(0, params.getFromStep('{step_id(split.step)}', 'fan'), 1);"
        )
        params: Json = {"loop_params": {"type": "MAP", "value": {_part(split.depth + 1): numbers}}}
        if not split.depth:
            params["run"] = {"type": "STRING", "value": RUN}
        if self.plan.parameters:
            params["parameters"] = {"type": "MAP", "value": {}}
        return step | {"params": params, "steps": self.steps(node.body)}


def described(prose: str) -> str:
    """Prose for people, as much of it as Maestro takes."""
    return legible(prose).strip()[:MOST_DESCRIPTION]


def _transitions(scope: Scope) -> dict[str, dict[str, str]]:
    """By the id of each step and foreach of a scope, what may follow it, and when."""
    follows: dict[str, dict[str, str]] = {}
    for node in scope.flat:
        step = entry(node).step
        follows[step_id(step)] = {}
        if isinstance(node, FanOut):
            follows[step_id(step)][each(step)] = "true"
            follows[each(step)] = {}
    for node in scope.flat:
        task = entry(node)
        for edge in (edge for group in task.prerequisites for edge in group):
            ended = each(edge.node) if each(edge.node) in follows else step_id(edge.node)
            follows[ended][step_id(task.step)] = condition(edge, "chosen")
    return follows


def _params(task: Task, has_parameters: bool) -> Json:
    """The parameters of a step beside its container: what it reports, its attempt, what the run was given."""
    params: Json = {}
    if task.reports:  # text, so that what nobody has reported is no number, and fails whatever needs one
        params["fan" if task.reports == "fan" else "chosen"] = {"type": "STRING", "value": "none"}
    if task.attempts > 1:
        # not the number of the attempt: of some no container came
        params["retry"] = expression("LONG", "return params.getFromStep('MAESTRO_STEP_ERROR_RETRIES');")
    if isinstance(task.loads, Begin) and has_parameters:  # as JSON without a dollar that the kubelet would look at
        params["given"] = {"type": "STRING", "value": "${parameters}"}
        params["inert"] = expression("STRING", "return given.replace('$', '\\\\u0024');")
    return params


def _argv(task: Task, has_parameters: bool) -> tuple[str, ...]:
    index = ".".join(f"${{{_part(depth)}}}" for depth in range(1, task.depth + 1)) or "-"
    retry = "${retry}" if task.attempts > 1 else "0"
    given = "${inert}" if has_parameters else "{}"
    return argv(task, run="${run}" if task.depth else RUN, index=index, retry=retry, owner="${claim}", parameters=given)


def _part(depth: int) -> str:
    """The loop parameter that is one part of an index path: unlike all that it stands in."""
    return f"index{depth}"


def _retries(task: Task) -> Json:
    """Attempts after the first, whatever ended one; those that no container came of are Maestro's own affair."""
    times = task.attempts - 1
    policy: Json = {"error_retry_limit": times, "timeout_retry_limit": times}
    if times:
        pause = max(1, ceil(task.retry.pause)) if task.retry else 1
        seconds = {f"{kind}_retry_backoff_in_secs": pause for kind in ("error", "timeout")}
        policy["backoff"] = {"type": "FIXED_BACKOFF", **seconds}
    return policy
