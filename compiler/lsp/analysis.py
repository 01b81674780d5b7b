"""A flow file as it stands in the editor: read as `flowc check` reads it, its text in place of the file's."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from pathlib import Path

from compiler.call.sources import Surroundings
from compiler.diagnostics import Diagnostic, Report
from compiler.frontend.findings.fc1xx import SYNTAX, TOO_DEEP
from compiler.ir.flow import Flow
from compiler.lsp.names import Names, lines_of
from compiler.mistakes import CallError
from compiler.pipeline import FlowChoiceError, read_flows
from compiler.report.fixing import mend
from compiler.slotted_class import fresh, mutable, record, replaced


@record
class Analysis:
    """What a text holds. `flows` and `names` are of the newest text that could be read, which may be an older one."""

    path: Path
    text: str
    findings: tuple[Diagnostic, ...]
    flows: tuple[Flow, ...] = ()
    lines: tuple[str, ...] = ()
    names: Names | None = None
    problem: str = ""
    """Why nothing could be found out: settings with mistakes, for one."""


@mutable
class Analyses:
    """The newest analysis of each open file."""

    known: dict[Path, Analysis] = fresh(default_factory=dict)

    def of(self, path: Path, text: str) -> Analysis:
        """The analysis of a text; what an unfinished one does not tell is that of the last that did."""
        before = self.known.get(path)
        if before is not None and before.text == text:
            return before
        found = analysed(path, text)
        if before is not None:
            found = replaced(found, flows=found.flows or before.flows, names=found.names or before.names)
        self.known[path] = found
        return found

    def forget(self, path: Path) -> None:
        """The file is closed."""
        self.known.pop(path, None)


def analysed(path: Path, text: str) -> Analysis:
    """Read a text as the file at `path` would be. A text that holds no flow has no findings."""
    lines = lines_of(text)
    if "FlowSpec" not in text:
        return Analysis(path, text, (), lines=lines)
    report = Report()
    gc.disable()  # a fifth of the time, for objects that all stay until the end
    try:
        flows = _read(path, {path.resolve(): text.encode("utf-8", "surrogatepass")}, report)
    except (CallError, OSError) as error:
        return Analysis(path, text, (), lines=lines, problem=str(error))
    finally:
        gc.enable()
    own = tuple(found for found in report if (path.parent / found.span.path).name == path.name)
    is_read = not any(found.rule in (SYNTAX, TOO_DEEP) for found in own)
    return Analysis(path, text, own, flows, lines, Names(text) if is_read else None)


def _read(path: Path, drafts: Mapping[Path, bytes], report: Report) -> tuple[Flow, ...]:
    surroundings = Surroundings(imports=False)
    reading = replaced(surroundings.reading(path), imports=False, drafts=drafts, passes_over=True)
    try:
        return read_flows(path, report, root=surroundings.root(path), reading=reading)
    except FlowChoiceError:
        return ()


def mended(analysis: Analysis, finding: Diagnostic) -> str | None:
    """The text with the fix of one finding made, as `flowc fix` makes it; None where that cannot be proven."""
    path = analysis.path

    def read(drafts: Mapping[Path, bytes]) -> Report:
        report = Report()
        _read(path, drafts, report)
        return report

    draft = {path.resolve(): analysis.text.encode("utf-8", "surrogatepass")}
    key = (finding.rule.code, finding.span.line, finding.message)
    found = mend(
        read,
        draft,
        root=Surroundings(imports=False).root(path),
        wanted=lambda one: (one.rule.code, one.span.line, one.message) == key,
    )
    data = found.drafts.get(path.resolve())
    changed = {each for each, content in found.drafts.items() if draft.get(each) != content}
    return data.decode("utf-8", "surrogatepass") if data is not None and changed == {path.resolve()} else None
