"""What Maestro's validators refuse (its package `validations`), and what would not reach a container as it was written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from compiler.backends import Options
from compiler.backends.command import images
from compiler.backends.gaps import check_days, check_retries
from compiler.backends.secrets import check_aws
from compiler.backends.sizes import check_sizes, environment_span
from compiler.diagnostics import Report, Rule
from compiler.ir.flow import Span
from compiler.ir.plan import FanOut, Plan, Scope, Task
from flowc_maestro.definition import definition, workflow_id
from flowc_maestro.settings import wants
from flowc_maestro.steps import MOST_AT_ONCE, MOST_ID, each

MOST_STEPS = 300
MOST_DEPTH = 9
"""Foreaches in each other: an inline workflow of ten ancestors is refused (`StepHelper.createInternalWorkflowRunRequest`)."""
MOST_BYTES = 256 * 1024 - 8 * 1024
"""What Maestro takes for a request as it writes it, less what its models add: empty transitions and whether it is active."""
MOST_RETRIES = 99
MOST_PAUSE = 24 * 3600
MOST_TIMEOUT = 120 * 24 * 3600
MOST_INSTANCE_STEPS = 999

_WORKFLOW = r"[_a-zA-Z0-9][.\-_a-zA-Z0-9]*"
_REFERENCE = r"[_a-zA-Z][.\-_a-zA-Z0-9]*"

BAD_ID = Rule(
    "FC360",
    "maestro-id",
    "Maestro takes no {what} of the name `{name}`: {reason}",
    "give another name",
)
TOO_MANY_STEPS = Rule(
    "FC361",
    "maestro-too-many-steps",
    "`{step}` is step number {number} of the workflow, its foreaches counted, and Maestro takes {most}",
    "let several steps share a container with `fuse`, or split the flow",
)
TOO_DEEP = Rule(
    "FC362",
    "maestro-too-deep",
    "`{step}` is the body of {depth} nested foreaches, and Maestro has {most}",
    "go over pairs in one foreach instead of nesting two",
)
TOO_LARGE = Rule(
    "FC363",
    "maestro-too-large",
    "the definition has {size} bytes, and Maestro takes {most}",
    "split the flow, or put what many steps repeat into the image",
)
BAD_SETTING = Rule(
    "FC364",
    "maestro-setting",
    "`{key}` of [tool.flowc.maestro] is not what Maestro takes: {expected}",
    "correct it in pyproject.toml",
)
TEXT_REWRITTEN = Rule(
    "FC365",
    "text-that-maestro-rewrites",
    "Maestro takes the `$` in {what} for a reference of its own: `{text}`",
    "write it without `$`",
)
GANG_TOO_WIDE = Rule(
    "FC366",
    "maestro-gang-too-wide",
    "the gang has {width} nodes, which wait for each other, and Maestro runs at most {most} of a foreach at once",
    "use fewer nodes",
)
NO_SHARED_MEMORY = Rule(
    "FC367",
    "maestro-shared-memory",
    "Maestro's containers have no option for shared memory, and `{step}` asks for {size} MiB",
    "leave `shared_memory` out, or compile for a target that has it",
)
TOO_LONG = Rule(
    "FC368",
    "maestro-time",
    "Maestro takes at most {most} seconds for {what} of `{step}`, which asks for {asked}",
    "ask for less",
)
TOO_OFTEN = Rule(
    "FC369",
    "maestro-schedule",
    "`{cron}` starts runs a minute after each other, and Maestro wants two minutes between them",
    "let it start every other minute: `*/2 * * * *`",
)


def check(plan: Plan, options: Options, report: Report) -> None:
    """Report all of it, each at the author's line."""
    _check_ids(plan, options, report)
    _check_settings(plan, options, report)
    _check_text(plan, options, report)
    _check_shape(plan.root, report)
    for task in plan.root.tasks():
        _check_task(plan, task, report)
    check_retries(plan, "maestro", report, MOST_RETRIES)
    check_aws(plan, "maestro", report)
    check_sizes(plan, report)
    _check_schedule(plan, report)
    if not report.failed:
        _check_size(plan, options, report)


def _check_ids(plan: Plan, options: Options, report: Report) -> None:
    name = workflow_id(plan, options)
    for reason in _lacks(name, _WORKFLOW):
        report.add(BAD_ID, plan.flow.span, what="workflow", name=name, reason=reason)
    if name.lower().endswith("_maestro"):
        report.add(BAD_ID, plan.flow.span, what="workflow", name=name, reason="it ends with `_maestro`")
    for task in plan.root.containers():
        for reason in _reference_lacks(each(task.step)):
            report.add(BAD_ID, task.span, what="step", name=task.step, reason=reason)
    for parameter in plan.parameters:
        for reason in _reference_lacks(parameter.name):
            report.add(BAD_ID, parameter.span, what="parameter", name=parameter.name, reason=reason)


def _reference_lacks(name: str) -> Iterator[str]:
    yield from _lacks(name, _REFERENCE)
    if "__" in name:
        yield "it holds `__`, which stands between a step and its parameter"


