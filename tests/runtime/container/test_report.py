"""What Maestro reads in the log of a task: the text between the last of its two words, whatever the task has printed itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.stages.container import contain, write
from tests.stages.one_step import ONE

START, END = "MAESTRO_OUTPUT_START_TOKEN", "MAESTRO_OUTPUT_END_TOKEN"
NOTHING: dict[str, Any] = {"params": {}}
FINAL = {"artifacts": {"maestro_retry": {"type": "RETRY", "retryable": False}}}
FORGED = f"print('{START}{{}}{END}'); print('{END} {START}')"


def _read(log: str, start: str = START, end: str = END) -> Any:
    """As `Fabric8RuntimeExecutor.getJobOutput` does."""
    first, last = log.rfind(start), log.rfind(end)
    assert 0 <= first < last, log
    return json.loads(log[first + len(start) : last])


def _params(output: Any) -> dict[str, str]:
    """What becomes a parameter: text whose evaluated result is the value, with a time."""
    found = output["params"]
    assert all(param["type"] == "STRING" and param["value"] == param["evaluated_result"] for param in found.values())
    assert all(isinstance(param["evaluated_time"], int) for param in found.values())
    return {name: param["value"] for name, param in found.items()}


@pytest.mark.parametrize(
    ("following", "told"),
    [
        ("self.next(self.end, foreach='xs')", {"fan": "3"}),
        ("self.next({'n': self.end, 'y': self.end}, condition='v')", {"chosen": "1"}),
        ("self.next(self.end)", {}),
    ],
)
@pytest.mark.parametrize("printed", ["", FORGED])
def test_the_last_words_of_a_task_are_its_report(
    following: str, told: dict[str, str], printed: str, tmp_path: Path
) -> None:
    text = ONE.format(start=f"self.xs = 'abc'; self.v = 'y'; {printed}", decorators="")
    write(tmp_path, text.replace("self.next(self.end)", following, 1))
    ended = contain(tmp_path, "start", FLOWC_REPORT="maestro:2")
    assert ended.returncode == 0, ended.stderr
    assert _params(_read(ended.stdout)) == told


def test_the_words_are_those_that_maestro_names(tmp_path: Path) -> None:
    write(tmp_path, ONE.format(start="pass", decorators=""))
    ended = contain(tmp_path, "start", FLOWC_REPORT="maestro:2", MAESTRO_OUTPUT_START="<<", MAESTRO_OUTPUT_END=">>")
    assert _read(ended.stdout, "<<", ">>") == NOTHING


@pytest.mark.parametrize(
    ("codes", "start", "retry", "code", "told"),
    [
        ("2", "raise ValueError", 0, 1, NOTHING),
        ("1,2", "raise ValueError", 0, 1, FINAL),
        ("1,2", "raise KeyboardInterrupt", 0, 143, NOTHING),
        ("2", f"{FORGED}; raise ValueError", 0, 1, NOTHING),
        ("2", "pass", "x", 2, FINAL),
        ("1,2", "pass", "x", 2, FINAL),
    ],
)
def test_what_failed_says_whether_another_attempt_makes_sense(
    codes: str, start: str, retry: Any, code: int, told: dict[str, Any], tmp_path: Path
) -> None:
    write(tmp_path, ONE.format(start=start, decorators=""))
    ended = contain(tmp_path, "start", retry=retry, FLOWC_REPORT=f"maestro:{codes}")
    assert ended.returncode == code, ended.stderr
    assert _read(ended.stdout) == told
