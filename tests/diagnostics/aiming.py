"""A case for a target, compiled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from compiler.backends import Options
from compiler.backends.targets import load_backend
from compiler.diagnostics import Report
from compiler.ir.grouping import grouped
from compiler.ir.planner import plan
from compiler.pipeline import emit_plan, read_flow
from tests.diagnostics import marked
from tests.diagnostics.target_cases import Aimed


def found_on(case: Aimed, folder: Path) -> Report:
    """What is found in a case on its target, in the file `flow_file.py` of the folder."""
    backend = load_backend(case.target)
    assert backend is not None
    path = folder / "flow_file.py"
    path.write_text(marked.unmark(case.text).source, encoding="utf-8")
    given: dict[str, Any] = dict(case.options)
    report = Report()
    flow = read_flow(path, report)
    options = Options("f:0", target=case.settings, **given)
    files = emit_plan(grouped(plan(flow), case.grouping), backend, options, report) if flow else ()
    assert bool(files) != report.failed
    return report
