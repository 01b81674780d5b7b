"""Engines that tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pytest

from tests.conformance import COMPARED, engines
from tests.conformance.engines import Engine
from tests.engines.airflow import DagTester

Record = Callable[[str, object], None]


@pytest.fixture(scope="module")
def container_engines() -> Iterator[Mapping[str, Engine]]:
    with engines.container_engines() as found:
        yield found


@pytest.fixture
def airflow_3(testers: Mapping[str, DagTester]) -> Mapping[str, Engine]:
    return engines.dag_tested("af3", testers["af3"])


@pytest.fixture
def airflow_2(testers: Mapping[str, DagTester]) -> Mapping[str, Engine]:
    return engines.dag_tested("af2", testers["af2"])


@pytest.fixture(scope="session")
def airflow_2_at_once() -> Iterator[Mapping[str, Engine]]:
    with engines.dag_test("af2", together=True) as found:
        yield found


@pytest.fixture(scope="module")
def scheduler() -> Iterator[Mapping[str, Engine]]:
    with engines.scheduler() as found:
        yield found


@pytest.fixture
def compared(record_property: Record) -> Callable[[str, Mapping[str, Engine]], None]:
    """Called with a flow's name and the engines on which it was the same as the local run."""

    def record(flow: str, on: Mapping[str, Engine]) -> None:
        for name in ("local", *on):
            record_property(COMPARED, [name, flow])

    return record
