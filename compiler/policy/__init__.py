"""What a platform team asks of every flow: `[tool.flowc.policy]`, and rules of its own that are installed beside flowc.

May import all rooms but the commands; never click. Start reading in `holding`, which is what `check` and `create` call.

The names below are the public surface for a team's own rules, which are Python: see docs/policy.md. `VERSION` grows when something of it
changes in a way that a rule can notice.
"""

from __future__ import annotations

from collections.abc import Callable

from compiler.diagnostics import Note, Report, Rule
from compiler.ir.flow import Decorator, Dynamic, Flow, Parameter, Span, Step
from compiler.ir.plan import Branches, FanOut, Plan, Scope, Task

VERSION = 1

Check = Callable[[Plan, Report], None]
"""One rule as Python: it looks at a plan, and adds a finding for each breach."""

__all__ = [
    "VERSION",
    "Branches",
    "Check",
    "Decorator",
    "Dynamic",
    "FanOut",
    "Flow",
    "Note",
    "Parameter",
    "Plan",
    "Report",
    "Rule",
    "Scope",
    "Span",
    "Step",
    "Task",
]
