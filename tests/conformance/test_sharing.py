"""Flows whose tasks share containers leave the tasks, attempts and artifacts of the plain local run, wherever they run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.engines import CONTAINERS, Engine
from tests.conformance.judge import judge_seeds, judge_written
from tests.conformance.plan import LONG, NUMBERS, SHORT, chunks, generated, has_none, named, seeds
from tests.conformance.sharing import FORMS, LOCAL, Form, engines_sharing, shared_seeds, sharing
from tests.conformance.written import WRITTEN, Written

Compared = Callable[[str, Mapping[str, Engine]], None]
Pair = tuple[Form, Written]
AT_ONCE = 4

CHOSEN: Sequence[tuple[Form, str]] = (
    ("fused", "tests/flows/killed:KilledFlow"),
    ("fused", "tests/flows/hooks:HooksFlow-given-1"),
    ("chunked", "tests/flows/items:ItemsFlow"),
    ("chunked", "tests/flows/unlucky:UnluckyFlow"),
    ("both", "examples/model_search:ModelSearchFlow"),
    ("both", "tests/flows/failures:FailuresFlow"),
    ("both", "tests/flows/recursion:RepeatInsideFlow"),
)
"""What the default suite runs; the long form all, in each form that says anything of a flow."""


def _pairs() -> list[Pair]:
    if LONG:
        return [(form, each) for each in WRITTEN for form in FORMS if sharing(each.case(Path()), form)]
    by_name = {written.name: written for written in WRITTEN}
    return [(form, by_name[name]) for form, name in CHOSEN]


def _on_containers() -> Iterator[Any]:
    """Each pair on Argo and on Step Functions; in the default suite on one of them, and in the sample on the other."""
    for number, (form, written) in enumerate(PAIRS):
        for place, name in enumerate(CONTAINERS):
            marks = () if LONG or place != number % len(CONTAINERS) else (pytest.mark.sampled("alone"),)
            yield pytest.param(form, written, name, marks=marks, id=f"{form}-{written.name}-{name}")


def _each(pairs: Sequence[Pair]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("form", "written"), pairs, ids=[f"{form}-{each.name}" for form, each in pairs])


PAIRS = _pairs()
ONE_BY_ONE = [pair for pair in PAIRS if not pair[1].together]
TOGETHER = [pair for pair in PAIRS if pair[1].together]
GENERATED = [(form, found) for form in FORMS for found in chunks(generated()[: NUMBERS.shared])]
each_found = pytest.mark.parametrize(
    ("form", "found"), GENERATED, ids=[f"{form}-{named(found)}" for form, found in GENERATED]
)
ON_AIRFLOW = seeds("airflow", NUMBERS.shared_on_airflow, has_none)
each_form = pytest.mark.parametrize("form", FORMS[2:] if SHORT else FORMS)


@pytest.mark.parametrize(("form", "written", "name"), list(_on_containers()))
def test_written_flows_here_and_on_argo_and_step_functions(
    form: Form, written: Written, name: str, container_engines: Mapping[str, Engine], tmp_path: Path, compared: Compared
) -> None:
    _compare(form, written, {**LOCAL, name: container_engines[name]}, tmp_path, compared)


@pytest.mark.xdist_group("airflow 3")
@_each(ONE_BY_ONE if LONG else ONE_BY_ONE[::3])
def test_written_flows_on_airflow_3(
    form: Form, written: Written, airflow_3: Mapping[str, Engine], tmp_path: Path, compared: Compared
) -> None:
    _compare(form, written, airflow_3, tmp_path, compared)


@pytest.mark.xdist_group("airflow 2")
@_each(ONE_BY_ONE if LONG else ONE_BY_ONE[1::3])
def test_written_flows_on_airflow_2(
    form: Form, written: Written, airflow_2: Mapping[str, Engine], tmp_path: Path, compared: Compared
) -> None:
    _compare(form, written, airflow_2, tmp_path, compared)


@pytest.mark.xdist_group("airflow 2")
@pytest.mark.skipif(not LONG, reason="`make conformance`")
@_each(TOGETHER)
def test_gangs_on_airflow_2(
    form: Form, written: Written, airflow_2_at_once: Mapping[str, Engine], tmp_path: Path, compared: Compared
) -> None:
    _compare(form, written, airflow_2_at_once, tmp_path, compared)


def _compare(form: Form, written: Written, on: Mapping[str, Engine], folder: Path, compared: Compared) -> None:
    engines = engines_sharing(on, form)
    differences = judge_written(written, engines, folder)
    assert not differences, "\n".join(differences)
    compared(written.name, engines)


@pytest.mark.sampled
@each_found
def test_generated_flows_here_and_on_argo_and_step_functions(
    form: Form,
    found: Sequence[int],
    container_engines: Mapping[str, Engine],
    tmp_path: Path,
    compared: Compared,
) -> None:
    _judge(form, found, {**LOCAL, **container_engines}, tmp_path, compared, AT_ONCE)


@pytest.mark.sampled
@pytest.mark.xdist_group("airflow 3")
@each_form
def test_generated_flows_on_airflow_3(
    form: Form, airflow_3: Mapping[str, Engine], tmp_path: Path, compared: Compared
) -> None:
    _judge(form, ON_AIRFLOW, airflow_3, tmp_path, compared)


@pytest.mark.sampled
@pytest.mark.xdist_group("airflow 2")
@each_form
def test_generated_flows_on_airflow_2(
    form: Form, airflow_2: Mapping[str, Engine], tmp_path: Path, compared: Compared
) -> None:
    _judge(form, ON_AIRFLOW[::2], airflow_2, tmp_path, compared)


def _judge(
    form: Form, found: Sequence[int], on: Mapping[str, Engine], folder: Path, compared: Compared, at_once: int = 1
) -> None:
    engines, found = engines_sharing(on, form), shared_seeds(found, form)
    differences = judge_seeds(found, engines, folder, at_once)
    assert not differences, "\n".join(differences)
    for seed in found:
        compared(f"generated {seed}", engines)
