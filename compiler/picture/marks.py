"""What is said of a step beside its name: decorators, sizes, how it is tried, in a few words each."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.ir.flow import Step, Switch
from compiler.ir.plan import EventTrigger, FlowTrigger, Plan, Resources, Task
from compiler.ir.text import value_text

_TOLD = frozenset({"step", "retry", "timeout", "catch", "resources", "kubernetes", "batch"})
"""Decorators that marks of their own tell of."""


def marks_of(step: Step, task: Task) -> tuple[str, ...]:
    """The marks of a step."""
    return tuple(_marks(step, task))


def _marks(step: Step, task: Task) -> Iterator[str]:
    if step.is_join:
        yield "join"
    if isinstance(step.next, Switch):
        yield f"by {step.next.condition}"
        again = [value_text(case.key) for case in step.next.cases if case.target == step.name]
        if again:
            yield f"again at {', '.join(again)}"
    if task.retry:
        yield f"retry {task.retry.times}"
    if task.timeout is not None:
        yield f"at most {duration(task.timeout)}"
    if task.catch:
        yield "catch"
    yield from sizes(task.resources)
    yield from (f"@{each}" for each in dict.fromkeys(found.name for found in step.decorators) if each not in _TOLD)


def sizes(asked: Resources) -> Iterator[str]:
    """What a container asks for."""
    if asked.cpu is not None:
        yield f"{asked.cpu:g} CPU"
    if asked.gpu is not None:
        yield f"{asked.gpu} GPU"
    for what, size in (("memory", asked.memory), ("disk", asked.disk), ("shared memory", asked.shared_memory)):
        if size is not None:
            yield f"{size / _KIB:g} GiB {what}" if size % _KIB == 0 else f"{size} MiB {what}"


_KIB = 1024


def duration(seconds: float) -> str:
    """Seconds in the unit that a person would say."""
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length and seconds % length == 0:
            return f"{seconds / length:g} {unit}"
    return f"{seconds:g} s"


def flow_facts(plan: Plan) -> tuple[str, ...]:
    """What is said of the flow: what starts it, whose it is, what follows its end."""
    return tuple(_facts(plan))


def _facts(plan: Plan) -> Iterator[str]:
    if plan.schedule:
        yield f"schedule {plan.schedule.cron} {plan.schedule.timezone or 'UTC'}"
    for trigger in plan.triggers:
        match trigger:
            case EventTrigger(event=event):
                yield f"starts on event {event}"
            case FlowTrigger(deployment=deployment):
                yield f"starts after {deployment}"
    if plan.project:
        yield f"project {plan.project.name}, branch {plan.project.branch}"
    for hook in plan.hooks:
        yield f"on {hook.on} {hook.function}"
    if plan.parameters:
        yield f"parameters {', '.join(each.name for each in plan.parameters)}"
