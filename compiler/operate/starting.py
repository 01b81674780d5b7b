"""Starting a run of a deployment: which one a word means, its parameters as words, a name that makes a second try harmless."""

from __future__ import annotations

import contextlib
import json
import secrets
import string
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
from flowc.container.beside_parameters import SCHEDULED, TAGS, scheduled_time
from flowc.exceptions import CallMistake

from compiler.backends import Backend
from compiler.backends.operating import Deployment, Engine, NotThereError, Start
from compiler.call.options import WithHelp
from compiler.call.parameters import own_option, parse_parameters
from compiler.call.sources import FLOW, FlowName, Surroundings
from compiler.call.target_settings import decided
from compiler.diagnostics import Report
from compiler.fleet.compiling import deployment
from compiler.ir.flow import Value
from compiler.ir.plan import Plan
from compiler.mistakes import CallError
from compiler.pipeline import read_flow
from compiler.slotted_class import record
from compiler.terminal.findings import show
from compiler.workspace.settings import Settings, did_you_mean, read_settings
from compiler.workspace.settings.mistakes import nearest_word

_LETTERS = string.ascii_lowercase + string.digits


@record
class Meant:
    """A deployment: its name, the settings that hold for it, and the plan of its flow where that is at hand."""

    name: str
    settings: Settings
    plan: Plan | None


def meant(
    backend: Backend,
    word: str,
    named: Mapping[str, object],
    env: str | None,
    *,
    flow: str | None = None,
    imports: bool | None = None,
) -> Meant | None:
    """The deployment that a name or a flow's file means; None where the flow has mistakes, which are shown.

    `named` are settings that the name depends on (`name`, `branch`, `production`), None where they are not given. Raises CallError.
    """
    given: dict[str, Value] = {key: value for key, value in named.items() if isinstance(value, (str, bool))}
    if not _is_file(word):
        if given:
            raise CallError(f"{word} is a deployment's name: --{next(iter(given))} goes with the file of a flow")
        return Meant(word, read_settings(Path(), env), None)
    name: FlowName = FLOW.convert(word, None, None)
    surroundings, report = Surroundings(imports=imports, env=env), Report()
    source = read_flow(
        name.path,
        report,
        name=name.name or flow,
        root=surroundings.root(name.path),
        reading=surroundings.reading(name.path),
    )
    show(report)
    if source is None or report.failed:
        return None
    settings = surroundings.settings(name.path)
    plan, options = decided(source, settings, backend, given, "")
    return Meant(deployment(backend, plan, options), settings.for_flow(source.name), plan)


def _is_file(word: str) -> bool:
    path = word.rpartition(":")[0] or word
    return word.endswith(".py") or path.endswith(".py") or Path(word).is_file()


def deployment_of(engine: Engine, name: str) -> Deployment:
    """The deployment of that name. Raises NotThereError, which tells the name that was meant where one is near or of that flow."""
    try:
        return engine.deployment(name)
    except NotThereError as error:
        near = _meant_name(engine, name)
        raise NotThereError(f"{error}; did you mean `{near}`?" if near else str(error)) from None


def _meant_name(engine: Engine, name: str) -> str | None:
    """The one deployment of the flow of that name, or one that is called nearly so; None also where the engine does not list them."""
    try:
        there = tuple(engine.deployments())
    except CallError:
        return None
    of_flow = [each.name for each in there if each.record and each.record.flow.rpartition(":")[2] == name]
    return of_flow[0] if len(of_flow) == 1 else nearest_word(name, [each.name for each in there])


def time_of(text: str) -> str:
    """A time of a schedule as runs know it, in UTC. Raises CallError for what is no time."""
    try:
        found = scheduled_time(text)
    except CallMistake:
        found = ""
    if not found:
        raise CallError(f"--scheduled-at wants a time like 2026-01-02T03:04:05Z, not {text!r}")
    return found


