"""What more than one target lacks, said once."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.backends import Gap
from compiler.diagnostics import Report, Rule
from compiler.ir.cron import special_days
from compiler.ir.plan import Feature, Plan

ONLY_ON_AIRFLOW: Mapping[Feature, Gap] = {
    "sensor": Gap(
        "it is an operator of Airflow's", "remove it, and start the run when what it waits for is there: `@trigger`"
    ),
}
"""What the other targets refuse."""

DAY_NOT_ON_CLOCK = Rule(
    code="FC344",
    name="day-not-on-clock",
    message="{clock} has no day `{day}` in `{cron}`: {reason}",
    help="{cure}",
)
_MOST_TIMES = 2_147_483_647
RETRIES_OVER_LIMIT = Rule(
    code="FC343",
    name="retries-over-limit",
    message="{target} retries at most {most} times, and `{step}` asks for {times}",
    help="ask for fewer: `@retry(times=…)`",
)


def check_retries(plan: Plan, target: str, report: Report, most: int = _MOST_TIMES) -> None:
    """Report how often a step would be tried again where the target has no such number; with `@catch` it is once more."""
    for task in plan.root.tasks():
        times = task.attempts - 1
        if times > most:
            decorators = plan.flow.steps[task.step].decorators
            span = next((each.span_of("times") for each in decorators if each.name == "retry"), task.span)
            report.add(RETRIES_OVER_LIMIT, span, target=target, most=most, step=task.step, times=times)


def check_days(plan: Plan, clock: str, report: Report, reason: str, cure: str) -> None:
    """Report a schedule with days that the target's clock does not know."""
    for day in special_days(plan.schedule.cron) if plan.schedule else ():
        span = next(each.span_of("cron") for each in plan.flow.decorators if each.name == "schedule")
        facts = {"clock": clock, "day": day, "cron": plan.schedule.cron if plan.schedule else ""}
        report.add(DAY_NOT_ON_CLOCK, span, reason=reason, cure=cure, **facts)
