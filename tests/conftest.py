"""The bytecode that all tests read, and the lines that say which flows a run is of and how many it compared: hooks of this folder alone."""

from __future__ import annotations

import compileall
import gc
import os
import signal
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import settings

from tests.conformance import COMPARED
from tests.conformance.sample import form, told
from tests.engines.airflow import LINES, DagTester, DagTesters
from tests.engines.npm import NO_NPM
from tests.stages.browser import NO_BROWSER
from tests.stages.image_builder import NOT_BUILT
from tests.stages.in_memory import leave, make_room
from tests.stages.variants import LEFT, left_to_the_sample

settings.register_profile("untimed", settings.default, deadline=None)
settings.load_profile("untimed")  # a busy machine fails no test
gc.disable()

ROOT = Path(__file__).resolve().parents[1]


def pytest_configure(config: pytest.Config) -> None:
    """Once for all workers: files lie in memory, and both packages are compiled, which containers of the tests would do each.

    An interruption is heard, also where a shell in the background has let its children ignore it: tests send some.
    """
    if not hasattr(config, "workerinput"):
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        make_room()
        for name in ("compiler", "runtime_shim"):
            compileall.compile_dir(ROOT / name, quiet=2)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing."""
    if not hasattr(config, "workerinput"):
        leave()


FIRST = ("scheduler", "airflow 2 server", "airflow 3", "airflow 2", "mlflow")
"""The groups of tests that take longest, one after the other on an engine: whoever begins with them has time for the rest beside."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What a line of Airflow runs is a group, so that each line starts once. Groups first, since each is one worker's.

    What is `sampled("alone")` runs in no other form than the sample and the long one.
    """
    for item in items:
        line = _line(item)
        if line and item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(f"airflow {line.removeprefix('af')}"))
    for item in [*left_to_the_sample(items)]:
        item.add_marker(pytest.mark.sampled("alone"))
    if form(os.environ) == "short":
        for item in items:
            if any(mark.args for mark in item.iter_markers("sampled")):
                item.add_marker(pytest.mark.skip(reason=LEFT))
    items.sort(key=_turn)


def _line(item: pytest.Item) -> str:
    """The line of Airflow among the parameters of a test that runs DAG files; nothing where there is none."""
    if not isinstance(item, pytest.Function) or "testers" not in item.fixturenames or not hasattr(item, "callspec"):
        return ""
    return next((value for value in item.callspec.params.values() if value in LINES), "")


def _turn(item: pytest.Item) -> int:
    mark = item.get_closest_marker("xdist_group")
    name = mark.args[0] if mark else ""
    return FIRST.index(name) if name in FIRST else len(FIRST) + (mark is None)


def pytest_collection_finish() -> None:
    """What is collected stays until the end: no search for garbage has to look at it, nor was there one while it was collected."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def _no_cache_of_mine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What calls keep of flows lies in a folder of the tests' own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("caches")))
        yield


@pytest.fixture(scope="session")
def testers() -> Iterator[Mapping[str, DagTester]]:
    """The processes that run DAG files, by line of Airflow: one a line for all tests of a worker."""
    with DagTesters() as found:
        yield found


def pytest_report_header() -> str | None:
    """Which sample this run is of, where it is of one."""
    return told(os.environ)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the sample once more, and the numbers; under several workers the reports carry them."""
    if sample := told(os.environ):
        terminalreporter.write_sep("=", sample)
    reports = [report for found in terminalreporter.stats.values() for report in found]
    pairs = {
        tuple(value)
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "call" and report.passed
        for key, value in report.user_properties
        if key == COMPARED and isinstance(value, list | tuple)
    }
    loud = (NOT_BUILT, NO_NPM, NO_BROWSER)
    skipped = [
        report
        for report in terminalreporter.stats.get("skipped", ())
        if any(why in str(report.longrepr) for why in loud)
    ]
    for reason in {str(report.longrepr[-1]) for report in skipped}:
        terminalreporter.write_sep("!", reason)
    counts = Counter(str(engine) for engine, _ in pairs)
    if counts:
        flows = counts.pop("local")
        compared = ", ".join(f"{count} on {engine}" for engine, count in sorted(counts.items()))
        terminalreporter.write_sep("=", f"conformance: {flows} flows compared with their local run: {compared}")
