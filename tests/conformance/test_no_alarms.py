"""Right flows are read without a word: no error, no warning, whatever they do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from compiler.diagnostics import Report
from tests.conformance.cases import generated_case
from tests.conformance.plan import chunks, draw, generated, named
from tests.conformance.written import WRITTEN, Written
from tests.engines.compiling import read_case

TRUE = {("SwitchAroundFlow", "FC409"), ("RealTrainingFlow", "FC415")}
"""Warnings that are right, and meant: one flow reads what only one arm sets, one has an artifact that is called like a step."""


@pytest.mark.parametrize("written", WRITTEN, ids=lambda written: written.name)
def test_no_flow_of_the_tests_is_warned_of(written: Written, tmp_path: Path) -> None:
    report = Report()
    assert read_case(written.case(tmp_path), report)
    warned = [found for found in report if found.rule.severity != "note"]
    assert [found for found in warned if (written.flow, found.rule.code) not in TRUE] == []


@pytest.mark.sampled
@pytest.mark.parametrize("found", chunks(generated()), ids=named)
def test_no_generated_flow_is_warned_of(found: Sequence[int], tmp_path: Path) -> None:
    for seed in found:
        flow, report = draw(seed), Report()
        assert read_case(generated_case(flow, tmp_path / str(seed)), report)
        lines = flow.source.split("\n")
        # What an earlier step saved is deleted on purpose, to see that it comes back: that warning is right.
        untrue = [one for one in report if one.rule.code != "FC405" or "del self." not in lines[one.span.line - 1]]
        assert untrue == [], flow.source
