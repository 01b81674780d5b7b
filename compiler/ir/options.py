"""The portable decorators as decisions: retry, timeout, catch, resources, image, environment, schedule, project.

Values were checked by the frontend; what a decorator's arguments mean stands here alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from compiler.ir.cron import five_fields
from compiler.ir.flow import Decorator, Dynamic, End, Flow, Foreach, Gang, Goto, Span, Split, Step, Switch, Value
from compiler.ir.plan import Feature, Option, Project, Resources, Retry, Schedule

RETRY_TIMES, RETRY_MINUTES = 3, 2
"""Metaflow's defaults of `@retry`."""

_CONTAINER = ("resources", "kubernetes", "batch")
_SIZES = ("cpu", "gpu", "memory", "disk", "shared_memory")
_FEATURES: dict[str, Feature] = {
    "retry": "retry",
    "catch": "catch",
    "timeout": "timeout",
    "environment": "environment",
    "schedule": "schedule",
    "project": "project",
    "trigger": "trigger",
    "trigger_on_finish": "trigger-on-finish",
    "exit_hook": "exit-hook",
    "conda": "conda",
    "conda_base": "conda",
    "pypi": "pypi",
    "pypi_base": "pypi",
    "card": "card",
    "secrets": "secrets",
    "airflow_external_task_sensor": "sensor",
    "airflow_s3_key_sensor": "sensor",
    "user_step_decorator": "wrapper",
}


def find(decorators: tuple[Decorator, ...], name: str) -> Decorator | None:
    """The outermost decorator of that name."""
    return next((decorator for decorator in decorators if decorator.name == name), None)


def has(step: Step, name: str) -> bool:
    """Whether the step carries a decorator of that name."""
    return find(step.decorators, name) is not None


def retry(step: Step) -> Retry | None:
    """`@retry(times, minutes_between_retries, only_system)`; None without it or with `times=0`."""
    found = find(step.decorators, "retry")
    times = int(_number(found.get("times", RETRY_TIMES))) if found else 0
    if not found or not times:
        return None
    pause = 60 * _number(found.get("minutes_between_retries", RETRY_MINUTES))
    return Retry(times, pause, found.get("only_system") is True)


def timeout(step: Step) -> float | None:
    """`@timeout(seconds, minutes, hours)` in seconds."""
    found = find(step.decorators, "timeout")
    if not found:
        return None
    units = (("seconds", 1), ("minutes", 60), ("hours", 3600))
    return sum(factor * _number(found.get(unit, 0)) for unit, factor in units) or None


def image(step: Step) -> str | None:
    """The image that `@kubernetes` or `@batch` names."""
    for name in ("kubernetes", "batch"):
        found = find(step.decorators, name)
        value = found.get("image") if found else None
        if isinstance(value, str):
            return value
    return None


def resources(step: Step) -> Resources:
    """What the step's decorators ask for, by maximum."""
    found = [decorator for name in _CONTAINER if (decorator := find(step.decorators, name))]
    asked = {size: [_number(value) for each in found if (value := each.get(size)) is not None] for size in _SIZES}
    most = {size: max(values) for size, values in asked.items() if values}
    whole = {size: int(value) for size, value in most.items() if size != "cpu"}
    return Resources(cpu=most.get("cpu"), **whole)


def environment(step: Step) -> tuple[tuple[str, str], ...]:
    """The literal values of `@environment(vars={…})`."""
    found = find(step.decorators, "environment")
    values = found.get("vars") if found else None
    if values is None or isinstance(values, Dynamic):
        return ()
    assert not isinstance(values, str | tuple | bool | int | float)
    return tuple((name, value) for name, value in values.items() if isinstance(value, str))


def step_options(step: Step) -> tuple[Option, ...]:
    """The options of `@kubernetes`, `@batch` and `@resources` that only some targets spell."""
    return tuple(
        Option(each.name, name, value, each.span_of(name))
        for each in step.decorators
        if each.name in _CONTAINER
        for name, value in each.arguments
        if name not in (*_SIZES, "image") and value is not None
    )


def flow_options(flow: Flow) -> tuple[Option, ...]:
    """What the `options` of triggers hold, each an option of its own: only some targets spell it."""
    return tuple(
        Option(each.name, name, value, each.span_of("options"))
        for each in flow.decorators
        if each.name in ("trigger", "trigger_on_finish") and isinstance(options := each.get("options"), Mapping)
        for name, value in options.items()
        if value is not None
    )


def schedule(flow: Flow) -> Schedule | None:
    """`@schedule(hourly, daily, weekly, cron, timezone)` as five cron fields; daily where it says nothing, as in Metaflow."""
    found = find(flow.decorators, "schedule")
    if not found:
        return None
    zone = found.get("timezone")
    return Schedule(_cron(found), zone if isinstance(zone, str) else None, found.span)


def _cron(found: Decorator) -> str:
    text = found.get("cron")
    if isinstance(text, str):
        fields = five_fields(text)
        assert fields is not None, "a cron text that the frontend let pass"
        return fields
    if found.get("weekly"):
        return "0 0 * * 0"
    return "0 * * * *" if found.get("hourly") else "0 0 * * *"


def project(flow: Flow, branch: str | None, production: bool, user: str) -> Project | None:
    """`@project(name, branch, production)` with the command line's branch over the decorator's; without any it is the user's."""
    found = find(flow.decorators, "project")
    if not found:
        return None
    name, said = found.get("name"), branch or found.get("branch")
    live = production or found.get("production") is True
    assert isinstance(name, str)
    if live:
        return Project(name, f"prod.{said}" if said else "prod", True)
    return Project(name, f"test.{said}" if said else f"user.{user}", False)


def features(flow: Flow) -> tuple[tuple[Feature, Span], ...]:
    """What the flow uses that a target may lack, each at its first line in a step or on the flow."""
    return tuple(_features(flow))


def _features(flow: Flow) -> Iterator[tuple[Feature, Span]]:
    for config in flow.configs:
        yield "config", config.span
    for parameter in flow.parameters:
        if parameter.default_is_callable:
            yield "callable-default", parameter.span
    for decorator in flow.decorators:
        if decorator.name in _FEATURES:
            yield _FEATURES[decorator.name], decorator.span
    for step in flow.steps.values():
        for decorator in step.decorators:
            if decorator.name in _FEATURES:
                yield _FEATURES[decorator.name], decorator.span
        yield from _shape(step)


def _shape(step: Step) -> Iterator[tuple[Feature, Span]]:
    match step.next:
        case Switch(cases=cases, span=span):
            yield "switch", span
            if any(case.target == step.name for case in cases):
                yield "recursion", span
        case Gang(span=span):
            yield "gang", span
        case Goto() | Split() | Foreach() | End():
            pass


def _number(value: Value | Dynamic) -> float:
    assert isinstance(value, str | int | float), "a number that the frontend let pass"
    return float(value)
