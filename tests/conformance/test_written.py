"""Every example on every engine, and every flow written for the tests on all but the older Airflow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.conformance.cases import EXAMPLES, FLOWS, NEWCOMER, WRITTEN, Written, is_example
from tests.conformance.judge import Engine, judge_written

Compared = Callable[[str, Mapping[str, Engine]], None]
each_flow = pytest.mark.parametrize("written", WRITTEN, ids=lambda written: written.name)


def test_no_example_and_no_flow_is_left_out() -> None:
    """A file that holds a flow is a case."""
    folders = (EXAMPLES, EXAMPLES / "taxi", FLOWS, FLOWS / "package", NEWCOMER)
    holding = {path for folder in folders for path in folder.glob("*.py") if "(FlowSpec" in path.read_text("utf-8")}
    assert holding == {written.path for written in WRITTEN}


@each_flow
def test_argo_and_step_functions_give_what_the_local_run_gives(
    written: Written, container_engines: Mapping[str, Engine], tmp_path: Path, compared: Compared
) -> None:
    differences = judge_written(written, container_engines, tmp_path)
    assert not differences, "\n".join(differences)
    compared(written.name, container_engines)


@pytest.mark.xdist_group("airflow 3")
@each_flow
def test_airflow_3_gives_what_the_local_run_gives(
    written: Written, airflow_3: Mapping[str, Engine], tmp_path: Path, compared: Compared
) -> None:
    differences = judge_written(written, airflow_3, tmp_path)
    assert not differences, "\n".join(differences)
    compared(written.name, airflow_3)


@pytest.mark.xdist_group("airflow 2")
@pytest.mark.parametrize(
    "written", [written for written in WRITTEN if is_example(written)], ids=lambda written: written.name
)
def test_airflow_2_gives_what_the_local_run_gives(
    written: Written, airflow_2: Mapping[str, Engine], tmp_path: Path, compared: Compared
) -> None:
    differences = judge_written(written, airflow_2, tmp_path)
    assert not differences, "\n".join(differences)
    compared(written.name, airflow_2)
