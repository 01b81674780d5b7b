"""What `delete` and `gc` have in common: they ask before, and tell what is gone."""

from __future__ import annotations

import sys
from collections.abc import Callable

import click
from flowc.artifacts.address import RunAddress

from compiler.legible import one_line
from compiler.mistakes import CallError
from compiler.retention.deletion import Freed
from compiler.terminal.status_line import StatusLine
from compiler.terminal.times import size


def agreed(question: str, *, yes: bool) -> bool:
    """Whether a person at the terminal agrees, or has with `--yes`. Raises CallError where nobody can be asked."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise CallError("nobody can be asked here: say --yes to delete, --dry-run to see what would go")
    return click.confirm(question, err=True)


def freed_line(found: Freed) -> str:
    """A run, its objects and bytes."""
    return f"{one_line(found.address.flow)}/{one_line(found.address.run)}  {counted(found.objects)}, {size(found.size)}"


def counted(objects: int) -> str:
    """So many objects."""
    return f"{objects:,} object{'' if objects == 1 else 's'}"


def freed_facts(found: Freed) -> dict[str, object]:
    """The same for machines."""
    return {
        "flow": found.address.flow,
        "run_id": found.address.run,
        "objects": found.objects,
        "bytes": found.size,
    }


def progress() -> tuple[Callable[[RunAddress, int], None], Callable[[], None]]:
    """What shows on a terminal how much of a run is gone, and what takes that away."""
    line = StatusLine(sys.stderr)
    return lambda run, gone: line.draw(
        (f"deleting {one_line(run.flow)}/{one_line(run.run)}: {counted(gone)}",)
    ), line.hide
