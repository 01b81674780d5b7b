"""Every example and every flow written for the tests, on every engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.conformance.engines import CONTAINERS, Engine
from tests.conformance.judge import judge_written
from tests.conformance.plan import ALONE, LONG, SHORT
from tests.conformance.written import WRITTEN, Written
from tests.conformance.written.case import EXAMPLES, FLOWS

Compared = Callable[[str, Mapping[str, Engine]], None]
HOLDS_A_FLOW = ("(FlowSpec", 'if __name__ == "__main__":')
"""What stands in a file that holds a flow; a base that lies in a module of its own starts nothing."""

FOUND = () if ALONE else WRITTEN
ON_CONTAINERS, ON_AIRFLOW = 3, 8
"""In the default suite one flow in so many runs on an engine of containers, on Argo and Step Functions in turn, or on a line of Airflow."""


def _on_containers() -> Iterator[tuple[Written, tuple[str, ...]]]:
    """Each flow with the engines of containers that run it; what one refuses is asked of both."""
    for number, each in enumerate(FOUND):
        if not SHORT or each.refused:
            yield each, CONTAINERS
        elif number % ON_CONTAINERS == 0:
            yield each, (CONTAINERS[number // ON_CONTAINERS % len(CONTAINERS)],)


def _on_airflow(first: int) -> list[Written]:
    """Each flow on one of the two lines of Airflow, in the long form on both."""
    if LONG:
        return ONE_BY_ONE
    found = [each for each in FOUND[:: ON_AIRFLOW if SHORT else 1] if not each.together]
    return found[first::2]


ONE_BY_ONE = [written for written in FOUND if not written.together]
TOGETHER = [written for written in FOUND if written.together]
PLACES = list(_on_containers())
each_place = pytest.mark.parametrize(("written", "on"), PLACES, ids=[written.name for written, _ in PLACES])
each_on_airflow_3, each_on_airflow_2, each_together = (
    pytest.mark.parametrize("written", found, ids=lambda written: written.name)
    for found in (_on_airflow(0), _on_airflow(1), TOGETHER[::3] if SHORT else TOGETHER)
)

FLEET = EXAMPLES / "fleet"


def test_no_example_and_no_flow_is_left_out() -> None:
    """A file that holds a flow is a case; the fleet's have tests of their own, `tests/fleet` and `tests/airflow/test_fleet.py`."""
    files = {path: path.read_text("utf-8") for folder in (EXAMPLES, FLOWS) for path in folder.rglob("*.py")}
    holding = {path for path, text in files.items() if all(sign in text for sign in HOLDS_A_FLOW)}
    holding = {path for path in holding if FLEET not in path.parents}
    assert holding <= {written.path for written in WRITTEN}


def test_names_of_cases_are_unique() -> None:
    """Two cases of one name would share a line of the report."""
    names = [written.name for written in WRITTEN]
    assert len(names) == len(set(names))


@pytest.mark.sampled
@each_place
def test_argo_and_step_functions_give_what_the_local_run_gives(
    written: Written,
    on: tuple[str, ...],
    container_engines: Mapping[str, Engine],
    tmp_path: Path,
    compared: Compared,
) -> None:
    _compare(written, {name: container_engines[name] for name in on}, tmp_path, compared)


@pytest.mark.sampled
@pytest.mark.xdist_group("airflow 3")
@each_on_airflow_3
def test_airflow_3_gives_what_the_local_run_gives(
    written: Written, airflow_3: Mapping[str, Engine], tmp_path: Path, compared: Compared
) -> None:
    _compare(written, airflow_3, tmp_path, compared)


@pytest.mark.sampled
@pytest.mark.xdist_group("airflow 2")
@each_on_airflow_2
def test_airflow_2_gives_what_the_local_run_gives(
    written: Written, airflow_2: Mapping[str, Engine], tmp_path: Path, compared: Compared
) -> None:
    _compare(written, airflow_2, tmp_path, compared)


@pytest.mark.sampled
@pytest.mark.xdist_group("airflow 2")
@each_together
def test_gangs_on_airflow_2_give_what_the_local_run_gives(
    written: Written, airflow_2_at_once: Mapping[str, Engine], tmp_path: Path, compared: Compared
) -> None:
    _compare(written, airflow_2_at_once, tmp_path, compared)


def _compare(written: Written, engines: Mapping[str, Engine], folder: Path, compared: Compared) -> None:
    differences = judge_written(written, engines, folder)
    assert not differences, "\n".join(differences)
    compared(written.name, engines)