def _lacks(name: str, pattern: str) -> Iterator[str]:
    if not re.fullmatch(pattern, name):
        yield "it wants letters of ASCII, digits, `.`, `-` and `_`"
    if len(name) > MOST_ID:
        yield f"it is longer than {MOST_ID} characters"
    if name.lower().startswith("maestro_"):
        yield "it begins with `maestro_`"


def _check_settings(plan: Plan, options: Options, report: Report) -> None:
    for key, value in options.target.items():
        expected = wants(key, value)
        if expected:
            report.add(BAD_SETTING, plan.flow.span, key=key, expected=expected)
    if options.max_workers is not None and not 1 <= options.max_workers <= MOST_INSTANCE_STEPS:
        report.add(BAD_SETTING, plan.flow.span, key="max_workers", expected=f"1 to {MOST_INSTANCE_STEPS}")


def _check_text(plan: Plan, options: Options, report: Report) -> None:
    shared = {"image": options.image, "default image": options.default_image, "store": options.store, "code": options.code}
    for what, text in (*shared.items(), *options.images.items()):
        if text and "$" in text:
            report.add(TEXT_REWRITTEN, plan.flow.span, what=f"`{what}`", text=text)
    for image, span in images(plan):
        if "$" in image:
            report.add(TEXT_REWRITTEN, span, what="an image", text=image)
    for task in plan.root.tasks():
        for name, _ in task.environment:
            if "$" in name:
                report.add(TEXT_REWRITTEN, environment_span(plan, task), what="the name of a variable", text=name)


def _check_shape(root: Scope, report: Report) -> None:
    """Report the step that is one too many, a foreach in too many others, and gangs wider than what runs at once."""
    number = 0
    for span, step, of_it in _counted(root):
        if number <= MOST_STEPS < number + of_it:
            report.add(TOO_MANY_STEPS, span, step=step, number=number + of_it, most=MOST_STEPS)
        number += of_it
    for gang, _ in root.gangs():
        if isinstance(gang.width, int) and gang.width > MOST_AT_ONCE:
            report.add(GANG_TOO_WIDE, gang.split.span, width=gang.width, most=MOST_AT_ONCE)


def _counted(scope: Scope) -> Iterator[tuple[Span, str, int]]:
    for node in scope.flat:
        task = node.split if isinstance(node, FanOut) else node
        yield task.span, task.step, 1 + int(isinstance(node, FanOut))
        if isinstance(node, FanOut):
            yield from _counted(node.body)


def _check_task(plan: Plan, task: Task, report: Report) -> None:
    if task.depth > MOST_DEPTH:
        report.add(TOO_DEEP, task.span, step=task.step, depth=task.depth, most=MOST_DEPTH)
    if task.resources.shared_memory:
        report.add(NO_SHARED_MEMORY, task.span, step=task.step, size=task.resources.shared_memory)
    pause, deadline = task.retry.pause if task.retry else 0, task.deadline or 0
    for what, decorator, asked, most in (
        ("the pause between attempts", "retry", pause, MOST_PAUSE),
        ("an attempt", "timeout", deadline, MOST_TIMEOUT),
    ):
        if asked > most:
            span = next((each.span for each in plan.flow.steps[task.step].decorators if each.name == decorator), task.span)
            report.add(TOO_LONG, span, what=what, step=task.step, asked=asked, most=most)


def _check_schedule(plan: Plan, report: Report) -> None:
    check_days(plan, "Maestro", report, "its cron has plain days alone", "name days by their numbers, or compile for AWS")
    if plan.schedule and _each_minute(plan.schedule.cron.split()):
        report.add(TOO_OFTEN, plan.schedule.span, cron=plan.schedule.cron)


def _each_minute(fields: list[str]) -> bool:
    """Whether two runs are a minute apart: two minutes of an hour, or its last and the first of the next where hours follow each other."""
    minutes = sorted(_numbers(fields[0], 60))
    if any(after - before == 1 for before, after in zip(minutes, minutes[1:], strict=False)):
        return True
    hours = _numbers(fields[1], 24)
    return {0, 59} <= set(minutes) and any((hour + 1) % 24 in hours for hour in hours)


def _numbers(field: str, most: int) -> set[int]:
    """The numbers below `most` that a field of a cron names."""
    found: set[int] = set()
    for part in field.split(","):
        numbers, _, step = part.partition("/")
        first, _, last = ("0", "", str(most - 1)) if numbers in ("*", "?") else numbers.partition("-")
        end = int(last) if last else most - 1 if step else int(first)
        found |= set(range(int(first), end + 1, int(step or 1)))
    return found


def _check_size(plan: Plan, options: Options, report: Report) -> None:
    size = len(json.dumps(definition(plan, options), ensure_ascii=False, separators=(",", ":")).encode())
    if size > MOST_BYTES:
        report.add(TOO_LARGE, plan.flow.span, size=size, most=MOST_BYTES)
