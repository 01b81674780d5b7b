"""What Linux limits on every target: one variable or argument of a program, which is what a container is told by."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.backends.command import config_environment, loads_text, step_environment
from compiler.diagnostics import Report, Rule
from compiler.ir.flow import Span
from compiler.ir.plan import Plan, Task

LONGEST_TEXT = 131_071
"""Bytes of a variable with its name and `=`, or of an argument: the kernel's 32 pages less the NUL (MAX_ARG_STRLEN)."""

TEXT_TOO_LARGE = Rule(
    code="FC340",
    name="variable-too-large",
    message="{what} has {size} bytes in a container's environment, and Linux hands a program at most {most} at once",
    help="put it into a file beside the flow, or into an artifact of an earlier step",
)


def check_sizes(plan: Plan, report: Report) -> None:
    """Report each text that no container could be started with."""
    for what, text, span in _texts(plan):
        size = len(text.encode("utf-8", "surrogatepass"))
        if size > LONGEST_TEXT:
            report.add(TEXT_TOO_LARGE, span, what=what, size=size, most=LONGEST_TEXT)


def _texts(plan: Plan) -> Iterator[tuple[str, str, Span]]:
    if plan.flow.configs:
        largest = max(plan.flow.configs, key=lambda config: len(repr(config.text or config.value)))
        (value,) = config_environment(plan.flow.configs).values()
        yield f"`{largest.name}` with the flow's other Configs", f"FLOWC_CONFIG={value}", largest.span
    for task in plan.root.tasks():
        for name, value in step_environment(task).items():
            yield f"`@environment` of `{task.step}`", f"{name}={value}", environment_span(plan, task)
        yield f"what `{task.step}` loads", loads_text(task.loads), task.span


def environment_span(plan: Plan, task: Task) -> Span:
    """Where the step says its variables."""
    decorators = plan.flow.steps[task.step].decorators
    return next((each.span_of("vars") for each in decorators if each.name == "environment"), task.span)
