"""What AWS limits in the files that are emitted: the definition, a job definition, a rule's pattern and template."""

from __future__ import annotations

import json
from collections.abc import Mapping

from compiler.backends import Options
from compiler.backends.command import config_environment, step_environment
from compiler.backends.sizes import environment_span
from compiler.backends.stepfunctions import settings
from compiler.backends.stepfunctions.jobs import JobDefinitions
from compiler.backends.stepfunctions.layout import Json
from compiler.diagnostics import Report, Rule
from compiler.ir.flow import Span
from compiler.ir.plan import Plan, Task

LARGEST_JOB, LARGEST_PATTERN, LARGEST_TEMPLATE = 24 * 1024, 2048, 8192
"""Bytes that RegisterJobDefinition takes; characters of a rule's pattern, and of its input's template. All documented."""

_NEAR = LARGEST_JOB // 3
"""Characters of variables from which a job definition may come near its limit; below, none is measured."""

JOB_TOO_LARGE = Rule(
    code="FC341",
    name="job-definition-too-large",
    message="the job definition of `{step}` would have {size} bytes, and AWS Batch takes {limit}: most of it is {most}",
    help="put it into a file beside the flow, which the image holds, or into an artifact of an earlier step",
)
RULE_TOO_LARGE = Rule(
    code="FC342",
    name="event-rule-too-large",
    message="the {what} of the rule that starts the flow would have {size} characters, and EventBridge takes {limit}",
    help="let fewer parameters take fields of the event: one of `JSONType` may take many",
)


def check_jobs(plan: Plan, options: Options, machine: str, report: Report) -> None:
    """Report job definitions that Batch would not register; the values of options were checked before."""
    shared = sum(map(len, config_environment(plan.flow.configs).values()))
    shared += sum(map(len, settings.texts(options, "environment").values()))
    own = max((sum(map(len, step_environment(task).values())) for task in plan.root.tasks()), default=0)
    if shared + own < _NEAR:
        return
    definitions = JobDefinitions(plan, options, machine)
    reported: set[str] = set()
    for task in plan.root.containers():
        name = definitions.reference(task)[2:-1]
        size = _size(definitions.documents[name])
        if size > LARGEST_JOB and name not in reported:
            reported.add(name)
            most, span = _largest(plan, task)
            report.add(JOB_TOO_LARGE, span, step=task.step, size=size, limit=LARGEST_JOB, most=most)


def _largest(plan: Plan, task: Task) -> tuple[str, Span]:
    """What takes most of a job definition, and where it stands."""
    configs = sum(map(len, config_environment(plan.flow.configs).values()))
    own = sum(map(len, step_environment(task).values()))
    if configs > own:
        largest = max(plan.flow.configs, key=lambda config: len(repr(config.text or config.value)))
        return f"`{largest.name}` and other Configs", largest.span
    return ("`@environment`", environment_span(plan, task)) if own else ("variables of the settings", task.span)


def check_rule(plan: Plan, options: Options, report: Report) -> None:
    """Report what EventBridge would not take of a rule."""
    if not plan.triggers:
        return
    from compiler.backends.stepfunctions import events  # noqa: PLC0415  few flows have one, all pay for it

    for trigger in plan.triggers[:1]:
        template = events.transformer(trigger)["InputTemplate"]
        for what, text, limit in (
            ("pattern", json.dumps(events.pattern(plan, options, trigger), separators=(",", ":")), LARGEST_PATTERN),
            ("input template", str(template), LARGEST_TEMPLATE),
        ):
            if len(text) > limit:
                report.add(RULE_TOO_LARGE, trigger.span, what=what, size=len(text), limit=limit)


def _size(document: Json | Mapping[str, Json]) -> int:
    return len(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))
