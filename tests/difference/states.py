"""States of a repository from texts, and what differs between two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from compiler.difference.changes import TELLING
from compiler.difference.comparing import FlowDifference, compare
from compiler.difference.sides import Side, State

NOW = datetime(2026, 3, 27, 12, 0, tzinfo=UTC)
"""A Friday; in Europe the clocks go forward in the night to 29 March."""

SETTINGS = '[tool.flowc]\nimage = "team/flows:1"\nstore = "s3://bucket/store"\n'
"""With an image of its own no output holds the digest of the code."""

OTHER_THAN_PLAN = ("files", "runs")


def side(folder: Path, files: Mapping[str, str], targets: Sequence[str] = ()) -> Side:
    """A folder with these files, and its flows read."""
    for name, text in {
        "pyproject.toml": SETTINGS,
        ".flowcignore": "pyproject.toml\n",
        ".git/HEAD": "",
        **files,
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    read = Side(folder, tuple(targets))
    read.read(sorted(name for name in files if name.endswith(".py")))
    return read


def right(found: Side) -> list[State]:
    """The flows of a side without mistakes."""
    assert not found.report.failed, [each.message for each in found.report]
    return found.states


def between(
    folder: Path, old: Mapping[str, str], new: Mapping[str, str], targets: Sequence[str] = ()
) -> list[FlowDifference]:
    """The flows that differ between two states."""
    states = [right(side(folder / name, files, targets)) for name, files in (("old", old), ("new", new))]
    return [each for each in compare(*states, NOW) if each.changes]


def of_plan(found: Sequence[FlowDifference]) -> list[object]:
    """The changes but those of files and of runs."""
    return [each for flow in found for each in flow.changes if TELLING[type(each)].about not in OTHER_THAN_PLAN]
