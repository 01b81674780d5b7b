"""What Maestro's validators refuse (its package `validations`), and what would not reach a container as it was written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise

from compiler.backends import Options
from compiler.backends.command import images
from compiler.backends.gaps import check_days, check_retries
from compiler.backends.secrets import check_aws
from compiler.backends.sizes import check_sizes, environment_span
from compiler.diagnostics import Report, Rule
from compiler.ir.flow import Span
from compiler.ir.plan import Plan, Task
from flowc_maestro.definition import definition, workflow_id
from flowc_maestro.settings import MOST_TIMEOUT, wants
from flowc_maestro.steps import MOST_AT_ONCE, MOST_ID, each

MOST_STEPS, MOST_INSTANCE_STEPS, MOST_RETRIES, MOST_PAUSE = 300, 999, 99, 24 * 3600
MOST_DEPTH = 9
"""Foreaches in each other: an inline workflow with ten ancestors is refused (`StepHelper.createInternalWorkflowRunRequest`)."""
MOST_BYTES = 256 * 1024 - 16 * 1024
"""What Maestro takes for a request as it writes it, less what its models add to some 300 steps and to the request."""

_WORKFLOW = r"[_a-zA-Z0-9][.\-_a-zA-Z0-9]*"
_REFERENCE = r"[_a-zA-Z][.\-_a-zA-Z0-9]*"

BAD_ID = Rule(
    code="MAE01",
    name="maestro-id",
    message="Maestro takes no {what} of the name `{name}`: {reason}",
    help="give another name",
)
OVER_LIMIT = Rule(
    code="MAE02",
    name="maestro-limit",
    message="{what}: {asked}, and Maestro takes at most {most}",
    help="{cure}",
)
BAD_SETTING = Rule(
    code="MAE03",
    name="maestro-setting",
    message="`{key}` of [tool.flowc.maestro] is not what Maestro takes: {expected}",
    help="correct it in pyproject.toml",
)
TEXT_REWRITTEN = Rule(
    code="MAE04",
    name="text-that-maestro-rewrites",
    message="Maestro takes the `$` in {what} for a reference of its own: `{text}`",
    help="write it without `$`",
)
TOO_OFTEN = Rule(
    code="MAE05",
    name="maestro-schedule",
    message="`{cron}` starts runs a minute after each other, and Maestro wants two minutes between them",
    help="let it start every other minute: `*/2 * * * *`",
)


def check(plan: Plan, options: Options, report: Report) -> None:
    """Report all of it, each at the author's line."""
    _check_ids(plan, options, report)
    _check_settings(plan, options, report)
    _check_text(plan, options, report)
    _check_shape(plan, report)
    for task in plan.root.tasks():
        _check_task(plan, task, report)
    check_retries(plan, "maestro", report, MOST_RETRIES)
    check_aws(plan, "maestro", report)
    check_sizes(plan, report)
    _check_schedule(plan, report)
    if not report.failed:
        size = len(json.dumps(definition(plan, options), ensure_ascii=False, separators=(",", ":")).encode())
        cure = "split the flow, or put what many steps repeat into the image"
        _over(report, plan.flow.span, "the bytes of the definition", size, MOST_BYTES, cure)


def _over(report: Report, span: Span, what: str, asked: float, most: int, cure: str) -> None:
    if asked > most:
        report.add(OVER_LIMIT, span, what=what, asked=f"{asked:g}", most=most, cure=cure)


def _check_ids(plan: Plan, options: Options, report: Report) -> None:
    name = workflow_id(plan, options)
    for reason in _lacks(name, _WORKFLOW):
        report.add(BAD_ID, plan.flow.span, what="workflow", name=name, reason=reason)
    named = [("step", each(task.step), task.span) for task in plan.root.containers()]
    named += [("parameter", parameter.name, parameter.span) for parameter in plan.parameters]
    for what, name, span in named:
        for reason in _lacks(name, _REFERENCE):
            report.add(BAD_ID, span, what=what, name=name.removesuffix("-each"), reason=reason)


