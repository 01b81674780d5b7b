"""What Valohai cannot do, and settings that it does not have."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.backends import Gap, Options
from compiler.backends.gaps import ONLY_ON_AIRFLOW
from compiler.backends.secrets import check_aws
from compiler.backends.sizes import check_sizes
from compiler.diagnostics import Report, Rule
from compiler.ir.plan import Feature, Plan
from flowc_valohai.settings import wants

_STARTED_BY = "triggers are settings of a project, and no part of a valohai.yaml"

GAPS: Mapping[Feature, Gap] = {
    **ONLY_ON_AIRFLOW,
    "gang": Gap(
        "a Task promises of no two of its executions that they run at once, and the nodes of a gang wait for each other",
        "run it on a target whose tasks do, or start the processes within one step",
    ),
    "exit-hook": Gap(
        "no node of a pipeline runs after one that has failed",
        "let a notification trigger of the project follow the pipeline's end",
    ),
    "schedule": Gap(_STARTED_BY, "remove it, and add a scheduled trigger to the project"),
    "trigger": Gap(_STARTED_BY, "remove it, and add a webhook trigger to the project"),
    "trigger-on-finish": Gap(_STARTED_BY, "remove it, and add a notification trigger to the project"),
}

SETTING = Rule(
    code="VALOHAI01",
    name="valohai-setting",
    message="`{key}` of [tool.flowc.valohai] takes {expected}",
    help="docs/targets/valohai.md lists what each key takes",
)
NO_LIMIT = Rule(
    code="VALOHAI02",
    name="no-limit-on-valohai",
    message="a pipeline of Valohai has no limit of its own for what runs at once, and `max_workers` says {most}",
    help="leave it out for this target: the environment has a limit, in its settings",
)


def check(plan: Plan, options: Options, report: Report) -> None:
    """Every step and setting, each at its line."""
    for key, value in options.target.items():
        expected = wants(key, value)
        if expected:
            report.add(SETTING, plan.flow.span, key=key, expected=expected)
    if options.max_workers is not None:
        report.add(NO_LIMIT, plan.flow.span, most=options.max_workers)
    check_aws(plan, "valohai", report)
    check_sizes(plan, report)
