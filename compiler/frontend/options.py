"""Values of the portable decorators: types, ranges, and what does not go together."""

from __future__ import annotations

from compiler.diagnostics import Report
from compiler.ir.flow import Flow


def check_options(flow: Flow, report: Report) -> None:
    """Report every option whose value is not one."""