def _lacks(name: str, pattern: str) -> Iterator[str]:
    if not re.fullmatch(pattern, name):
        yield "it wants letters of ASCII, digits, `.`, `-` and `_`"
    if len(name) > MOST_ID:
        yield f"it is longer than {MOST_ID} characters"
    if name.lower().startswith("maestro_"):
        yield "it begins with `maestro_`"
    if pattern == _WORKFLOW and name.lower().endswith("_maestro"):
        yield "it ends with `_maestro`"
    if pattern == _REFERENCE and "__" in name:
        yield "it holds `__`, which stands between a step and its parameter"


def _check_settings(plan: Plan, options: Options, report: Report) -> None:
    for key, value in options.target.items():
        if expected := wants(key, value):
            report.add(BAD_SETTING, plan.flow.span, key=key, expected=expected)
    if options.max_workers is not None and not 1 <= options.max_workers <= MOST_INSTANCE_STEPS:
        report.add(BAD_SETTING, plan.flow.span, key="max_workers", expected=f"1 to {MOST_INSTANCE_STEPS}")


def _check_text(plan: Plan, options: Options, report: Report) -> None:
    shared = {"image": options.image or options.default_image, "store": options.store, "code": options.code}
    found = [(f"`{what}`", text, plan.flow.span) for what, text in (*shared.items(), *options.images.items())]
    found += [("an image", image, span) for image, span in images(plan)]
    for task in plan.root.tasks():
        found += [("the name of a variable", name, environment_span(plan, task)) for name, _ in task.environment]
    for what, text, span in found:
        if text and "$" in text:
            report.add(TEXT_REWRITTEN, span, what=what, text=text)


def _check_shape(plan: Plan, report: Report) -> None:
    """Report the step that is one too many, its foreach counted, and gangs wider than what runs at once."""
    number = 0
    for task in plan.root.containers():
        width = 2 if task.reports == "fan" else 1
        if number <= MOST_STEPS < number + width:
            cure = "let several steps share a container with `fuse`, or split the flow"
            _over(report, task.span, "the steps, with those that loop", number + width, MOST_STEPS, cure)
        number += width
    for gang, _ in plan.root.gangs():
        width = gang.width if isinstance(gang.width, int) else 0
        span = plan.flow.steps[gang.split.step].next.span
        _over(report, span, "the nodes of a gang, which wait for each other", width, MOST_AT_ONCE, "use fewer")


def _check_task(plan: Plan, task: Task, report: Report) -> None:
    cure = "go over pairs in one foreach instead of nesting two"
    _over(report, task.span, f"the foreaches around `{task.step}`", task.depth, MOST_DEPTH, cure)
    spans = {each.name: each.span for each in plan.flow.steps[task.step].decorators}
    for what, decorator, asked, most in (
        ("seconds between attempts", "retry", task.retry.pause if task.retry else 0, MOST_PAUSE),
        ("seconds of an attempt", "timeout", task.deadline, MOST_TIMEOUT),
    ):
        _over(report, spans.get(decorator, task.span), what, asked or 0, most, "ask for less, or leave it out")


def _check_schedule(plan: Plan, report: Report) -> None:
    cure = "name days by their numbers, or compile for AWS"
    check_days(plan, "Maestro", report, "its cron has plain days alone", cure)
    if plan.schedule and _each_minute(*plan.schedule.cron.split()[:2]):
        report.add(TOO_OFTEN, plan.schedule.span, cron=plan.schedule.cron)


def _each_minute(minute: str, hour: str) -> bool:
    """Whether two runs are a minute apart: in an hour, or from the last of one to the first of the next."""
    minutes, hours = sorted(_numbers(minute, 60)), _numbers(hour, 24)
    follow = {0, 59} <= set(minutes) and any((hour + 1) % 24 in hours for hour in hours)
    return follow or any(after - before == 1 for before, after in pairwise(minutes))


def _numbers(field: str, most: int) -> set[int]:
    """The numbers below `most` that a field of a cron names."""
    found: set[int] = set()
    for part in field.split(","):
        numbers, _, step = part.partition("/")
        first, _, last = ("0", "", str(most - 1)) if numbers in ("*", "?") else numbers.partition("-")
        end = int(last) if last else most - 1 if step else int(first)
        found |= set(range(int(first), end + 1, int(step or 1)))
    return found
