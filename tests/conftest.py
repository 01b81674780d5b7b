"""The line at the end that says how many flows were compared on which engine: a hook that only this folder's file is sure to give."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.conformance import COMPARED


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
