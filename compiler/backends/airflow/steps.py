"""One step as one operator: a pod, or a process of the worker."""

from __future__ import annotations

import re

from compiler.backends import Options
from compiler.backends.airflow import default_args, pods
from compiler.backends.airflow.literals import Call, Code, Source, Spread, block
from compiler.backends.airflow.segments import MOST_ID, Guard
from compiler.backends.airflow.settings import operator, seconds
from compiler.backends.command import argv, hook_argv, legible, own_image, step_environment
from compiler.backends.names import within
from compiler.backends.pod_options import pod_environment, said
from compiler.backends.secrets import secret_environment
from compiler.ir.plan import Begin, EventTrigger, Hook, Plan, Task, Trigger
from compiler.legible import dedented

POD_REPORT = "json:/airflow/xcom/return.json"
BASH_REPORT = "stdout:"
BEGIN = ("--owner", "OWNER", "--parameters", "PARAMETERS")
FLOWS = "flow/"
"""What the names of the assets begin with that flows update at their end."""
MODULE = ("python", "-m", "flowc", "step")
RETRIED, GROUPED = "_Retried", "_Grouped"
"""The file's own classes for a step that is tried again, and for several that share a container which is."""


def operator_call(task: Task, name: str, guard: Guard, plan: Plan, options: Options) -> Call:
    """The operator of a step, whose task id is `name`; `index` is a name in the file where the step is in a foreach."""
    shared = _shared(task, default_args.arguments(task, plan, options)) | _guarded(guard)
    if task.is_end:
        shared["outlets"] = [Call("Asset", (f"{FLOWS}{dag_id(options.name or plan.name)}",))]
    own = _pod(task, options) if operator(options) == "kubernetes" else _bash(task)
    again = GROUPED if task.group else RETRIED
    called = again if default_args.attempts(task, plan, options) > 1 else operator_class(options)
    return Call(called, named=tuple({"task_id": name, **own, **shared}.items()))


def dag_id(deployment: str) -> str:
    """A deployment's name as a DAG has it."""
    return within(deployment, MOST_ID)


def operator_class(options: Options) -> str:
    """The class of Airflow's that starts a step."""
    return "KubernetesPodOperator" if operator(options) == "kubernetes" else "BashOperator"


def asset_name(trigger: Trigger) -> str:
    """The asset whose events start a run: an event's own name, or what the last step of the other flow updates."""
    return trigger.event if isinstance(trigger, EventTrigger) else f"{FLOWS}{dag_id(trigger.deployment)}"


def hook_call(name: str, hook: Hook, options: Options) -> Call:
    """The operator of an exit hook."""
    pods = operator(options) == "kubernetes"
    words = hook_argv(hook, run="RUN" if pods else "$RUN")
    found: dict[str, Source] = {"task_id": name}
    if pods:
        verb = len(MODULE)
        found |= {
            "cmds": [*words[:verb]],
            "arguments": [Code("RUN") if word == "RUN" else word for word in words[verb:]],
        }
        if hook.image:
            found["image"] = hook.image
    else:
        found |= {"bash_command": f"exec {_shell(words)}", "do_xcom_push": False}
    if default_args.retries(options):
        found["retries"] = 0
    found["pre_execute"] = Code(f'_skip_unless_ended("{hook.on}")')
    return Call(operator_class(options), named=tuple(found.items()))


def _shell(words: tuple[str, ...]) -> str:
    """The words as a command, in which only a variable's name is expanded."""
    import shlex  # noqa: PLC0415 - pods have no shell

    return " ".join(f'"{word}"' if word.startswith("$") else shlex.quote(word) for word in words)


def _guarded(guard: Guard) -> dict[str, Source]:
    found: dict[str, Source] = {"trigger_rule": "none_failed"} if guard.bears_skips else {}
    if guard.looks:
        found["pre_execute"] = Code("_skip_unless_meant")
    return found


def _pod(task: Task, options: Options) -> dict[str, Source]:
    words = argv(task, run="RUN", index="INDEX", retry="RETRY", owner="OWNER", parameters="PARAMETERS")
    assert words[:4] == MODULE
    assert words[5:11] == ("--run", "RUN", "--index", "INDEX", "--retry", "RETRY")
    place = Code("*_at(index)" if task.depth else '*_at("-")')
    rest: list[Source] = [Code("*BEGIN")] if words[11:] == BEGIN else [*words[11:]]
    if task.reports:
        rest.append(Code("*REPORT"))
    found: dict[str, Source] = {"arguments": [words[4], place, *rest]}
    if task.reports:
        found["do_xcom_push"] = True
    image = own_image(task, options)
    if image:
        found["image"] = image
    environment = {
        **step_environment(task),
        **secret_environment(task, "kubernetes"),
        **pod_environment(said(task), task.resources),
    }
    if environment:
        found["env_vars"] = Spread("ENV", environment)
    if task.deadline is not None:
        found["active_deadline_seconds"] = task.deadline
    return found | pods.arguments(task, options)


def _bash(task: Task) -> dict[str, Source]:
    """Values travel by environment only; what stands in the command is known when it is compiled."""
    index = "$INDEX" if task.depth else "-"
    first = isinstance(task.loads, Begin)
    words = argv(task, run="$RUN", index=index, retry="$RETRY", owner="$OWNER", parameters="$PARAMETERS")
    command = _shell(words)
    if task.reports:
        command += f" --report {BASH_REPORT}"
    values: dict[str, Source] = {"INDEX": Code("index")} if task.depth else {}
    if first:
        values |= {"OWNER": Code("OWNER"), "PARAMETERS": Code("PARAMETERS")}
    values |= step_environment(task)
    found: dict[str, Source] = {"bash_command": f"exec {command}"}
    if values:
        found["env"] = Spread("ENV", values)
    found["do_xcom_push"] = task.reports is not None
    if task.reports:
        found["output_processor"] = Code("json.loads")
    if task.deadline is not None:
        found["execution_timeout"] = seconds(task.deadline)
    return found


def _shared(task: Task, attempts: dict[str, Source]) -> dict[str, Source]:
    found: dict[str, Source] = {"map_index_template": Code("INDEX")} if task.depth else {}
    found |= attempts
    if task.doc:
        found["doc_md"] = block(dedented(legible(task.doc)))
    return found


_TEMPLATE = r"\{[{%#]"
_EXPANDED = r"\$\$|\$\(|\.(sh|bash)$"


def is_rewritten(text: str, *, expands: bool = True) -> bool:
    """Whether Airflow's templates would find something of their own in a text, or the kubelet where it `expands` it."""
    return bool(re.search(_TEMPLATE, text) or (expands and re.search(_EXPANDED, text)))
