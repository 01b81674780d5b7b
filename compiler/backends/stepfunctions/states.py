"""A plan as states: every step a Batch job, a split a Parallel, a foreach a distributed Map over the object its split wrote.

What states hand on is `{"run": …, "index": …}` alone. In a child of a distributed Map `$$.Execution` is the child's own, so
both come through `ItemSelector`. Results are dropped: a state's data end at 262,144 bytes.
"""

from __future__ import annotations

import re
from math import ceil

from compiler.backends import Options
from compiler.backends.command import argv, hook_argv, hook_task, legible
from compiler.backends.names import within
from compiler.backends.stepfunctions import settings
from compiler.backends.stepfunctions.hooks import LONGEST_STATE, RUN, around, state_name
from compiler.backends.stepfunctions.jobs import JobDefinitions, batch_name, queue
from compiler.backends.stepfunctions.layout import Json
from compiler.backends.stepfunctions.pace import SUBMISSION, at_once
from compiler.ir.plan import Branches, FanOut, Hook, Node, Plan, Scope, Task, entry
from compiler.slotted_class import record

State = dict[str, Json]
States = dict[str, Json]
Waiting = list[tuple[Scope, States]]
"""Scopes whose states are still to be put into an object that already has its place: a flow may nest as deep as it likes."""

FAILED: Json = ["States.TaskFailed", "States.Timeout"]
"""A job that failed; `States.TaskFailed` alone does not match a timeout."""

_STORE: Json = {"ErrorEquals": ["States.ALL"], "MaxAttempts": 5, "JitterStrategy": "FULL"}

_ALWAYS = -1
"""The key of what follows a node that is no switch, among the positions of cases."""

_LONGEST_BEGINNING = "branches of "

INPUT = "Input"
"""The first state. Steps' names have no capitals, so no step has this name; other states' names hold a space."""

_SPECIAL = r"([\\'{}])"
_PLACEHOLDER = r"(\$\{[A-Za-z0-9]+\})"


class Path(str):
    """A word of a command that Step Functions computes: a path or an intrinsic."""

    __slots__ = ()


@record
class Place:
    """What the states of one emission share."""

    plan: Plan
    options: Options
    store: settings.Store
    definitions: JobDefinitions
    machine: str

    @property
    def folder(self) -> str:
        """The key under which the flow's runs lie, as part of an intrinsic's literal."""
        return _escaped(f"{self.store.prefix}{self.plan.flow.name}")

    def control(self, split: Task, *, start: str = "", end: str = ".json") -> str:
        """The intrinsic of the key of what a split reports: a list of index paths, one list for each of its tasks."""
        index = _index(split)
        slot, paths = ("{}", f"$.run, {index}") if isinstance(index, Path) else (index, "$.run")
        return f"States.Format('{start}{self.folder}/{{}}/_control/{split.step}/{slot}{end}', {paths})"


def machine(place: Place) -> Json:
    """The whole definition."""
    root = place.plan.root
    comment = _comment(place.plan.flow.doc) or f"The flow {place.plan.flow.name}"
    first = named(entry(root.nodes[0]))
    states: States = {}
    waiting: Waiting = [(root, states)]
    while waiting:
        scope, level = waiting.pop()
        level.update(_states(place, scope, waiting))
    if place.plan.hooks:
        states = around(place.plan, first, states, {state_name(hook): _hook(place, hook) for hook in place.plan.hooks})
        first = RUN
    return {"Comment": comment, "StartAt": INPUT, "States": {INPUT: _input(place, first), **states}}


def _hook(place: Place, hook: Hook) -> State:
    """The job of an exit hook, without what follows it."""
    task = hook_task(hook)
    words = hook_argv(hook, run=Path("$.run"))
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::batch:submitJob.sync",
        "Parameters": {
            "JobName": batch_name(f"{place.machine}-{hook.function.replace('.', '-')}"),
            "JobDefinition": place.definitions.reference(task),
            "JobQueue": queue(task, place.options),
            "ContainerOverrides": {"Command.$": _array(words)},
        },
        "ResultPath": None,
        "Retry": [SUBMISSION],
    }


