"""Names of tasks, components and the pipeline: what Argo under Kubeflow Pipelines takes, without two that meet."""

from __future__ import annotations

import re

from compiler.backends import Options
from compiler.backends.names import within
from compiler.ir.plan import Plan
from compiler.slotted_class import fresh, mutable

_MOST_NAME, _MOST_PIPELINE = 56, 63
_RESERVED = frozenset({"true", "false", "nil", "not", "in", "or", "and", "matches", "contains", "let", "if", "else"})
"""Words that Argo's `depends` takes for something else than a task."""


class Names:
    """Names of one kind in one pipeline: a wish that is taken gets a number. The back end puts a `name-driver` before each task."""

    def __init__(self, reserved: frozenset[str] = frozenset()) -> None:
        self._taken = set(reserved)

    def claim(self, wish: str) -> str:
        """The wish, or the first of `wish-2`, `wish-3`, … that is free, with what the back end derives of it."""
        name, number = within(wish, _MOST_NAME), 1
        while not self._taken.isdisjoint((name, f"{name}-driver")):
            number += 1
            name = f"{within(wish, _MOST_NAME)}-{number}"
        self._taken |= {name, f"{name}-driver"}
        return name


@mutable
class Places:
    """The tasks of a plan by the first step of their container: its own, the body of its foreach, what stands around a step of an arm."""

    steps: dict[str, str] = fresh(default_factory=dict)
    each: dict[str, str] = fresh(default_factory=dict)
    arms: dict[str, str] = fresh(default_factory=dict)

    def ended(self, step: str) -> str:
        """The task whose end is that of a node."""
        return self.arms.get(step) or self.each.get(step) or self.steps[step]


def places(plan: Plan) -> Places:
    """A name for each task, which no other task of the pipeline has: older back ends look for producers by name alone."""
    found, names = Places(), Names(_RESERVED)
    tasks = list(plan.root.containers())
    for task in tasks:
        found.steps[task.step] = names.claim(task.title.replace("_", "-").replace(" ", "-"))
    for task in tasks:
        if task.reports == "fan":
            found.each[task.step] = names.claim(f"{found.steps[task.step]}-each")
        if task.ways:
            found.arms[task.step] = names.claim(f"{found.steps[task.step]}-when")
    return found


def pipeline_name(plan: Plan, options: Options) -> str:
    """The pipeline's name: `TaxiTrips` is `taxi-trips`; what `--name` gives stays as it is, shortened where it is too long."""
    if options.name:
        return within(options.name, _MOST_PIPELINE)
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", plan.name)
    return within(re.sub("[^a-z0-9]+", "-", apart.lower()).strip("-"), _MOST_PIPELINE, whole=plan.name)
