"""The colour of each status of a run or a task, on a terminal."""

from __future__ import annotations

COLOURS = {
    "done": "green",
    "succeeded": "green",
    "caught": "yellow",
    "failed": "red",
    "killed": "red",
    "damaged": "red",
    "stopped": "yellow",
    "terminated": "yellow",
}
COLOURS |= dict.fromkeys(("running", "unfinished", "queued", "unknown"), "cyan")
