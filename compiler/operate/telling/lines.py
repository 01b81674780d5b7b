"""Runs, tasks and deployments as lines for a person."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

from compiler.backends.operating import Change, Deployment, Diagnosis
from compiler.legible import one_line
from compiler.operate.deploying import Step
from compiler.operate.tasks.views import TaskView
from compiler.operate.views import RunView
from compiler.terminal.colours import COLOURS
from compiler.terminal.said import Colour, Part, Styled
from compiler.terminal.times import local_moment, took

Line = tuple[Part, ...]

_MANY = 30
"""From so many tasks on those that have simply gone well are counted."""


def status(text: str) -> Styled:
    """A status in its colour."""
    return Styled(text, fg=COLOURS.get(text))


def run_line(view: RunView) -> Line:
    """A run in one line."""
    tags = f"  {', '.join(map(one_line, view.tags))}" if view.tags else ""
    spent = took(view.started or view.created, view.finished, None if view.is_over else time.time())
    return (
        f"{local_moment(view.created or view.started) or '':<19}  ",
        Styled(f"{view.status:<10}", fg=COLOURS.get(view.status)),
        f"  {spent:>8}  {one_line(view.path)}{tags}",
    )


def run_lines(view: RunView) -> Iterator[Line]:
    """A run, what is to be said of it as a whole, and its tasks: those that went well are counted where they are many."""
    spent = took(view.started or view.created, view.finished, None if view.is_over else time.time())
    yield f"{one_line(view.path)}  ", status(view.status), f"  {local_moment(view.created) or ''}  {spent}".rstrip()
    if view.deployment:
        yield (f"of {one_line(view.deployment)} on {view.target}",)
    if view.tags:
        yield (f"tags: {', '.join(map(one_line, view.tags))}",)
    yield from _why(view.reason, view.message, view.cure, "")
    shown = [task for task in view.tasks if len(view.tasks) < _MANY or not _is_plain(task)]
    width = max((len(_label(task)) for task in shown), default=0)
    for task in shown:
        yield from task_lines(task, width)
    yield from _counted(view, len(view.tasks) - len(shown))
    if view.url:
        yield (one_line(view.url),)


def _counted(view: RunView, hidden: int) -> Iterator[Line]:
    count = hidden + sum(view.unread.values())
    if count:
        yield f"  {count:,} more ", status("succeeded")


def task_lines(task: TaskView, width: int) -> Iterator[Line]:
    """A task, and below it why it did not go well."""
    tries = f"  {task.attempts} attempts" if task.attempts > 1 else ""
    caught = "  caught" if task.is_caught else ""
    spent = took(task.started, task.finished, None)
    yield f"  {_label(task):<{width}}  ", status(task.status), f"  {spent}{tries}{caught}".rstrip()
    if task.status != "succeeded":
        yield from _why(task.reason, task.message, task.cure, "    ")
    if task.failure and (task.status != "succeeded" or task.is_caught):
        for line in task.failure.stacktrace.rstrip().splitlines():
            yield (f"    {line}",)


def _why(reason: str, message: str, cure: str, indent: str) -> Iterator[Line]:
    said = one_line(message if message.startswith(reason) else f"{reason}: {message}" if message else reason)
    if said:
        yield indent, Styled(said, fg="red")
    if cure:
        yield (f"{indent}{cure}",)


def _is_plain(task: TaskView) -> bool:
    return task.status == "succeeded" and not task.is_caught and task.attempts <= 1


def _label(task: TaskView) -> str:
    if not task.step:
        return one_line(task.engine.node if task.engine else task.index)
    return one_line(task.step if task.index == "-" else f"{task.step}/{task.index}")


def label(step: str, index: str) -> str:
    """How a task is called before its lines: `square[2]`."""
    return one_line(step if index == "-" else f"{step}[{index}]")


def deployment_lines(there: Deployment) -> Iterator[Line]:
    """A deployment, and why it cannot run."""
    kept = there.record
    state = Styled("suspended", fg="yellow") if there.is_suspended else Styled("deployed ", fg="green")
    schedule = f"  {one_line(there.schedule)}" if there.schedule else ""
    origin = ""
    if kept:
        revision = f" of {kept.revision[:10]}{'+' if kept.revision.endswith('+') else ''}" if kept.revision else ""
        by = f" by {one_line(kept.by)}" if kept.by else ""
        origin = f"  {one_line(kept.flow)}{revision}{by}, {kept.at}"
    yield state, f"  {one_line(there.name)}{schedule}{origin}"
    if there.problem:
        yield "  ", Styled(one_line(there.problem), fg="red")


_SIGNS = {"new": "+", "changed": "~", "gone": "-", "foreign": "!"}
_STEP_COLOURS: Mapping[str, Colour | None] = {"new": "green", "changed": "yellow", "removed": "red", "unchanged": None}


def step_lines(step: Step, *, is_meant: bool, has_texts: bool = False) -> Iterator[Line]:
    """What deploying does to one deployment; what differs of the flow, or else of its objects, with their texts where that is asked for.

    `is_meant`: it is done next, and not only told. What is removed is asked about first.
    """
    would = "" if step.state == "unchanged" or (is_meant and step.state != "removed") else "would be "
    flow = f"  {one_line(step.planned.compiled.flow)}" if step.planned else ""
    yield Styled(f"{would}{step.state}", fg=_STEP_COLOURS[step.state]), f"  {one_line(step.name)}{flow}"
    for change in step.changes:
        if change.by_hand:
            yield (f"  ! {change.kind} {one_line(change.name)} was changed by hand",)
    if step.meaning is not None:
        from compiler.difference.telling.terminal import lines  # noqa: PLC0415 - few deployments differ

        yield from (("  ", *line) for line in lines(step.meaning))
    elif step.state == "changed":
        yield from (line for change in step.changes for line in _change_lines(change, has_texts=has_texts))


def _change_lines(change: Change, *, has_texts: bool) -> Iterator[Line]:
    if change.state == "unchanged":
        return
    yield (f"  {_SIGNS[change.state]} {change.kind} {one_line(change.name)}",)
    for line in text_difference(change) if has_texts else ():
        yield "    ", Styled(line, fg=_LINES.get(line[:1]))


def text_difference(change: Change) -> Iterator[str]:
    """The lines that differ, as `diff -u` writes them, without heads."""
    from difflib import unified_diff  # noqa: PLC0415 - few deployments differ

    lines = unified_diff(change.old.splitlines(), change.new.splitlines(), lineterm="", n=2)
    return (line for line in lines if not line.startswith(("---", "+++")))


_LINES: Mapping[str, Colour] = {"+": "green", "-": "red", "@": "cyan"}


def diagnosis_line(found: Diagnosis) -> Line:
    """One thing that `doctor` has looked at."""
    sign = {
        True: Styled("ok     ", fg="green"),
        False: Styled("wrong  ", fg="red"),
        None: Styled("unknown", fg="yellow"),
    }
    cure = f": {found.cure}" if found.cure and not found.is_well else ""
    return sign[found.is_well], f"  {found.subject}  {one_line(found.told)}{cure}"
