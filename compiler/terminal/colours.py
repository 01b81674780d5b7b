"""The colour of each status of a run or a task, on a terminal."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.terminal.said import Colour

_ENDED: Mapping[str, Colour] = {
    "done": "green",
    "succeeded": "green",
    "caught": "yellow",
    "failed": "red",
    "killed": "red",
    "damaged": "red",
    "stopped": "yellow",
    "terminated": "yellow",
}
_OPEN: Mapping[str, Colour] = dict.fromkeys(("running", "unfinished", "queued", "unknown"), "cyan")
COLOURS: Mapping[str, Colour] = {**_ENDED, **_OPEN}

_LABELS: tuple[Colour, ...] = ("cyan", "green", "yellow", "blue", "magenta")


def label_colour(step: str) -> Colour:
    """The colour of what a step prints: the same each time."""
    return _LABELS[sum(step.encode()) % len(_LABELS)]
