"""Flows from seeds: the local run is what the generator foresaw, and every engine's run is the local run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from tests.conformance.engines import Engine
from tests.conformance.judge import judge_seeds
from tests.conformance.plan import NUMBERS, chunks, generated, has_gang, has_none, named, seeds

Compared = Callable[[str, Mapping[str, Engine]], None]
AT_ONCE = 4
"""An execution waits more than it works."""

pytestmark = pytest.mark.sampled


@pytest.mark.parametrize("found", chunks(generated()), ids=named)
def test_argo_and_step_functions_give_what_the_local_run_gives(
    found: Sequence[int], container_engines: Mapping[str, Engine], tmp_path: Path, compared: Compared
) -> None:
    differences = judge_seeds(found, container_engines, tmp_path, AT_ONCE)
    assert not differences, "\n".join(differences)
    for seed in found:
        compared(f"generated {seed}", container_engines)


@pytest.mark.xdist_group("airflow 3")
@pytest.mark.parametrize("found", chunks(seeds("airflow", NUMBERS.airflow_3, has_none)), ids=named)
def test_airflow_3_gives_what_the_local_run_gives(
    found: Sequence[int], airflow_3: Mapping[str, Engine], tmp_path: Path, compared: Compared
) -> None:
    differences = judge_seeds(found, airflow_3, tmp_path)
    assert not differences, "\n".join(differences)
    for seed in found:
        compared(f"generated {seed}", airflow_3)


@pytest.mark.xdist_group("airflow 2")
@pytest.mark.parametrize("found", chunks(seeds("airflow", NUMBERS.airflow_2, has_none)), ids=named)
def test_airflow_2_gives_what_the_local_run_gives(
    found: Sequence[int], airflow_2: Mapping[str, Engine], tmp_path: Path, compared: Compared
) -> None:
    differences = judge_seeds(found, airflow_2, tmp_path)
    assert not differences, "\n".join(differences)
    for seed in found:
        compared(f"generated {seed}", airflow_2)


@pytest.mark.xdist_group("airflow 2")
@pytest.mark.parametrize("seed", seeds("airflow", NUMBERS.gangs_on_airflow_2, has_gang))
def test_gangs_on_airflow_2_give_what_the_local_run_gives(
    seed: int, airflow_2_at_once: Mapping[str, Engine], tmp_path: Path, compared: Compared
) -> None:
    differences = judge_seeds([seed], airflow_2_at_once, tmp_path)
    assert not differences, "\n".join(differences)
    compared(f"generated {seed}", airflow_2_at_once)
