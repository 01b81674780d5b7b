"""Container templates: one for each distinct configuration, shared by its steps through parameters."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from compiler.backends import Options
from compiler.backends.argo.events import SCHEDULED
from compiler.backends.argo.kubernetes import Pod, pod
from compiler.backends.argo.names import Names, task_name
from compiler.backends.argo.parameters import SUBMITTED, has_input
from compiler.backends.command import argv, flow_image, loads_text, own_image, step_environment, step_word
from compiler.backends.yaml_text import Comment, Inline, Tree, Words
from compiler.ir.plan import Begin, Choice, Follow, Load, Plan, Task
from compiler.slotted_class import record, replaced

REPORT = "/tmp/flowc"
VARIABLE = "FLOWC_SCHEDULED_AT"
RUN = "argo-{{workflow.namespace}}-{{workflow.name}}"
_RESUBMITTED = "'workflows', 'argoproj', 'io/resubmitted-from-workflow'"
ORIGIN = f"argo-{{{{workflow.namespace}}}}-{{{{=sprig.dig({_RESUBMITTED}, '', workflow.labels)}}}}"
"""The run that `argo resubmit` made this one of, by the label that it leaves; a dot in a label's name is a level to expressions."""

_IS_NO_MISTAKE = 'lastRetry.exitCode != "2"'
"""A mistake in the call is one the next time, too; a pod without an exit code has `-1` here."""

_WORDS = len(("python", "-m", "flowc", "step"))


@record
class Containers:
    """The container templates of a flow, and which of them each step calls."""

    templates: tuple[Tree, ...]
    of_step: Mapping[str, str]

    def arguments(self, task: Task, index: str, has_parameters: bool) -> list[Tree]:
        """What a task gives its container template."""
        if isinstance(task.loads, Begin):
            return [Inline({"name": "parameters", "value": SUBMITTED})] if has_parameters else []
        values = {"step": step_word(task), "index": index, "load": loads_text(task.loads)}
        return [Inline({"name": name, "value": value}) for name, value in values.items()]


def containers(plan: Plan, options: Options, names: Names) -> Containers:
    """The templates in the order of the steps that first need them."""
    groups: dict[str, list[Task]] = {}
    for task in plan.root.containers():
        groups.setdefault(_configuration(task, options), []).append(task)
    templates: list[Tree] = []
    of_step: dict[str, str] = {}
    for tasks in groups.values():
        name = names.claim(_wish(tasks[0], options))
        templates.append(_template(name, tasks, plan, options))
        of_step |= {task.step: name for task in tasks}
    return Containers(tuple(templates), of_step)


def _configuration(task: Task, options: Options) -> str:
    """All that tells two containers apart; the first step's command differs from all others'."""
    begins = isinstance(task.loads, Begin)
    chosen = [(option.decorator, option.name, option.value) for option in task.options]
    settings = (
        own_image(task, options),
        task.resources,
        task.retry,
        task.timeout,
        task.catch,
        task.environment,
        chosen,
    )
    secrets = [replaced(secret, span=None) for secret in task.secrets]
    return repr((begins, *settings, secrets))


def _wish(task: Task, options: Options) -> str:
    if isinstance(task.loads, Begin):
        return task_name(task.step)
    plain = replaced(
        task, group=(), image=None, retry=None, timeout=None, catch=False, environment=(), options=(), secrets=()
    )
    plain = replaced(plain, resources=type(task.resources)(), variant="")
    is_plain = own_image(task, options) is None and _configuration(task, options) == _configuration(plain, options)
    return "step" if is_plain else f"step-{task_name(task.step)}"


