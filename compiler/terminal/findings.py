"""How findings reach a person or a machine."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.diagnostics import Diagnostic, Report
from compiler.report.render import Format, lines_of, read_sources, render
from compiler.report.silencing import comment_on
from compiler.terminal.said import AsIs, say

FORMATS: tuple[Format, ...] = ("text", "json", "github", "gitlab", "sarif")


def show(report: Report) -> None:
    """Print what was found to stderr, so that stdout stays the output; nothing where nothing was found."""
    say(AsIs(_text(report, "text")), err=True, nl=False)


def write(report: Report, form: Format) -> None:
    """Print what was found to stdout in one of FORMATS."""
    say(AsIs(_text(report, form)), nl=False)


def _text(report: Report, form: Format) -> str:
    sources = read_sources(report)
    # Always coloured: click takes the colours away where no terminal reads, and where NO_COLOR says so.
    return render(_heard(report, sources), sources, form, colour=form == "text")


def _heard(report: Report, sources: Mapping[str, str]) -> Report:
    """Without the warnings that a comment on their line silences: `# flowc: ignore[FC409] why`. Errors stay."""
    if not any("flowc:" in text for text in sources.values()):
        return report
    heard = Report(notes=report.notes)
    lines = {path: lines_of(text) for path, text in sources.items()}
    heard.diagnostics.extend(found for found in report if not _is_silenced(found, lines.get(found.span.path, [])))
    return heard


def _is_silenced(found: Diagnostic, lines: list[str]) -> bool:
    if found.rule.severity == "error" or found.rule.locked:
        return False
    return comment_on(found.rule.code, found.span, lines) is not None
