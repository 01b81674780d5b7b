"""The lines that say which flows a run is of and how many it compared: hooks that only this folder's file is sure to give."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.conformance import COMPARED
from tests.conformance.sample import told
from tests.engines.azurite import NO_AZURITE
from tests.stages.browser import NO_BROWSER
from tests.stages.image_builder import NOT_BUILT

settings.register_profile("untimed", settings.default, deadline=None)
settings.load_profile("untimed")  # a busy machine fails no test


@pytest.fixture(scope="session", autouse=True)
def _no_cache_of_mine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What calls keep of flows lies in a folder of the tests' own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("caches")))
        yield


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
    loud = (NOT_BUILT, NO_AZURITE, NO_BROWSER)
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
