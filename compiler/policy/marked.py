"""Flows with the expected findings beside their lines: how rules are tested, ours and a team's own.

A line of carets and a code (`    ^^^^ ACME001`) says that the line above has that finding at those columns; several such lines may
follow one another. They are taken out before the source is read. A finding that goes on over several lines is marked on its
first line, up to that line's end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from compiler.diagnostics import Diagnostic, Report, Rule
from compiler.frontend import parse
from compiler.ir.plan import Plan
from compiler.ir.planner import plan
from compiler.policy import Check
from compiler.slotted_class import record

_MARK = r"(\s*)(\^+) ([A-Z]+\d{3,6})"


class Place(NamedTuple):
    """A finding without its words: columns from 1, the end exclusive."""

    line: int
    col: int
    end_col: int
    code: str


def unmark(text: str) -> tuple[str, tuple[Place, ...]]:
    """A source without its marks, and what they said, by place; one leading newline goes too."""
    lines: list[str] = []
    expected: list[Place] = []
    for line in text.removeprefix("\n").split("\n"):
        mark = re.fullmatch(_MARK, line)
        if mark:
            col = len(mark[1]) + 1
            expected.append(Place(len(lines), col, col + len(mark[2]), mark[3]))
        else:
            lines.append(line)
    return "\n".join(lines), tuple(sorted(expected))


def places(found: Iterable[Diagnostic], lines: list[str]) -> tuple[Place, ...]:
    """Findings of one source as places."""
    return tuple(sorted(_place(each, lines) for each in found))


def _place(found: Diagnostic, lines: list[str]) -> Place:
    span = found.span
    end = span.end_col if span.end_line == span.line else len(lines[span.line - 1]) + 1
    return Place(span.line, span.col, end, found.rule.code)


@record
class Case:
    """A marked flow, read: its plan, and what its marks say."""

    plan: Plan
    lines: tuple[str, ...]
    expected: tuple[Place, ...]

    def found(self, rules: Mapping[Rule, Check]) -> tuple[Place, ...]:
        """What the rules find in it; each is given a report of its own, as `flowc check` does it."""
        reports = [Report(notes=True) for _ in rules]
        for check, report in zip(rules.values(), reports, strict=True):
            check(self.plan, report)
        return places((each for report in reports for each in report), list(self.lines))


def read_case(text: str, folder: Path) -> Case:
    """A marked flow, which is written into a folder as `flow_file.py` and read. Raises ValueError where it is no flow without mistakes."""
    source, expected = unmark(text)
    path, report = folder / "flow_file.py", Report()
    path.write_bytes(source.encode("utf-8"))
    flows = parse(path, report)
    if report.failed or len(flows) != 1:
        raise ValueError(
            "\n".join(["no flow without mistakes", *(f"line {each.span.line}: {each.message}" for each in report)])
        )
    return Case(plan(flows[0]), tuple(source.split("\n")), expected)