def _input(place: Place, first: str) -> State:
    """What the execution was started with, kept as an object: the overrides of a job end at 8,192 characters.

    Its key holds the start's time, so that an execution of the same name cannot change another's parameters.
    """
    run = "States.Format('sfn-{}-{}', $$.StateMachine.Name, $$.Execution.Name)"
    names = "$$.StateMachine.Name, $$.Execution.Name, $$.Execution.StartTime"
    key = f"{place.folder}/sfn-{{}}-{{}}/_control/input-{{}}.json"
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:s3:putObject",
        "Parameters": {
            "Bucket": place.store.bucket,
            "Key.$": f"States.Format('{key}', {names})",
            "Body.$": "$",
        },
        "ResultSelector": {
            "run.$": run,
            "owner.$": "States.Format('{} {}', $$.Execution.Id, $$.Execution.StartTime)",
            "parameters.$": f"States.Format('s3://{place.store.bucket}/{key}', {names})",
        },
        "Retry": [_STORE],
        "Next": first,
    }


def _states(place: Place, scope: Scope, waiting: Waiting) -> States:
    """The states of one level, in order; what nothing follows ends it."""
    following: dict[str, dict[int, str]] = {entry(node).step: {} for node in scope.nodes}
    for node in scope.nodes:
        for edge in entry(node).after:
            following[edge.node].update({case: named(entry(node)) for case in edge.cases or (_ALWAYS,)})
    states: States = {}
    for node in scope.nodes:
        states.update(_node(place, node, following[entry(node).step], waiting))
    return states


def _node(place: Place, node: Node, onward: dict[int, str], waiting: Waiting) -> States:
    following = onward.get(_ALWAYS)
    match node:
        case Task(reports="case"):
            return _switch(place, node, onward)
        case Task():
            return _step(place, node, following)
        case FanOut(split=split, body=body):
            each = f"each {named(entry(body.nodes[0]))}"
            return {**_step(place, split, each), each: _map(place, node, _level(body, waiting), following)}
        case Branches(split=split, arms=arms):
            branches = f"{_LONGEST_BEGINNING}{named(split)}"
            return {
                **_step(place, split, branches),
                branches: _parallel([_level(arm, waiting) for arm in arms], following),
            }


def _switch(place: Place, task: Task, arms: dict[int, str]) -> States:
    """The step, its report read into the state, and the arm by the case's position; arms that meet are plain `Next`."""
    read, chosen = f"case of {named(task)}", f"arm of {named(task)}"
    choices: list[Json] = [
        {"Variable": "$.switch.told.case", "NumericEquals": case, "Next": arm} for case, arm in sorted(arms.items())
    ]
    reading: State = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:s3:getObject",
        "Parameters": {"Bucket": place.store.bucket, "Key.$": place.control(task)},
        "ResultSelector": {"told.$": "States.StringToJson($.Body)"},
        "ResultPath": "$.switch",
        "Retry": [_STORE],
        "Next": chosen,
    }
    return {**_step(place, task, read), read: reading, chosen: {"Type": "Choice", "Choices": choices}}


def _parallel(branches: list[Json], following: str | None) -> State:
    return {"Type": "Parallel", "Branches": branches, "ResultPath": None, **_onward(following)}


def _map(place: Place, fan: FanOut, body: State, following: str | None) -> State:
    """A child execution for each index path in the object that the split wrote.

    Always distributed: how wide it gets is known at run time only, and an inline Map ends at 40 at once and at the
    25,000 events of its parent's history. What children return goes to the bucket, not through the state. The nodes of a gang
    wait for each other: nothing may hold some of them back.
    """
    bucket, split = place.store.bucket, fan.split
    bound: State = {"MaxConcurrency": at_once(fan, place.options.max_workers)} if fan.kind == "foreach" else {}
    reader: Json = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "JSON"},
        "Parameters": {"Bucket": bucket, "Key.$": place.control(split)},
    }
    writer: Json = {
        "Resource": "arn:aws:states:::s3:putObject",
        "Parameters": {"Bucket": bucket, "Prefix.$": place.control(split, end="")},
    }
    config: Json = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    return {
        "Type": "Map",
        "ItemReader": reader,
        "ItemSelector": {"run.$": "$.run", "index.$": "$$.Map.Item.Value"},
        **bound,
        "ItemProcessor": {"ProcessorConfig": config, **body},
        "ResultWriter": writer,
        "ResultPath": None,
        **_onward(following),
    }


