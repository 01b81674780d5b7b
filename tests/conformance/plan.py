"""Which flows are compared on which engine, in the default suite and in the long one (`FLOWC_CONFORMANCE=long`)."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import cache
from itertools import count, islice

from compiler.commands.targets import load_backend
from tests.conformance.generator import GeneratedFlow, generate

LONG = os.environ.get("FLOWC_CONFORMANCE") == "long"
CHUNK = 10
MAX_TASKS = 12
MAX_STEPS = 12

GENERATED = 1000 if LONG else 100
ON_AIRFLOW_3 = 70 if LONG else 7
ON_SCHEDULER = 30 if LONG else 3
ON_AIRFLOW_2 = 40 if LONG else 5
GANGS_ON_SCHEDULER = 10 if LONG else 1
GANGS_ON_AIRFLOW_2 = 5 if LONG else 1
ON_REAL_ARGO = 100 if LONG else 20


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
