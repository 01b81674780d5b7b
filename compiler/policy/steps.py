"""What a policy asks of a flow on every target: decorators, retries, timeouts, sizes, names, schedules."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.backends.fields import mapping
from compiler.frontend.decorators.language import FLOW
from compiler.ir.flow import Dynamic, Foreach, Gang, Span, Step, Switch
from compiler.ir.plan import Plan, Resources, Task
from compiler.policy import findings
from compiler.policy.clock import minutes_apart
from compiler.policy.held import Held
from compiler.policy.patterns import fits

SIZES = ("cpu", "gpu", "memory", "disk", "shared_memory")
_SIZED = ("resources", "kubernetes", "batch")
NOTHING = Resources()


def check_steps(plan: Plan, held: Held) -> None:
    """Report what the flow breaks whatever it is compiled for."""
    _check_required(plan, held)
    _check_retries(plan, held)
    _check_timeouts(plan, held)
    check_sizes(plan, held)
    _check_names(plan, held)
    _check_schedule(plan, held)


def _check_required(plan: Plan, held: Held) -> None:
    demand = held.asks("require")
    for decorator in demand.texts if demand else ():
        assert demand
        for subject, span in _without(plan, decorator):
            held.broken(demand, findings.DECORATOR_REQUIRED, span, subject=subject, decorator=decorator)


def _without(plan: Plan, decorator: str) -> Iterator[tuple[str, Span]]:
    """What has no decorator of that name though it could: the flow, or steps."""
    if decorator in FLOW:
        if all(each.name != decorator for each in plan.flow.decorators):
            yield "the flow", plan.flow.span
        return
    for step in plan.flow.steps.values():
        if _may_have(step, decorator) and all(each.name != decorator for each in step.decorators):
            yield f"`{step.name}`", step.span


def _may_have(step: Step, decorator: str) -> bool:
    """`@catch` cannot stand where nobody would know what follows a failure."""
    return decorator != "catch" or not isinstance(step.next, Foreach | Gang | Switch)


def _is_told(plan: Plan, task: Task, decorator: str, held: Held) -> bool:
    """Whether the step has no decorator that is required, which is told already."""
    demand, step = held.asks("require"), plan.flow.steps[task.step]
    return demand is not None and decorator in demand.texts and all(each.name != decorator for each in step.decorators)


def _check_retries(plan: Plan, held: Held) -> None:
    demand = held.asks("retry")
    for task in plan.root.tasks() if demand else ():
        assert demand
        times = task.retry.times if task.retry else 0
        if times < demand.number and not _is_told(plan, task, "retry", held):
            span = _place(plan, task, "retry", "times")
            held.broken(demand, findings.RETRIES_UNDER_POLICY, span, step=task.step, times=times, least=demand.value)


def _check_timeouts(plan: Plan, held: Held) -> None:
    demand = held.asks("timeout")
    for task in plan.root.tasks() if demand else ():
        assert demand
        if task.timeout is None and _is_told(plan, task, "timeout", held):
            continue
        if task.timeout is None or task.timeout > demand.number:
            allowed = "for ever" if task.timeout is None else f"{task.timeout:g} s"
            facts = {"most": f"{demand.number:g} s", "most_seconds": f"{demand.number:g}"}
            span = _place(plan, task, "timeout")
            held.broken(demand, findings.TIMEOUT_OVER_POLICY, span, step=task.step, allowed=allowed, **facts)


def check_sizes(plan: Plan, held: Held, default: Resources = NOTHING, target: str = "") -> None:
    """Report tasks that get more than the policy allows; `default` is what a target gives those that ask for nothing."""
    demands = [(size, demand) for size in SIZES if (demand := held.asks(size))]
    for task in plan.root.tasks() if demands else ():
        for size, demand in demands:
            asked = _asked(task, size)
            given = asked or getattr(default, size) or 0
            if given > demand.number:
                where = "" if asked else f" on {target}, where it asks for nothing"
                facts = {"size": size, "asked": f"{given:g}", "most": f"{demand.number:g}", "where": where}
                span = _sized(plan, task, size, given)
                held.broken(demand, findings.SIZE_OVER_POLICY, span, step=task.step, **facts)


def _asked(task: Task, size: str) -> float:
    """What the author asks for; extended resources that are GPUs are GPUs."""
    asked: float = getattr(task.resources, size) or 0
    return max(asked, _devices(task)) if size == "gpu" else asked


def _devices(task: Task) -> int:
    extended = (each.value for each in task.options if each.name == "extended_resources")
    found = [mapping(value) for value in extended if not isinstance(value, Dynamic)]
    amounts = [amount for each in found for name, amount in each.items() if name.rpartition("/")[2].startswith("gpu")]
    return sum(int(amount) for amount in amounts if amount.isdecimal())


def _sized(plan: Plan, task: Task, size: str, given: float) -> Span:
    """Where a size is asked for: it is the largest of all decorators'."""
    for each in plan.flow.steps[task.step].decorators:
        if each.name in _SIZED and str(each.get(size)) in (f"{given:g}", str(given), str(int(given))):
            return each.span_of(size)
    extended = (each.span for each in task.options if each.name == "extended_resources" and size == "gpu")
    return next(extended, task.span)


def _place(plan: Plan, task: Task, decorator: str, argument: str = "") -> Span:
    """Where a decorator of a step stands, or its argument; else the step."""
    found = (each for each in plan.flow.steps[task.step].decorators if each.name == decorator)
    return next((each.span_of(argument) for each in found), task.span)


def _check_names(plan: Plan, held: Held) -> None:
    names = [("flow_name", "flow", plan.flow.name, plan.flow.span)]
    names += [("step_name", "step", step.name, step.span) for step in plan.flow.steps.values()]
    for key, what, name, span in names:
        demand = held.asks(key)
        if demand is None:
            continue
        pattern = str(demand.value)
        verdict = fits(pattern, name)
        if verdict is None:
            held.report.add(findings.SLOW_PATTERN, held.policy.place(key), key=key, name=name)
        elif not verdict:
            held.broken(
                demand, findings.NAME_NOT_ALLOWED, span, what=what, name=name, pattern=pattern.replace("`", "'")
            )


def _check_schedule(plan: Plan, held: Held) -> None:
    demand = held.asks("schedule")
    if demand is None or plan.schedule is None:
        return
    apart = minutes_apart(plan.schedule.cron)
    if apart < demand.number:
        facts = {"cron": plan.schedule.cron, "least": f"{demand.number:g} min", "minutes": f"{apart} min"}
        held.broken(demand, findings.SCHEDULE_TOO_OFTEN, plan.schedule.span, **facts)
