"""A flow held to the policy of its repository: what `check` and `create` call."""

from __future__ import annotations

from collections.abc import Sequence

from compiler.backends import Backend, Options
from compiler.diagnostics import Diagnostic, Report
from compiler.ir.flow import Span
from compiler.ir.plan import Plan
from compiler.policy import findings
from compiler.policy.held import Held
from compiler.policy.steps import check_steps
from compiler.policy.table import TABLE, Policy, read_policy
from compiler.policy.target import check_own_images, check_target
from compiler.report.render import lines_of, read_sources
from compiler.report.silencing import comment_on
from compiler.slotted_class import replaced
from compiler.workspace.settings import Settings


def hold(settings: Settings, plan: Plan, report: Report, on: tuple[Backend, Options] | None = None) -> None:
    """Report what a flow breaks of `[tool.flowc.policy]`, what is wrong with that table, and what the team's own rules find.

    Without a target (`on`) what only targets decide is left out: images by the settings, tags, the owner, the target itself.
    """

    def place(key: str) -> Span:
        said = settings.policy_settings.get(key)
        return (said.span if said else None) or settings.line_of(TABLE, key)

    policy = read_policy(settings.policy, place, report)
    held = Held(policy, Report(notes=report.notes))
    check_steps(plan, held)
    check_own_images(plan, held)
    if on:
        check_target(plan, *on, held)
    if policy.rules:
        from compiler.policy.installed import run_rules  # noqa: PLC0415 - reads the metadata of all packages

        run_rules(policy, plan, held.report)
    _take(held.report, policy, report)


def _take(found: Report, policy: Policy, report: Report) -> None:
    """Add the findings but for those that a comment of their line silences. A locked policy lets none be silenced, and says so."""
    lines = {path: lines_of(text) for path, text in read_sources(found).items()}
    for each in found.diagnostics:
        comment = _comment(each, lines.get(each.span.path, []))
        if comment is None or policy.locked:
            rule = replaced(each.rule, locked=True) if policy.locked else each.rule
            report.take(Report([replaced(each, rule=rule)], notes=report.notes))
        if comment is not None and policy.locked:
            report.add(findings.COMMENT_ON_LOCKED, comment, policy.note("locked"), code=each.rule.code)


def _comment(found: Diagnostic, lines: Sequence[str]) -> Span | None:
    return None if found.rule.locked else comment_on(found.rule.code, found.span, lines)
