"""Sources with the expected findings beside their lines, as `compiler.policy.marked` reads them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from compiler.diagnostics import Report
from compiler.frontend import parse
from compiler.frontend.findings import fc1xx, fc2xx, fc4xx, fc5xx, fc6xx
from compiler.ir.flow import Flow
from compiler.policy import marked
from compiler.policy.marked import Place

_RULES = (fc1xx, fc2xx, fc4xx, fc5xx, fc6xx)
NOTES = frozenset(
    rule.code for module in _RULES for rule in vars(module).values() if getattr(rule, "severity", "") == "note"
)


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
    return Marked(*marked.unmark(text))


def findings(report: Report, lines: list[str]) -> tuple[Place, ...]:
    """What was found, as places."""
    return marked.places(report, lines)


def read(folder: Path, source: str, *, name: str | None = None, notes: bool = False) -> tuple[tuple[Flow, ...], Report]:
    """Parse a source as the file `flow_file.py` of a folder."""
    path = folder / "flow_file.py"
    path.write_bytes(source.encode("utf-8"))
    report = Report(notes=notes)
    return parse(path, report, name=name), report