def _level(scope: Scope, waiting: Waiting) -> State:
    """Where the scope starts, and its states as soon as their turn comes."""
    states: States = {}
    waiting.append((scope, states))
    return {"StartAt": named(entry(scope.nodes[0])), "States": states}


def _onward(following: str | None) -> State:
    if following:
        return {"Next": following}
    return {"End": True}


def _step(place: Place, task: Task, following: str | None) -> States:
    """The step's state, and with `@catch` one more that leaves the failure object where every attempt failed."""
    count = Path("States.Format('~{}', $$.State.RetryCount)") if task.retry else "0"
    name = named(task)
    if not task.catch:
        return {name: _job(place, task, count, following)}
    caught = f"{name} caught"
    first = _job(place, task, count, following)
    handler: Json = {"ErrorEquals": FAILED, "ResultPath": None, "Next": caught}
    last = _job(place, task, str(task.attempts - 1), following, retries=False)
    return {name: {**first, "Catch": [handler]}, caught: last}


def named(task: Task) -> str:
    """The name of a container's state: its step, short enough for what others of its states begin with."""
    return within(task.title, LONGEST_STATE - len(_LONGEST_BEGINNING))


def _job(place: Place, task: Task, count: str, following: str | None, *, retries: bool = True) -> State:
    """The step as a Batch job; one definition serves all steps that need the same of their container."""
    parameters: State = {
        "JobName": batch_name(f"{place.machine}-{task.title.replace(' ', '-')}"),
        "JobDefinition": place.definitions.reference(task),
        "JobQueue": queue(task, place.options),
        "ContainerOverrides": {"Command.$": _command(place, task, count)},
    }
    if task.deadline is not None:
        parameters["Timeout"] = {"AttemptDurationSeconds": task.deadline}
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::batch:submitJob.sync",
        "Parameters": parameters,
        "ResultPath": None,
        "Retry": [SUBMISSION, *(_failures(task) if retries else [])],
        **_onward(following),
    }


def _failures(task: Task) -> list[Json]:
    if not task.retry:
        return []
    pause = max(1, ceil(task.retry.pause))
    times = task.restarts if task.chunk else task.retry.times
    return [{"ErrorEquals": FAILED, "IntervalSeconds": pause, "MaxAttempts": times, "BackoffRate": 1}]


def _command(place: Place, task: Task, count: str) -> str:
    """The argv as an intrinsic: what is known stands quoted, what the execution knows is a path."""
    words = argv(
        task,
        run=Path("$.run"),
        index=_index(task),
        retry=count,
        owner=Path("$.owner"),
        parameters=Path("$.parameters"),
    )
    if task.reports:
        words = (*words, "--report", Path(place.control(task, start=f"s3://{place.store.bucket}/")))
    return _array(words)


def _array(words: tuple[str, ...]) -> str:
    return f"States.Array({', '.join(word if isinstance(word, Path) else _literal(word) for word in words)})"


def _index(task: Task) -> str:
    return Path("$.index") if task.depth else "-"


def _literal(text: str) -> str:
    return f"'{_escaped(text)}'"


def _escaped(text: str) -> str:
    """Text inside an intrinsic's literal. `${Name}` stays as it is: it is replaced before the intrinsic is read."""
    parts = re.split(_PLACEHOLDER, text)
    return "".join(part if at % 2 else re.sub(_SPECIAL, r"\\\1", part) for at, part in enumerate(parts))


def _comment(doc: str | None) -> str:
    """The first line of a docstring; a `${` in it is no placeholder."""
    return legible(doc or "").strip().partition("\n")[0].replace("${", "$ {")
