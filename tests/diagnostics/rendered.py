"""How each rule looks in a terminal: the first case of every code, rendered. `make golden` writes `rendered.txt`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from compiler.diagnostics import Diagnostic, Report
from compiler.frontend import parse
from compiler.report.render import read_sources, render
from tests.diagnostics import cures, marked, settings_cases
from tests.diagnostics.aiming import found_on
from tests.diagnostics.file_cases import CASES as FILES
from tests.diagnostics.file_cases import OTHERS, read_other
from tests.diagnostics.policy_cases import CASES as HELD
from tests.diagnostics.policy_cases import found_by
from tests.diagnostics.target_cases import CASES as AIMED

GOLDEN = Path(__file__).with_name("rendered.txt")
_ELSEWHERE = "beside"
"""What stands for the folder of the case."""


def rendered() -> str:
    """Every code that a flow's text can have, in order; the findings beside it in its case are left out."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        found: dict[str, str] = {}
        for code, text in _all(folder):
            found.setdefault(code, text)
    return "\n".join(found[code] for code in sorted(found))


def _all(folder: Path) -> Iterator[tuple[str, str]]:
    # One after the other: they are all the same file.
    parts = (_texts(folder), _files(folder), _targets(folder), _held(folder), _settings(folder / "workspace"))
    for report in chain(*parts):
        for finding in report:
            yield finding.rule.code, _block(finding, folder)


def _texts(folder: Path) -> Iterator[Report]:
    for code in sorted({place.code for text in cures.CASES.values() for place in marked.unmark(text).expected}):
        case = marked.unmark(cures.shown(code) or "")
        _, report = marked.read(folder, case.source, notes=case.notes)
        yield _only(report, code)


def _files(folder: Path) -> Iterator[Report]:
    for data, place in FILES.values():
        if place.code in ("FC102", "FC104"):
            (folder / "flow_file.py").write_bytes(data)
            report = Report()
            parse(folder / "flow_file.py", report)
            yield report
    for code in OTHERS:
        yield read_other(code, folder)[1]


def _targets(folder: Path) -> Iterator[Report]:
    for case in AIMED.values():
        yield found_on(case, folder)


def _settings(folder: Path) -> Iterator[Report]:
    for case in settings_cases.CASES.values():
        settings_cases.written(case, folder)
        yield settings_cases.found_in(folder)
        shutil.rmtree(folder)


def _held(folder: Path) -> Iterator[Report]:
    for case in HELD.values():
        yield found_by(case, folder)


def _only(report: Report, code: str) -> Report:
    """The findings of one rule."""
    kept = Report(notes=True)
    kept.diagnostics.extend(found for found in report if found.rule.code == code)
    return kept


def _block(finding: Diagnostic, folder: Path) -> str:
    """One finding without the summary below it."""
    one = Report(notes=True)
    one.diagnostics.append(finding)
    text = render(one, read_sources(one))
    return text.replace(folder.as_posix(), _ELSEWHERE).rpartition("\n\n")[0] + "\n"


if __name__ == "__main__":
    sys.stdout.write(rendered())
