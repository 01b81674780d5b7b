"""A local run whose tasks share processes speaks of tasks: how many, which was tried again, which failed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.stages.command_line import Flowc

FLOW = (Path(__file__).parents[1] / "flows/sharing.py").read_text(encoding="utf-8")
SHARED = ("--fuse", "--chunk", "square=2")
FLAKY = FLOW.replace(
    "        self.area = self.input**2",
    "        from flowc import current\n        if self.input == 3 and current.retry_count < WHEN:\n"
    '            raise ValueError("not yet")\n        self.area = self.input**2',
)
TASKS = 15
"""start, prepare, five of square and of double, add, tell, end."""


def said(text: str) -> list[str]:
    """What is said of the run, without ids and times."""
    return [re.sub(r"local-\S+|[\d.]+ s$", "…", line) for line in text.splitlines()]


@pytest.mark.parametrize(
    "words", [(), SHARED, ("--fuse",), ("--fuse", "--chunk", "square=2:2"), ("--fuse", "--chunk", "square=99")]
)
def test_the_summary_counts_tasks(flowc: Flowc, folder: Path, words: tuple[str, ...]) -> None:
    (folder / "sharing.py").write_text(FLOW)
    ran = flowc("run", *words, "sharing.py")
    assert ran.code == 0, ran.err
    assert said(ran.err)[-1] == f"SharingFlow/… succeeded: {TASKS} tasks, …"
    assert sum("side" in line for line in ran.out.splitlines()) == 5


def test_a_task_that_is_tried_again_within_its_process_is_told(flowc: Flowc, folder: Path) -> None:
    (folder / "sharing.py").write_text(FLAKY.replace("WHEN", "2"))
    ran = flowc("run", *SHARED, "sharing.py")
    assert ran.code == 0, ran.err
    lines = said(ran.err)
    assert lines.count("square[3] failed and is tried again: ValueError: not yet") == 2
    assert lines[-1] == f"SharingFlow/… succeeded: {TASKS} tasks, 2 tried again, …"


def test_a_task_that_fails_is_named_and_the_rest_of_its_portion_is_done(flowc: Flowc, folder: Path) -> None:
    (folder / "sharing.py").write_text(FLAKY.replace("WHEN", "9"))
    ran = flowc("run", *SHARED, "--max-workers", "1", "--run-id", "first", "sharing.py")
    lines = said(ran.err)
    assert ran.code == 1
    assert "square[3] failed after 3 attempts: ValueError: not yet" in lines
    assert lines[-1] == "SharingFlow/first failed in square[3]: 8 tasks, 2 tried again, …"
    inspected = flowc("inspect", "SharingFlow/first/square/3")
    assert (inspected.code, inspected.out.count("not yet") > 0) == (0, True)


def test_what_a_resumed_run_takes_over_is_counted_by_task(flowc: Flowc, folder: Path) -> None:
    (folder / "sharing.py").write_text(FLAKY.replace("WHEN", "9"))
    assert flowc("run", *SHARED, "--max-workers", "1", "--run-id", "first", "sharing.py").code == 1
    (folder / "sharing.py").write_text(FLOW)
    ran = flowc("run", *SHARED, "--resume", "first", "sharing.py")
    assert ran.code == 0, ran.err
    assert said(ran.err)[-1] == "SharingFlow/… succeeded: 7 tasks, 8 taken over, …"


def test_json_says_the_same_of_a_shared_run_as_of_another(flowc: Flowc, folder: Path) -> None:
    (folder / "sharing.py").write_text(FLOW)
    shapes = [json.loads(flowc("run", "--json", *words, "sharing.py").out) for words in ((), SHARED)]
    assert shapes[0].keys() == shapes[1].keys()
