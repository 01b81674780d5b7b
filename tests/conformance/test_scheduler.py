"""Nested foreaches and gangs under Airflow's real scheduler: what `dag.test()` lets pass may fail there, or cannot run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from tests.conformance.engines import Engine
from tests.conformance.generator import GeneratedFlow
from tests.conformance.judge import judge_seeds, judge_written
from tests.conformance.plan import ALONE, NUMBERS, chunks, has_gang, has_none, named, seeds
from tests.conformance.written import WRITTEN, Written

Compared = Callable[[str, Mapping[str, Engine]], None]
_TELLING = [written for written in WRITTEN if written.together or written.flow in ("ModelSearchFlow", "DeepFlow")]
LISTED = [] if ALONE else _TELLING


def is_telling(flow: GeneratedFlow) -> bool:
    """Whether the scheduler may treat a flow without a gang otherwise than `dag.test()` does."""
    return has_none(flow) and (flow.has_nested_foreach or bool(flow.features))


SEEDS = (
    *chunks(seeds("airflow", NUMBERS.scheduler, is_telling)),
    *chunks(seeds("airflow", NUMBERS.gangs_on_scheduler, has_gang)),
)
AT_ONCE = 4
"""A run waits for the scheduler more than it works."""

pytestmark = [pytest.mark.xdist_group("scheduler"), pytest.mark.sampled("alone")]


@pytest.mark.parametrize("written", LISTED, ids=lambda written: written.name)
def test_listed_flows_give_what_the_local_run_gives(
    written: Written, scheduler: Mapping[str, Engine], tmp_path: Path, compared: Compared
) -> None:
    differences = judge_written(written, scheduler, tmp_path)
    assert not differences, "\n".join(differences)
    compared(written.name, scheduler)


@pytest.mark.parametrize("found", SEEDS, ids=named)
def test_generated_flows_give_what_the_local_run_gives(
    found: Sequence[int], scheduler: Mapping[str, Engine], tmp_path: Path, compared: Compared
) -> None:
    differences = judge_seeds(found, scheduler, tmp_path, AT_ONCE)
    assert not differences, "\n".join(differences)
    for seed in found:
        compared(f"generated {seed}", scheduler)
