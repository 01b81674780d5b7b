"""Flows with marks, as a team tests its own rules by them: `examples/policy` does."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.policy import Plan, Report, Rule
from compiler.policy.marked import Place, read_case, unmark

NO_DOC = Rule("ACME007", "no-text", "`{step}` says nothing", "write a docstring")
TEXT = """
from flowc import FlowSpec, step

class F(FlowSpec):
    @step
    def start(self):
        {}pass
"""


def _documented(plan: Plan, report: Report) -> None:
    for task in plan.root.tasks():
        if not task.doc:
            report.add(NO_DOC, task.span, step=task.step)


def test_a_mark_is_what_is_expected_of_the_line_above() -> None:
    assert unmark("\na b\n  ^ ACME007\n^ FC101\nc") == ("a b\nc", (Place(1, 1, 2, "FC101"), Place(1, 3, 4, "ACME007")))


@pytest.mark.parametrize("mark", ["", "        ^^^^^ ACME007\n"])
def test_what_is_found_is_compared_with_the_marks(mark: str, tmp_path: Path) -> None:
    """Either may be more than the other."""
    wrong = TEXT.replace("        {}", mark + "        ").format() if mark else TEXT.format("")
    case = read_case(wrong, tmp_path)
    assert (case.found({NO_DOC: _documented}) == case.expected) is bool(mark)
    right = read_case(TEXT.format('"""Begin."""; '), tmp_path)
    assert right.found({NO_DOC: _documented}) == right.expected == ()


def test_a_case_that_is_no_flow_says_so(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="line 7: `F` has no step `nowhere`"):
        read_case(TEXT.format("") + "        self.next(self.nowhere)\n", tmp_path)
