"""Every rule finds its mistake, at its place, and nothing that only follows from another."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.diagnostics import Report, Rule
from compiler.frontend import parse, rules, value_rules
from compiler.frontend.declared import ImportFailure
from tests.diagnostics import marked, page
from tests.diagnostics.tables import CASES

ROOT = Path(__file__).parents[2]
RULES = {rule.code: rule for module in (rules, value_rules) for rule in vars(module).values() if isinstance(rule, Rule)}


@pytest.mark.parametrize("text", CASES.values(), ids=CASES.keys())
def test_each_mistake_is_found_at_its_place(text: str, tmp_path: Path) -> None:
    """All findings of a wrong flow, their lines and columns, and no others."""
    case = marked.unmark(text)
    flows, report = marked.read(tmp_path, case.source, notes=case.notes)
    assert marked.findings(report, case.source.split("\n")) == case.expected
    assert bool(flows) != report.failed


@pytest.mark.parametrize("text", CASES.values(), ids=CASES.keys())
def test_windows_newlines_and_a_byte_order_mark_change_no_place(text: str, tmp_path: Path) -> None:
    """The same findings whatever editor saved the file."""
    case = marked.unmark(text)
    path = tmp_path / "flow_file.py"
    path.write_bytes(b"\xef\xbb\xbf" + case.source.replace("\n", "\r\n").encode())
    report = Report(notes=case.notes)
    parse(path, report)
    assert marked.findings(report, case.source.split("\n")) == case.expected


OTHERS: dict[str, tuple[str, bytes | None]] = {
    "FC101": ("missing.py", None),
    "FC102": ("flow.py", b"# -*- coding: ascii -*-\nx = '\xe9'\n"),
    "FC104": ("flow.py", b"x = " + b"1 + " * 20_000 + b"1\n"),
    "FC106": ("flow.py", b"x = 1\n"),
    "FC108": (
        "json.py",
        b"from metaflow import FlowSpec, step\nclass F(FlowSpec):\n    @step\n    def start(self): pass\n",
    ),
    "FC663": (
        "flow.py",
        b"from metaflow import FlowSpec, step\nclass F(FlowSpec):\n    @step\n    def start(self): pass\n",
    ),
}
"""Mistakes that are not in a line of the source: the file and its bytes."""


@pytest.mark.parametrize("code", OTHERS)
def test_mistakes_of_the_whole_file_are_found(code: str, tmp_path: Path) -> None:
    """A file that cannot be read, decoded or parsed, or that is named badly."""
    name, data = OTHERS[code]
    path = tmp_path / name
    if data is not None:
        path.write_bytes(data)
    report = Report()
    importer = (lambda *_: ImportFailure("KeyError: 'x'")) if code == "FC663" else None
    assert parse(path, report, name="Missing" if code == "FC106" else None, importer=importer) == () or code == "FC108"
    assert [found.rule.code for found in report] == [code]


def test_every_rule_has_a_case() -> None:
    """No rule without a flow that breaks it, and no case for a rule that is gone."""
    shown = {place.code for text in CASES.values() for place in marked.unmark(text).expected}
    assert shown | set(OTHERS) == set(RULES)


def test_names_of_rules_are_unique() -> None:
    """A code has one rule, and a rule one name."""
    found = page.rules()
    assert len({rule.name for rule in found.values()}) == len(found)


def test_the_page_is_fresh() -> None:
    """docs/diagnostics.md is what `python -m tests.diagnostics.page` prints."""
    assert (ROOT / "docs" / "diagnostics.md").read_text(encoding="utf-8") == page.page()
