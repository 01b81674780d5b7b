"""Sources with the expected findings beside their lines.

A line of carets and a code (`    ^^^^ FC202`) says that the line above has that finding at those columns; several such lines may
follow one another. They are taken out before the source is read. A finding that goes on over several lines is marked on its
first line, up to that line's end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from compiler.diagnostics import Report
from compiler.frontend import parse
from compiler.frontend.findings import fc1xx, fc2xx, fc4xx, fc5xx, fc6xx
from compiler.ir.flow import Flow

_RULES = (fc1xx, fc2xx, fc4xx, fc5xx, fc6xx)
NOTES = frozenset(
    rule.code for module in _RULES for rule in vars(module).values() if getattr(rule, "severity", "") == "note"
)
_MARK = re.compile(r"(\s*)(\^+) (FC\d{3})")


@dataclass(frozen=True, order=True)
class Place:
    """A finding without its words: columns from 1, the end exclusive."""

    line: int
    col: int
    end_col: int
    code: str


@dataclass(frozen=True)
class Marked:
    """A source without its marks, and what they said."""

    source: str
    expected: tuple[Place, ...]

    @property
    def notes(self) -> bool:
        """Whether notes, which are off by default, are among what is expected."""
        return any(place.code in NOTES for place in self.expected)


def unmark(text: str) -> Marked:
    """Take the marks out of a source; one leading newline goes too, so that cases begin on their own line."""
    lines: list[str] = []
    expected: list[Place] = []
    for line in text.removeprefix("\n").split("\n"):
        mark = _MARK.fullmatch(line)
        if mark:
            col = len(mark[1]) + 1
            expected.append(Place(len(lines), col, col + len(mark[2]), mark[3]))
        else:
            lines.append(line)
    return Marked("\n".join(lines), tuple(sorted(expected)))


def findings(report: Report, lines: list[str]) -> tuple[Place, ...]:
    """What was found, as places."""
    return tuple(
        sorted(
            Place(
                found.span.line,
                found.span.col,
                found.span.end_col if found.span.end_line == found.span.line else len(lines[found.span.line - 1]) + 1,
                found.rule.code,
            )
            for found in report
        )
    )


def read(folder: Path, source: str, *, name: str | None = None, notes: bool = False) -> tuple[tuple[Flow, ...], Report]:
    """Parse a source as the file `flow_file.py` of a folder."""
    path = folder / "flow_file.py"
    path.write_bytes(source.encode("utf-8"))
    report = Report(notes=notes)
    return parse(path, report, name=name), report