def for_time(there: Deployment, time_: str) -> dict[str, object]:
    """What goes beside a run's parameters so that it is the schedule's run for a time. Raises CallError where there is no schedule."""
    if not there.schedule:
        raise CallError(f"{there.name} has no schedule, so that no run of it is for a time: leave --scheduled-at out")
    return {SCHEDULED: time_}


def refuse_time(called: str, words: Sequence[str], values: str) -> None:
    """Raise CallError where the time of a schedule is given as if it were a parameter of the flow's."""
    names = {word.partition("=")[0].removeprefix("--") for word in words if word.startswith("--")}
    with contextlib.suppress(ValueError):  # what is no JSON is told later
        found = json.loads(values)
        names |= {*found} if isinstance(found, dict) else set()
    if SCHEDULED in names:
        call, _, flow = called.rpartition(" ")
        raise CallError(f"{SCHEDULED} is no parameter: `{call} --scheduled-at TIME … {flow}` starts a run for a time")


def start_of(parameters: Mapping[str, object], tags: Sequence[str]) -> Start:
    """A start with a name of its own: the time, so that runs sort, and a random word."""
    word = "".join(secrets.choice(_LETTERS) for _ in range(6))
    more = {TAGS: json.dumps(list(tags))} if tags else {}
    return Start(time.strftime("%Y%m%d%H%M%S", time.gmtime()) + word, {**parameters, **more}, tuple(tags))


def parameters_of(plan: Plan, called: str, words: Sequence[str], ours: Sequence[str], values: str) -> dict[str, object]:
    """The parameters that words give to a flow that is at hand, by their names there. Raises CallError, and click's Exit after `--help`."""
    found = parse_parameters(plan, called, words, ours, values=values)
    names = {parameter.attribute: parameter.name for parameter in plan.parameters}
    return {names.get(attribute, attribute): value for attribute, value in found.items()}


def parameters_of_deployment(
    there: Deployment, called: str, words: Sequence[str], ours: Sequence[str], values: str
) -> dict[str, object]:
    """The same where only the deployment is at hand: it says which there are, and its first step what their text means."""
    for name in (word.partition("=")[0] for word in words):
        if name in ours and name[2:] not in there.parameters:
            raise CallError(own_option(name, called))
    if not there.tells_parameters:
        return {**_object(there, values), **_pairs(called, words)}
    command = WithHelp(
        called,
        params=[
            click.Option([f"--{name}", f"p{number}"], metavar="VALUE") for number, name in enumerate(there.parameters)
        ],
        context_settings={"help_option_names": ["--help"], "max_content_width": 110},
    )
    try:
        with command.make_context(called, list(words)) as context:
            given = {
                name: value
                for number, name in enumerate(there.parameters)
                if (value := context.params.get(f"p{number}")) is not None
            }
    except click.UsageError as error:
        listed = ", ".join(f"--{name}" for name in there.parameters) or "none"
        raise CallError(f"{error.format_message()} {there.name} takes these parameters: {listed}") from error
    return {**_object(there, values), **given}


def _pairs(called: str, words: Sequence[str]) -> dict[str, object]:
    """`--name value` and `--name=value`, whatever the names are. Raises CallError."""
    found, waiting = dict[str, object](), list(words)
    while waiting:
        name, equals, value = waiting.pop(0).partition("=")
        if not name.startswith("--") or not (equals or waiting):
            raise CallError(f"`{called}` takes --NAME VALUE for each parameter, not {name!r}")
        found[name[2:]] = value if equals else waiting.pop(0)
    return found


def _object(there: Deployment, values: str) -> dict[str, object]:
    """The values of `--parameters`."""
    try:
        found = json.loads(values)
    except ValueError as error:
        raise CallError(f"--parameters is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise CallError("--parameters wants a JSON object: the parameters' names and values")
    for name in found:
        if there.tells_parameters and name not in there.parameters:
            raise CallError(f"{there.name} has no parameter {name!r}{did_you_mean(name, there.parameters)}")
    return found
