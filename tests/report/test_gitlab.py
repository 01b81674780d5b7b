"""The Code Quality report is what GitLab's documentation asks for, "Code Quality report format"."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from compiler.diagnostics import Report, Rule
from compiler.ir.flow import Span
from compiler.report.render import render
from tests.diagnostics import marked
from tests.diagnostics.tables import CASES

SCHEMA = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "location", "severity"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": r"^(?!\./)"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}


@pytest.mark.parametrize("text", list(CASES.values())[::7])
def test_each_finding_is_one_of_the_report(text: str, tmp_path: Path) -> None:
    _, report = marked.read(tmp_path, marked.unmark(text).source, notes=True)
    told = json.loads(render(report, {}, "gitlab"))
    jsonschema.validate(told, SCHEMA)
    assert [each["location"]["lines"]["begin"] for each in told] == [each.span.line for each in report]
    assert len({each["fingerprint"] for each in told}) == len(report)


def test_no_finding_is_an_empty_report() -> None:
    assert render(Report(), {}, "gitlab") == "[]\n"


RULE = Rule("FC999", "a-rule", "about {what}", "do that")


def _told(*places: tuple[str, int]) -> list[dict[str, object]]:
    report = Report()
    for path, line in places:
        report.add(RULE, Span(path, line, 1, line, 2), what="x")
    told: list[dict[str, object]] = json.loads(render(report, {}, "gitlab"))
    return told


def test_a_finding_keeps_its_fingerprint_where_its_line_moves() -> None:
    """And has another one in another file, or where it is there twice."""
    one, two = _told(("./flow.py", 3), ("./flow.py", 5))
    (moved,) = _told(("flow.py", 9))
    (other,) = _told(("other.py", 3))
    assert moved["fingerprint"] == one["fingerprint"]
    assert len({each["fingerprint"] for each in (one, two, other)}) == 3
