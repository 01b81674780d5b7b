"""Engines that tests share, and the line at the end that says how many flows were compared on which engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

import pytest

from tests.conformance import engines
from tests.conformance.judge import Engine

Record = Callable[[str, object], None]
COMPARED = "compared"


@pytest.fixture(scope="module")
def container_engines() -> Iterator[Mapping[str, Engine]]:
    with engines.container_engines() as found:
        yield found


@pytest.fixture(scope="module")
def airflow_3() -> Iterator[Mapping[str, Engine]]:
    with engines.dag_test("af3") as found:
        yield found


@pytest.fixture(scope="module")
def airflow_2() -> Iterator[Mapping[str, Engine]]:
    with engines.dag_test("af2") as found:
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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the numbers; under several workers the reports carry them."""
    reports = [report for found in terminalreporter.stats.values() for report in found]
    pairs = {
        tuple(value)
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "call" and report.passed
        for key, value in report.user_properties
        if key == COMPARED and isinstance(value, list | tuple)
    }
    counts = Counter(str(engine) for engine, _ in pairs)
    if counts:
        flows = counts.pop("local")
        told = ", ".join(f"{count} on {engine}" for engine, count in sorted(counts.items()))
        terminalreporter.write_sep("=", f"conformance: {flows} flows compared with their local run: {told}")
