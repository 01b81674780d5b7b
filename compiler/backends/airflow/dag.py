"""The DAG file: what the template is filled with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

from compiler.backends import Options
from compiler.backends.airflow import default_args
from compiler.backends.airflow.literals import (
    Call,
    Code,
    Source,
    block,
    calls,
    dependencies,
    docstring,
    flat,
    source,
    text,
)
from compiler.backends.airflow.parameters import params
from compiler.backends.airflow.pods import shared_arguments, writable
from compiler.backends.airflow.segments import MOST_ID, Columns, Guard, Indices, Segment, Single, Unit, task_id, units
from compiler.backends.airflow.sensors import sensor_call, sensors
from compiler.backends.airflow.settings import MOST_TAG, callbacks, operator, placed
from compiler.backends.airflow.steps import (
    BASH_REPORT,
    GROUPED,
    MODULE,
    POD_REPORT,
    RETRIED,
    asset_name,
    dag_id,
    hook_call,
    operator_call,
    operator_class,
)
from compiler.backends.airflow.template import filled
from compiler.backends.command import environment, flow_image, legible, trigger_facts
from compiler.backends.names import within
from compiler.ir.flow import Decorator
from compiler.ir.plan import FlowTrigger, Plan, Task, Trigger
from compiler.legible import dedented
from compiler.slotted_class import record, replaced

ACTIVE_TASKS = 16
"""How many tasks of a DAG run at once where neither it nor the server says another number."""
TAKEN = frozenset({"dag", "task", "task_group", "timedelta", "pendulum", "k8s", "json", "uuid4"})
"""Names of the file that a step's name may meet: such a step's variable gets an underscore."""

MAP_INDEX = {"kubernetes": "{{ task.arguments[4] }}", "bash": "{{ task.env['INDEX'] }}"}


@record
class _Plain:
    """A statement of the DAG: a step outside any foreach, or the list of a foreach."""

    is_group: ClassVar[bool] = False
    statement: Code


@record
class _Group:
    """A mapped group: its function, and the statement that maps it."""

    is_group: ClassVar[bool] = True
    statement: Code
    group: Code
    function: Code
    index: Code
    tasks: tuple[Code, ...]
    edges: tuple[Code, ...]


def dag_text(plan: Plan, options: Options) -> str:
    """The DAG file for a plan. Pure."""
    mode = operator(options)
    parts = tuple(units(plan.root))
    steps = dict(_steps(parts, plan, options))
    dag = _dag(plan, options)
    waits = [sensor_call(each, number) for number, each in enumerate(sensors(plan.flow), 1)]
    used = calls([*steps.values(), *waits, dag])
    retried, shared = (Code(operator_class(options)) if name in used else None for name in (RETRIED, GROUPED))
    ways, hooks = _ways(parts), _hooks(plan, options)
    groups = any(isinstance(part, Segment) for part in parts)
    values = {
        "headline": docstring(f"The flow {plan.flow.name} of {plan.flow.path}, written by flowc: change the flow, not this file."),
        "kubernetes": mode == "kubernetes",
        "given": bool(plan.parameters),
        "json": bool(plan.triggers or plan.parameters) or (any(task.reports for task in plan.root.containers()) and mode == "bash"),
        "parameters": Code('"{{ given(params, " + EVENTS + ") }}"'),
        "events": source(_events(plan), 0, len("EVENTS = ")) if plan.triggers else None,
        "timedelta": "timedelta" in used,
        "imports": _imports(used, options, groups),
        "retried": retried,
        "grouped": shared,
        "params": "Param" in used,
        "scheduled": bool(plan.schedule),
        "external": "ExternalTaskSensor" in used,
        "sensors": [_Plain(_assignment(f"_sensor_{number}", call, 4)) for number, call in enumerate(waits, 1)],
        "groups": groups,
        "index": text(MAP_INDEX[mode]),
        "reports": any(task.reports for task in plan.root.containers()) and mode == "kubernetes",
        "report": text(POD_REPORT),
        "ways": source(ways, 0, len("WAYS = ")) if ways else None,
        "skips": bool(ways or groups or plan.hooks),
        "end": text(next(task_id(task) for task in plan.root.containers() if task.is_end)),
        "hooks": [_Plain(_assignment(name, call, 4)) for name, call in hooks.items()],
        "hook_names": source([Code(name) for name in hooks], 4, len("for hook in "), 1),
        "env": source(_environment(plan, options), 0, len("ENV = ")),
        "dag": Code(source(dag, 0, len("with "), 1) + (" as dag" if hooks else "")),
        "tasks": Code("task, task_group" if groups else "task"),
        "units": [_statement(part, steps) for part in parts],
        "edges": _edges(parts, tuple(f"_sensor_{number}" for number in range(1, len(waits) + 1))),
    }  # fmt: skip
    return filled(Path(__file__).with_name("dag.template").read_text(encoding="utf-8"), values)


def _events(plan: Plan) -> dict[str, Source]:
    """By the name of its asset, what the first step is told of each trigger."""
    return {asset_name(trigger): _facts(trigger) for trigger in plan.triggers}


def _facts(trigger: Trigger) -> dict[str, Source]:
    facts: dict[str, Source] = {
        key: dict(value) if isinstance(value, dict) else str(value) for key, value in trigger_facts(trigger).items()
    }
    return facts | {"flow": trigger.flow} if isinstance(trigger, FlowTrigger) else facts


def _hooks(plan: Plan, options: Options) -> dict[str, Call]:
    """The exit hooks by their task ids, each a teardown."""
    found: dict[str, Call] = {}
    for hook in plan.hooks:
        name = f"_on_{hook.on}_{hook.function.replace('.', '_')}"
        number = sum(each == name or each.startswith(f"{name}__") for each in found)
        name = f"{name}__{number + 1}" if number else name
        found[name] = hook_call(within(name, MOST_ID), hook, options)
    return found


def _ways(parts: tuple[Unit, ...]) -> dict[str, Source]:
    """By task id, for each step that looks and each switch or foreach: the cases of other switches that lead to it."""
    placed: list[tuple[str, Task, Guard]] = []
    for unit in parts:
        if isinstance(unit, Single):
            placed.append((unit.id, unit.task, unit.guard))
        elif isinstance(unit, Segment):
            placed += [(f"{unit.group}.{unit.ids[task.step]}", task, unit.guards[task.step]) for task in unit.tasks]
    ids = {task.step: name for name, task, _ in placed}
    return {
        name: {ids[edge.node]: edge.cases for edge in task.ways}
        for name, task, guard in placed
        if task.ways and (guard.looks or task.reports)
    }


def _imports(used: frozenset[str], options: Options, groups: bool) -> list[Code]:
    """The `from` lines of packages that both lines of Airflow name alike, sorted by module."""
    found = dict(callbacks(options))
    if groups:
        found["airflow.configuration"] = "conf"
    if "S3KeySensor" in used:
        found["airflow.providers.amazon.aws.sensors.s3"] = "S3KeySensor"
    if operator(options) == "kubernetes":
        found["airflow.providers.cncf.kubernetes.operators.pod"] = "KubernetesPodOperator"
    if any(name.startswith("k8s.") for name in used):
        found["kubernetes.client"] = "models as k8s"
    return [Code(f"from {module} import {names}") for module, names in sorted(found.items())]


def _environment(plan: Plan, options: Options) -> dict[str, Source]:
    pods = operator(options) == "kubernetes"
    shared: dict[str, Source] = {} if pods else {"RUN": Code("RUN"), "RETRY": Code("RETRY")}
    named = environment(_tried_again(plan, options), options, POD_REPORT if pods else BASH_REPORT)
    return shared | {name: value for name, value in named.items() if name != "FLOWC_REPORT"}


def _tried_again(plan: Plan, options: Options) -> Plan:
    """The plan whose steps are known to have the retries of `default_args`, where they have none by the author or the call."""
    more = default_args.as_decorator(options)
    if not more or any(each.name == "retry" for each in plan.flow.added):
        return plan
    arguments = tuple((name, value) for name, value in more.items() if isinstance(value, int | float))
    added = (*plan.flow.added, Decorator("retry", arguments, plan.flow.span))
    return replaced(plan, flow=replaced(plan.flow, added=added))


def _dag(plan: Plan, options: Options) -> Call:
    zone = plan.schedule.timezone if plan.schedule and plan.schedule.timezone else "UTC"
    named: dict[str, Source] = {"dag_id": dag_id(options.name or plan.name)}
    if plan.flow.doc:
        named["doc_md"] = block(_no_file(dedented(legible(plan.flow.doc))))
    assets = [Call("Asset", (asset_name(trigger),)) for trigger in plan.triggers]
    named["schedule"] = assets or (plan.schedule.cron if plan.schedule else None)
    named["start_date"] = Call("pendulum.datetime", (2025, 1, 1), (("tz", zone),))
    named["catchup"] = False
    meeting = plan.root.meeting()
    if options.max_workers or meeting > ACTIVE_TASKS:
        named["max_active_tasks"] = options.max_workers or meeting
    named |= placed(options, "dag")
    named["tags"] = _tags(plan, options)
    if plan.parameters:
        named["params"] = params(plan.parameters, may_require=not plan.triggers)
    macros = {"given": bool(plan.triggers), "index_path": any(task.depth for task in plan.root.tasks())}
    if any(macros.values()):
        named["user_defined_macros"] = {name: Code(f"_{name}") for name, is_used in macros.items() if is_used}
    named["default_args"] = _default_args(options, any(task.reports for task in plan.root.containers()))
    return Call("DAG", named=tuple(named.items()))


def _no_file(doc: str) -> str:
    """Airflow opens a document whose text ends in `.md` as a file."""
    return f"{doc}\n" if doc.endswith(".md") else doc


def _tags(plan: Plan, options: Options) -> list[Source]:
    more = options.target.get("tags", ())
    assert isinstance(more, tuple | list)
    project = [within(text, MOST_TAG) for text in (plan.project.name, plan.project.branch)] if plan.project else []
    return [*sorted({"flowc", *project, *map(str, more)})]


def _default_args(options: Options, has_sidecar: bool) -> dict[str, Source]:
    """What all tasks share; `retries` stands here because a setting of the server would give every step some."""
    mode = operator(options)
    common: dict[str, Source] = {**placed(options, "all"), "retries": 0}
    if mode == "bash":
        # By itself it takes exit code 99 for a skip, and a run whose last task was skipped for a success.
        common |= {"env": Code("ENV"), "append_env": True, "skip_on_exit_code": None}
    else:
        common |= {"image": flow_image(options), "cmds": [*MODULE], "env_vars": Code("ENV")}
        if options.namespace:
            common["namespace"] = options.namespace
        common |= shared_arguments(options, has_sidecar) | placed(options, "pod") | writable(options)
    return common | default_args.spelled(options)


def _steps(parts: tuple[Unit, ...], plan: Plan, options: Options) -> Iterator[tuple[str, Call]]:
    """The operators of all containers, by their first steps."""
    for unit in parts:
        if isinstance(unit, Single):
            yield unit.task.step, operator_call(unit.task, unit.id, unit.guard, plan, options)
        elif isinstance(unit, Segment):
            for task in unit.tasks:
                yield task.step, operator_call(task, unit.ids[task.step], unit.guards[task.step], plan, options)


def _statement(unit: Unit, steps: Mapping[str, Call]) -> _Plain | _Group:
    match unit:
        case Single(task=task):
            return _Plain(_assignment(variable(task.step), steps[task.step], 4))
        case Indices(name=name, split=split, around=around):
            override = Call("_indices.override", named=(("task_id", unit.id),))
            given = (split, Code(around)) if around else (split,)
            return _Plain(_assignment(name, Call(flat(override), given), 4))
        case Columns(name=name, rows=rows):
            override = Call("_columns.override", named=(("task_id", unit.id),))
            return _Plain(_assignment(name, Call(flat(override), (Code(rows),)), 4))
        case Segment():
            return _group(unit, steps)


def _assignment(name: str, call: Call, column: int) -> Code:
    return Code(f"{name} = {source(call, column, len(f'{name} = '))}")


def _group(unit: Segment, steps: Mapping[str, Call]) -> _Group:
    function = unit.name.replace("_foreach", "_body", 1)
    mapped = Call(f"{function}.expand", named=(("row", Code(unit.indices)), ("column", Code(unit.columns))))
    named = {name for step, before in unit.edges.items() if before for name in (step, *before)}
    return _Group(
        statement=_assignment(unit.name, mapped, 4),
        group=text(unit.group),
        function=Code(function),
        index=text(f"{{{{ index_path(ti, '{within(unit.indices, MOST_ID)}') }}}}"),
        tasks=tuple(_inner(task.step, steps, task.step in named) for task in unit.tasks),
        edges=dependencies(_variables(unit.edges), 8),
    )


def _inner(step: str, steps: Mapping[str, Call], is_named: bool) -> Code:
    call = steps[step]
    return _assignment(variable(step), call, 8) if is_named else source(call, 8)


def _edges(parts: tuple[Unit, ...], first: tuple[str, ...]) -> tuple[Code, ...]:
    """The edges between what stands directly in the DAG; a group hangs on its list by the mapping."""
    return dependencies(dict(_waits(parts, first)), 4)


def _waits(parts: tuple[Unit, ...], first: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for unit in parts:
        after = () if isinstance(unit, Columns) else tuple(variable(name) for name in unit.after)
        if isinstance(unit, Single) and not after:
            after = ("_kept", *first)
        if isinstance(unit, Single | Indices) or after:
            yield variable(unit.name), after


def _variables(edges: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    return {variable(step): tuple(map(variable, before)) for step, before in edges.items()}


def variable(step: str) -> str:
    """The variable of a step: its name, unless the file needs that."""
    return f"{step}_" if step in TAKEN else step
