"""Which flows are compared on which engine: in the default suite, the sample and the long form (`FLOWC_CONFORMANCE`)."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import count, islice
from typing import NamedTuple

from compiler.backends.targets import load_backend
from tests.conformance import sample
from tests.conformance.generator import GeneratedFlow, generate

CHUNK = 10
MAX_TASKS = 12
MAX_STEPS = 12


class Numbers(NamedTuple):
    """How many generated flows are compared on each engine; `generated` on Argo and Step Functions, `spawned` in fresh
    interpreters here; `shared` in each form in which tasks share containers; `brought` on each target that is a distribution
    of its own. And how many mutants."""

    generated: int
    airflow_3: int
    scheduler: int
    gangs_on_scheduler: int
    airflow_2: int
    gangs_on_airflow_2: int
    real_argo: int
    spawned: int
    shared: int
    shared_on_airflow: int
    brought: int
    brought_shared: int
    mutants: int


SUITES: Mapping[str, Numbers] = {
    "short": Numbers(5, 1, 0, 0, 0, 0, 20, 2, 2, 1, 0, 0, 20),
    "sample": Numbers(150, 12, 6, 2, 8, 2, 0, 20, 40, 4, 15, 4, 400),
    "long": Numbers(1000, 70, 30, 10, 40, 5, 100, 200, 300, 40, 200, 60, 2_400),
}
FORM = sample.form(os.environ)
NUMBERS = SUITES[FORM]
LONG = FORM == "long"
SAMPLED = FORM == "sample"
SHORT = FORM == "short"
ALONE = os.environ.get(sample.SEED) if SAMPLED else None
"""The one seed to be run, where one failed."""
FIRST = int(ALONE) if ALONE else sample.first_seed(sample.named_sample()) if SAMPLED else 1
"""Where the seeds of flows begin; mutants of the fixed forms begin at 0."""


def generated() -> range:
    """The seeds of the flows that Argo and Step Functions run."""
    return range(FIRST, FIRST + (1 if ALONE else NUMBERS.generated))


def mutants() -> range:
    """The seeds of the mutants."""
    first = FIRST if ALONE or SAMPLED else 0
    return range(first, first + (1 if ALONE else NUMBERS.mutants))


def seeds(target: str, number: int, accept: Callable[[GeneratedFlow], bool] = lambda _: True) -> tuple[int, ...]:
    """The first seeds of the form whose flows are accepted and have nothing that the target lacks."""
    drawn = map(draw, generated() if ALONE else count(FIRST))
    found = (flow for flow in drawn if accept(flow) and runs_on(flow, target))
    return tuple(flow.seed for flow in islice(found, number))


def runs_on(flow: GeneratedFlow, target: str) -> bool:
    """Whether a target has all that a flow was drawn with."""
    backend = load_backend(target)
    assert backend is not None
    return not flow.features & set(backend.gaps)


def has_gang(flow: GeneratedFlow) -> bool:
    """Whether some of its tasks wait for each other, as under Airflow's `dag.test()` none can: there one runs after the other."""
    return "gang" in flow.features


def has_none(flow: GeneratedFlow) -> bool:
    """Whether its tasks may run one after the other."""
    return not has_gang(flow)


@cache
def draw(seed: int) -> GeneratedFlow:
    """The flow of a seed, as large as the suite takes it."""
    return generate(seed, max_tasks=MAX_TASKS, max_steps=MAX_STEPS)


def chunks(found: Sequence[int], size: int = CHUNK) -> Sequence[Sequence[int]]:
    """Some seeds at a time: a test each."""
    return [found[first : first + size] for first in range(0, len(found), size)]


def named(found: Sequence[int]) -> str:
    """For test ids."""
    return f"{found[0]}-{found[-1]}"