def _template(name: str, tasks: list[Task], plan: Plan, options: Options) -> Tree:
    """One template; tasks that it serves differ in nothing but step, index and load."""
    task = tasks[0]
    described = pod(task, options.target)
    template: dict[str, Tree] = {"name": name, **_inputs(task, has_input(plan))}
    retries = task.attempts - 1
    if retries:
        template["retryStrategy"] = _retries(task, retries)
    if task.deadline is not None:
        template["activeDeadlineSeconds"] = task.deadline
    template |= described.template
    if described.volumes:
        template["volumes"] = described.volumes
    image: dict[str, Tree] = {"image": own_image(task, options) or flow_image(options)}
    told = {VARIABLE: f"{{{{workflow.parameters.{SCHEDULED}}}}}"} if plan.schedule and _begins(task) else {}
    template["container"] = image | _container(task, described, retries, has_input(plan), told)
    reports = {other.reports for other in tasks} - {None}
    if reports:
        template["outputs"] = _outputs(sorted(filter(None, reports)))
    return template


def _inputs(task: Task, has_parameters: bool) -> dict[str, Tree]:
    if isinstance(task.loads, Begin):
        wanted: tuple[str, ...] = ("parameters",) if has_parameters else ()
    else:
        wanted = ("step", "index", "load")
    return {"inputs": {"parameters": [Inline({"name": name}) for name in wanted]}} if wanted else {}


def _retries(task: Task, limit: int) -> Tree:
    strategy: dict[str, Tree] = {"limit": limit, "retryPolicy": "Always", "expression": _may_try_again(task)}
    if task.retry and task.retry.pause:
        strategy["backoff"] = Inline({"duration": _duration(task.retry.pause)})
    return strategy


def _may_try_again(task: Task) -> str:
    """After which exit codes another attempt makes sense: 1 is what the step raised, and @catch may need another to take it."""
    final = task.retry is not None and task.retry.only_system and not task.catch
    return f'{_IS_NO_MISTAKE} && lastRetry.exitCode != "1"' if final else _IS_NO_MISTAKE


def _duration(seconds: float) -> str:
    whole = math.ceil(seconds)
    return f"{whole}s" if whole % 60 else f"{whole // 60}m"


def _begins(task: Task) -> bool:
    return isinstance(task.loads, Begin)


def _container(
    task: Task, described: Pod, retries: int, has_parameters: bool, told: Mapping[str, str]
) -> dict[str, Tree]:
    """The container; `told` are variables that hold tags. What a parameter holds is a tag once more, but not inside of base64."""
    words = _argv(task, "{{retries}}" if retries else "0", has_parameters)
    container: dict[str, Tree] = {}
    container["command"] = Words(words[:_WORDS])
    container["args"] = list(words[_WORDS:])
    environment = {**step_environment(task), **described.environment, **told}
    if environment:
        container["env"] = variables(environment)
    container |= described.container
    if described.mounts:
        container["volumeMounts"] = described.mounts
    return container


def _argv(task: Task, retry: str, has_parameters: bool) -> tuple[str, ...]:
    """The command: the first step's own, or one that finds its step, index and load in the template's inputs."""
    if isinstance(task.loads, Begin):
        given = "{{inputs.parameters.parameters}}" if has_parameters else "{}"
        return argv(task, run=RUN, index="-", retry=retry, owner="{{workflow.uid}}", parameters=given)
    load = Follow(Load((Choice((), "{{inputs.parameters.load}}"),)))
    shared = replaced(
        task, step="{{inputs.parameters.step}}", loads=load, repeats=False, group=(), chunk=None, counts_by=1
    )
    return argv(shared, run=RUN, index="{{inputs.parameters.index}}", retry=retry)


def variables(environment: Mapping[str, str]) -> list[Tree]:
    """Environment variables; a dollar is doubled, for the kubelet halves it."""
    return [Inline({"name": name, "value": value.replace("$", "$$")}) for name, value in environment.items()]


def _outputs(reports: Iterable[str]) -> Tree:
    """What the shim reports; the default is a word, so that a fan-out without a width fails."""
    listed: list[Tree] = [
        {"name": report, "valueFrom": Inline({"path": f"{REPORT}/{report}", "default": "none"})} for report in reports
    ]
    return {Comment("`none` from a step that reports nothing"): "", "parameters": listed}
