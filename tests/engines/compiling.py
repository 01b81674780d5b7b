"""What a case compiles to: the project's own pipeline, whatever finds a mistake is a failure of the test."""

from __future__ import annotations

import threading

from compiler.backends import Backend, Options, OutputFile
from compiler.diagnostics import Report
from compiler.ir.flow import Flow
from compiler.ir.planner import plan
from compiler.pipeline import emit_plan, read_flow
from tests.engines import FlowCase

_ONE_AT_A_TIME = threading.Lock()
"""Python 3.11's `ast.parse` fails in two threads at once: SystemError, "AST constructor recursion depth mismatch"."""


def compiled(case: FlowCase, backend: Backend, options: Options) -> tuple[Flow, tuple[OutputFile, ...]]:
    """The case's flow and the files that a backend makes of it. AssertionError for what the compiler refuses."""
    report = Report()
    with _ONE_AT_A_TIME:
        source = read_flow(case.path, report, name=case.flow, root=case.root)
        assert source, [finding.message for finding in report]
        files = emit_plan(plan(source), backend, options, report)
    assert files, [finding.message for finding in report]
    return source, files
