"""Flows from seeds: `generate(seed)` gives a flow's source, what to start it with, and what must come of it."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

from compiler.ir.flow import Value
from tests.conformance.configuring import NAME, defaulted, draw_settings
from tests.conformance.dice import chance
from tests.conformance.drawing import draw_shape
from tests.conformance.faults import Fatal
from tests.conformance.furnish import KINDS, Furnisher, StepDef
from tests.conformance.oracle import Foreseen, Oracle
from tests.conformance.shapes import Level, Line, first_step, has_gang, has_recursion, has_switch, last_step, step_names
from tests.conformance.texts import draw_parameters
from tests.conformance.traits import traits
from tests.conformance.wrapping import SOURCE
from tests.conformance.writing import HELPERS, METHODS, Written

MAX_STEPS = 10
MAX_TASKS = 10

HEADER = """import array
import contextlib
import datetime
import functools
import os
import signal
import time
from dataclasses import dataclass

from {package} import (
    Config,
    FlowSpec,
    JSONType,
    Parameter,
    catch,
    config_expr,
    current,
    environment,
    parallel,
    retry,
    step,
    timeout,
    user_step_decorator,
)


@dataclass(frozen=True)
class Box:
    value: object


def place(stack):
    return ".".join(str(index) for index, _, _ in stack) or "-"

"""


@dataclass(frozen=True, slots=True)
class GeneratedFlow:
    """A flow made from a seed.

    `parameters` are what a run is given, by command-line names; `tasks` is what must come of it, by step and index
    path; `beyond_metaflow` is true where Metaflow itself cannot run it. `features` are those that a target may lack;
    `traits` are all that it holds, in words. `fails`: a run of it does.
    """

    seed: int
    max_tasks: int
    name: str
    stem: str
    source: str
    files: Mapping[str, str]
    config_values: Mapping[str, Value]
    parameters: Mapping[str, object]
    visible_parameters: Mapping[str, object]
    tasks: Mapping[tuple[str, str], Foreseen]
    beyond_metaflow: bool
    has_nested_foreach: bool
    features: frozenset[str]
    traits: frozenset[str]
    fails: bool


def generate(seed: int, *, max_tasks: int = MAX_TASKS, max_steps: int = MAX_STEPS) -> GeneratedFlow:
    """The flow of this seed: the same one always."""
    rng = random.Random(seed)
    name = f"Generated{seed}"
    while True:
        shape = draw_shape(rng, max_steps, max_tasks)
        parameters = draw_parameters(rng)
        is_shared = chance(rng, 0.15)
        settings = draw_settings(rng, name, bare=not is_shared) if chance(rng, 0.3) else None
        if settings and chance(rng, 0.4):
            parameters = (*parameters, defaulted(settings, rng))
        furnisher = Furnisher(rng, name, parameters, settings, _fatal(random.Random(f"fatal {seed}"), shape))
        furnisher.level(shape, {}, (), None)
        order = list(step_names(shape))
        if chance(rng, 0.3):
            rng.shuffle(order)
        steps = {step: furnisher.steps[step] for step in order}
        visible = {parameter.attribute: parameter.expected for parameter in parameters} | furnisher.constants
        visible |= {NAME: settings.values} if settings else {}
        oracle = Oracle(steps, visible)
        fails = oracle.fails(shape)
        if len(oracle.tasks) <= max_tasks:
            break
    files = dict(settings.files) if settings else {}
    return GeneratedFlow(
        seed=seed,
        max_tasks=max_tasks,
        name=name,
        stem=f"generated_{seed}",
        source=_source(name, furnisher, tuple(steps.values()), files, is_shared=is_shared),
        files=files,
        config_values=settings.given if settings else {},
        parameters={parameter.name: parameter.given for parameter in parameters if parameter.is_given},
        visible_parameters=visible,
        tasks=oracle.tasks,
        beyond_metaflow=furnisher.beyond,
        has_nested_foreach=any(place.count(".") for _, place in oracle.tasks),
        features=frozenset(
            feature
            for feature, has in (
                ("switch", has_switch(shape)),
                ("recursion", has_recursion(shape)),
                ("gang", has_gang(shape)),
            )
            if has
        ),
        traits=traits(shape, steps) | ({"failed run"} if fails else set()),
        fails=fails,
    )


def _fatal(rng: random.Random, shape: Level) -> Mapping[str, Fatal]:
    """At times a step that fails the run, where no other task can run at the time: of others it is open how far they come."""
    nodes = [node for node in shape.nodes if not (isinstance(node, Line) and node.rounds)]
    if not chance(rng, 0.05):
        return {}
    node = rng.choice(nodes)
    (kind,) = rng.choices(KINDS, weights=(70, 20, 10))
    return {rng.choice((first_step(node), last_step(node))): Fatal(kind, rng.choice((0, 0, 1)))}


def _source(
    name: str, furnisher: Furnisher, steps: tuple[StepDef, ...], files: dict[str, str], *, is_shared: bool
) -> str:
    """The flow's file; a module that it imports is put into `files`."""
    rng = furnisher.rng
    declared = [f"    {NAME} = {furnisher.settings.declaration}"] if furnisher.settings else []
    declared += [f"    {parameter.attribute} = {parameter.declaration}" for parameter in furnisher.parameters]
    declared += [f"    {constant} = {value!r}" for constant, value in furnisher.constants.items()]
    members = (["\n".join(declared)] if declared else []) + ["\n".join(_step(step)) for step in steps]
    blocks = [HEADER.format(package=rng.choice(("flowc", "metaflow"))) + HELPERS + SOURCE]
    base = "FlowSpec"
    if is_shared:
        # What a base class declares, parameters or a step, is inherited.
        base = "Shared"
        shared = f"class Shared(FlowSpec):\n{members.pop(0)}\n"
        if declared and chance(rng, 0.5):
            imports = "from flowc import Config, FlowSpec, JSONType, Parameter, config_expr"
            files[f"shared_{name.lower()}.py"] = f"{imports}\n\n\n{shared}"
            shared = f"from shared_{name.lower()} import Shared\n"
        blocks.append(shared)
    if any(isinstance(act, Written) and act.how == "method" for step in steps for act in step.acts):
        members.append(METHODS)
    blocks += [f"{name} = {value!r}\n" for name, value in furnisher.globals.items()]
    body = "\n\n".join(members)
    blocks.append(f'class {name}({base}):\n    """Made from a seed."""\n\n{body}\n')
    blocks.append(f'if __name__ == "__main__":\n    {name}()\n')
    return "\n\n".join(blocks)


def _step(step: StepDef) -> list[str]:
    lines = [f"    {decorator}" for decorator in step.decorators]
    lines += ["    @step", f"    def {step.name}({'self, inputs' if step.is_join else 'self'}):"]
    body = [line for act in step.acts for line in act.lines()]
    if step.leaves_early:
        body += ["if not self.trail[0]:", f"    self.next({step.transition})", "    return"]
    if step.transition is not None:
        body.append(f"self.next({step.transition})")
    return lines + [f"        {line}" for line in body]
