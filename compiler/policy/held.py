"""What a flow breaks of a policy, as findings with their second place, the key in the settings."""

from __future__ import annotations

from compiler.diagnostics import Report, Rule
from compiler.ir.flow import Span
from compiler.policy.table import Demand, Policy
from compiler.slotted_class import mutable


@mutable
class Held:
    """A policy, and what was found of one flow so far."""

    policy: Policy
    report: Report

    def asks(self, key: str) -> Demand | None:
        """What the policy says by a key."""
        return self.policy.demands.get(key)

    def broken(self, demand: Demand, rule: Rule, span: Span, **facts: object) -> None:
        """Record a breach at the author's line, with the reason that the policy gives."""
        because = f"; the policy's reason: {demand.reason}" if demand.reason else ""
        self.report.add(rule, span, self.policy.note(demand.key), because=because, **facts)
