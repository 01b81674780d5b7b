"""Flows from seeds: the local run is what the generator foresaw, and every engine's run is the local run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conformance.engines import Engine
from tests.conformance.generator import generate
from tests.conformance.judge import judge_generated
from tests.conformance.plan import GENERATED, MAX_TASKS, ON_AIRFLOW_2, ON_AIRFLOW_3, chunks, named

Compared = Callable[[str, Mapping[str, Engine]], None]
AT_ONCE = 4
"""An execution waits more than it works."""


def judge(seeds: range, engines: Mapping[str, Engine], folder: Path, at_once: int = 1) -> list[str]:
    """All that differs in the flows of these seeds."""
    with ThreadPoolExecutor(at_once) as pool:
        found = pool.map(
            lambda seed: judge_generated(generate(seed, max_tasks=MAX_TASKS), engines, folder / str(seed)), seeds
        )
        return [difference for differences in found for difference in differences]


@pytest.mark.parametrize("seeds", chunks(GENERATED), ids=named)
def test_argo_and_step_functions_give_what_the_local_run_gives(
    seeds: range, container_engines: Mapping[str, Engine], tmp_path: Path, compared: Compared
) -> None:
    differences = judge(seeds, container_engines, tmp_path, AT_ONCE)
    assert not differences, "\n".join(differences)
    for seed in seeds:
        compared(f"generated {seed}", container_engines)


@pytest.mark.xdist_group("airflow 3")
@pytest.mark.parametrize("seeds", chunks(ON_AIRFLOW_3), ids=named)
def test_airflow_3_gives_what_the_local_run_gives(
    seeds: range, airflow_3: Mapping[str, Engine], tmp_path: Path, compared: Compared
) -> None:
    differences = judge(seeds, airflow_3, tmp_path)
    assert not differences, "\n".join(differences)
    for seed in seeds:
        compared(f"generated {seed}", airflow_3)


@pytest.mark.xdist_group("airflow 2")
@pytest.mark.parametrize("seeds", chunks(ON_AIRFLOW_2), ids=named)
def test_airflow_2_gives_what_the_local_run_gives(
    seeds: range, airflow_2: Mapping[str, Engine], tmp_path: Path, compared: Compared
) -> None:
    differences = judge(seeds, airflow_2, tmp_path)
    assert not differences, "\n".join(differences)
    for seed in seeds:
        compared(f"generated {seed}", airflow_2)
