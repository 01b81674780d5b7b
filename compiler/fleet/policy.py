"""The policy of a workspace, as `check` and `create` hold a flow to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.backends import Backend, Options
from compiler.diagnostics import Report
from compiler.workspace.settings import Settings

if TYPE_CHECKING:
    from compiler.ir.plan import Plan


def hold_policy(settings: Settings, plan: Plan, report: Report, on: tuple[Backend, Options] | None = None) -> None:
    """Report what a flow breaks of the policy, if the workspace has one; on a target, or whatever that is."""
    if settings.policy:
        from compiler.policy.holding import hold  # noqa: PLC0415 - few repositories have a policy

        hold(settings, plan, report, on)
