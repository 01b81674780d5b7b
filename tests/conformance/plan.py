"""Which flows are compared on which engine, in the default suite and in the long one (`FLOWC_CONFORMANCE=long`)."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import cache
from itertools import count, islice
from typing import NamedTuple

from compiler.call.targets import load_backend
from tests.conformance.generator import GeneratedFlow, generate

LONG = os.environ.get("FLOWC_CONFORMANCE") == "long"
CHUNK = 10
MAX_TASKS = 12
MAX_STEPS = 12


class Numbers(NamedTuple):
    """How many generated flows are compared on each engine; `generated` on Argo and Step Functions."""

    generated: int
    airflow_3: int
    scheduler: int
    gangs_on_scheduler: int
    airflow_2: int
    gangs_on_airflow_2: int
    real_argo: int


SHORT_SUITE = Numbers(100, 7, 3, 1, 5, 1, 20)
LONG_SUITE = Numbers(1000, 70, 30, 10, 40, 5, 100)
NUMBERS = LONG_SUITE if LONG else SHORT_SUITE


def seeds(target: str, number: int, accept: Callable[[GeneratedFlow], bool] = lambda _: True) -> tuple[int, ...]:
    """The first seeds, from 1 on, whose flows are accepted and have nothing that the target lacks."""
    found = (flow for flow in map(draw, count(1)) if accept(flow) and runs_on(flow, target))
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


def chunks(found: Sequence[int]) -> Sequence[Sequence[int]]:
    """Some seeds at a time: a test each."""
    return [found[first : first + CHUNK] for first in range(0, len(found), CHUNK)]


def named(found: Sequence[int]) -> str:
    """For test ids."""
    return f"{found[0]}-{found[-1]}"
