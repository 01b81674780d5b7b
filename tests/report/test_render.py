"""Findings as people and machines see them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import pytest

from compiler.diagnostics import Note, Report, Rule, clipped
from compiler.frontend import parse
from compiler.frontend.decorators.language import STEP
from compiler.frontend.findings.fc5xx import CREDENTIAL
from compiler.ir.flow import Span
from compiler.report.render import Format, read_sources, render, summary
from tests.diagnostics import marked

ERROR = Rule(
    "FC202",
    "foreach-without-join",
    "the foreach over `{items}` is never joined",
    "let a step after the branch take `inputs`",
)
WARNING = Rule("FC405", "delete-does-not-last", "`{items}` stays", "leave it", "warning")
SOURCE = 'a = 1\n\tself.next(self.a, foreach="数")\ndef é(\n  self,\n): pass\n'


def _report(*spans: tuple[int, int, int, int], rule: Rule = ERROR, notes: tuple[Note, ...] = ()) -> Report:
    report = Report()
    for line, col, end_line, end_col in spans:
        report.add(rule, Span("squares.py", line, col, end_line, end_col), *notes, items="numbers")
    return report


def test_text_shows_the_line_and_the_cure() -> None:
    """Code, message, place, source with carets, help, and a summary line."""
    text = render(_report((1, 1, 1, 6)), {"squares.py": SOURCE})
    assert text == (
        "error[FC202]: the foreach over `numbers` is never joined\n"
        " --> squares.py:1:1\n"
        "  |\n"
        "1 | a = 1\n"
        "  | ^^^^^\n"
        "  = help: let a step after the branch take `inputs`\n"
        "\n"
        "1 error\n"
    )


PLACES = {
    "a tab before": ((2, 2, 2, 11), "    self.next(", "    ^^^^^^^^^"),
    "wide letters": ((2, 28, 2, 31), '    self.next(self.a, foreach="数"', " " * 30 + "^^^^"),
    "several lines": ((3, 5, 5, 8), "def é(", "    ^^"),
    "behind the line's end": ((1, 6, 1, 7), "a = 1", "     ^"),
    "nothing": ((1, 3, 1, 3), "a = 1", "  ^"),
}


@pytest.mark.parametrize("name", PLACES)
def test_carets_stand_under_what_is_meant(name: str) -> None:
    """Tabs as blanks, wide letters as two columns, the first of several lines."""
    span, line, carets = PLACES[name]
    lines = render(_report(span), {"squares.py": SOURCE}).split("\n")
    assert lines[3].removeprefix(f"{span[0]} | ").startswith(line)
    assert lines[4] == f"  | {carets}"


def test_notes_show_their_own_place() -> None:
    """A second place with its line, and line numbers of different widths."""
    source = "\n" * 9 + "b = 2\n"
    note = Note(Span("other.py", 10, 1, 10, 2), "the other one")
    text = render(_report((1, 1, 1, 2), notes=(note,)), {"squares.py": SOURCE, "other.py": source})
    assert text.split("\n")[1:10] == [
        "  --> squares.py:1:1",
        "   |",
        " 1 | a = 1",
        "   | ^",
        "   = note: the other one",
        "  --> other.py:10:1",
        "   |",
        "10 | b = 2",
        "   | -",
    ]


def test_a_missing_source_leaves_the_place() -> None:
    """Without the text there is no line to show."""
    assert render(_report((7, 1, 7, 2)), {}).split("\n")[1:3] == [
        " --> squares.py:7:1",
        "  = help: let a step after the branch take `inputs`",
    ]


def test_terminals_obey_no_text_of_the_user() -> None:
    """Control characters of sources and messages are shown, not sent."""
    report = Report()
    report.add(Rule("FC1", "x", "bad {name}", ""), Span("a.py", 1, 1, 1, 2), name="\x1b[2J\n")
    assert "\x1b" not in render(report, {"a.py": "\x1b[31m = 1\n"})


def test_colour_only_adds_colour() -> None:
    """The same words with and without."""
    report, sources = _report((1, 1, 1, 6)), {"squares.py": SOURCE}
    coloured = render(report, sources, colour=True)
    assert "\x1b[1;31merror[FC202]" in coloured
    for code in ("\x1b[1;31m", "\x1b[1;34m", "\x1b[1m", "\x1b[0m"):
        coloured = coloured.replace(code, "")
    assert coloured == render(report, sources)


def test_json_is_one_object() -> None:
    """Every key that the page of rules promises."""
    report = _report((1, 1, 1, 6), notes=(Note(Span("squares.py", 3, 5, 3, 6), "here"),))
    assert json.loads(render(report, {}, "json")) == {
        "version": 1,
        "errors": 1,
        "warnings": 0,
        "diagnostics": [
            {
                "code": "FC202",
                "name": "foreach-without-join",
                "severity": "error",
                "message": "the foreach over `numbers` is never joined",
                "help": "let a step after the branch take `inputs`",
                "span": {"path": "squares.py", "line": 1, "column": 1, "end_line": 1, "end_column": 6},
                "notes": [
                    {
                        "message": "here",
                        "span": {"path": "squares.py", "line": 3, "column": 5, "end_line": 3, "end_column": 6},
                    }
                ],
                "fix": [],
            }
        ],
    }


def test_annotations_are_escaped() -> None:
    """A workflow command a line; columns only where the place is one line."""
    report = Report()
    report.add(Rule("FC1", "x", "100%{end}two", "", "warning"), Span("a,b.py", 1, 2, 1, 3), end="\n")
    report.add(Rule("FC2", "y", "m", "h"), Span("c.py", 1, 2, 3, 4))
    assert render(report, {}, "github") == (
        "::warning file=a%2Cb.py,line=1,endLine=1,col=2,endColumn=3,title=FC1 x::100%25%0Atwo\n"
        "::error file=c.py,line=1,endLine=3,title=FC2 y::m%0Ah\n"
    )


def test_the_summary_counts() -> None:
    """Errors, warnings, or nothing."""
    report = _report((1, 1, 1, 2), (2, 1, 2, 2))
    report.take(_report((1, 1, 1, 2), rule=WARNING))
    report.take(_report((1, 1, 1, 2)))
    assert summary(report) == "2 errors, 1 warning"
    assert summary(Report()) == "no mistakes found"
    assert render(Report(), {}) == ""


def test_sources_are_read_where_findings_stand(tmp_path: Path) -> None:
    """The text that `render` wants, for every file that a finding names."""
    _, report = marked.read(tmp_path, "x = (\n")
    path = str(tmp_path / "flow_file.py")
    assert read_sources(report) == {path: "x = (\n"}
    assert "1 | x = (" in render(report, read_sources(report))


def test_a_line_that_logs_should_not_hold_is_not_shown() -> None:
    """The place is enough to find it; every format leaves the value out."""
    span = Span("flow.py", 1, 1, 1, 20)
    report = Report()
    report.add(CREDENTIAL, span, what="the variable", name="DB_PASSWORD")
    for form in get_args(Format):
        shown = render(report, {"flow.py": "x = 'hunter2hunter2'\n"}, form)
        assert "DB_PASSWORD" in shown
        assert "hunter2" not in shown


HOSTILE = "\x1b[2J\x1b]0;title\x07 \x9b31m \u202e\u2066 \r\n::error::x %0A \x00 \udcff \u2028"


@pytest.mark.parametrize("form", get_args(Format))
def test_nothing_that_a_terminal_would_obey_is_printed(form: Format) -> None:
    """Neither from a path, a line, a message nor a note; a machine reads back what was there."""
    report = Report()
    span = Span(f"{HOSTILE}.py", 1, 1, 1, 2)
    report.add(ERROR, span, Note(span, HOSTILE), items=HOSTILE)
    text = render(report, {span.path: HOSTILE}, form)
    assert all(char.isprintable() or char == "\n" for char in text)
    assert text.encode()
    if form == "json":
        assert json.loads(text)["diagnostics"][0]["span"]["path"] == span.path
    if form == "github":
        assert [line[:7] for line in text.splitlines()] == ["::error"]


@pytest.mark.parametrize(
    ("text", "most", "shown"),
    [
        ("a few words", 20, "a few words"),
        ("one two three four", 12, "one two …"),
        ("a" * 30, 10, "a" * 9 + "…"),
        ("`alpha`, `beta gamma`, `delta`", 18, "`alpha`, …"),
        ("`alpha`, `beta`, `gamma`", 20, "`alpha`, `beta`, …"),
    ],
)
def test_a_long_text_ends_with_a_whole_word(text: str, most: int, shown: str) -> None:
    assert clipped(text, most) == shown


def test_all_options_of_every_decorator_fit_into_a_message(tmp_path: Path) -> None:
    for name, options in STEP.items():
        head = "from metaflow import *\nclass F(FlowSpec):\n"
        path = tmp_path / "flow_file.py"
        path.write_text(f"{head}    @{name}(zzzzzz=1)\n    @step\n    def start(self):\n        pass\n")
        report = Report()
        parse(path, report)
        assert all(f"`{option}`" in each.help for each in report if each.rule.code == "FC504" for option in options)
