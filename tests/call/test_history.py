"""What `runs` and `inspect` say of runs that went well, failed, were retried, stopped or killed: the same word in both."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flowc.artifacts.address import RunAddress
from flowc.artifacts.manifest import Failure
from flowc.artifacts.ordering import begin, fail
from flowc.store import open_store

from tests.stages.command_line import FLOW, Flowc

_SQUARE = "self.result = self.input**2"
_RETRIED = FLOW.replace("import FlowSpec,", "import current, retry, FlowSpec,").replace(
    "    @step\n    def square", "    @retry(times=2, minutes_between_retries=0)\n    @step\n    def square"
)
_FLAKY = (
    'print("try", current.retry_count)\n        if current.retry_count < {}: raise ValueError("bad\\nluck")\n        '
)


def _broken(line: str) -> str:
    return FLOW.replace(_SQUARE, f"{line}\n        {_SQUARE}")


def _signal(name: str) -> str:
    return _broken(f"import os, signal, time; os.kill(os.getpid(), signal.{name}); time.sleep(5)")


RUNS: dict[str, tuple[str, str, set[str]]] = {
    "good": (FLOW, "succeeded", {"done"}),
    "retried": (_RETRIED.replace(_SQUARE, _FLAKY.format(2) + _SQUARE), "succeeded", {"done"}),
    "failing": (_broken("1 / 0"), "failed", {"done", "failed"}),
    "retried in vain": (_RETRIED.replace(_SQUARE, _FLAKY.format(9) + _SQUARE), "failed", {"done", "failed"}),
    "stopped": (_signal("SIGTERM"), "failed", {"done", "stopped"}),
    "killed": (_signal("SIGKILL"), "failed", {"done", "killed"}),
}
"""A flow, what its run is, and what its tasks are."""


@pytest.mark.parametrize("name", RUNS)
def test_both_commands_say_the_same_of_a_run(flowc: Flowc, folder: Path, name: str) -> None:
    text, status, tasks = RUNS[name]
    (folder / "flow.py").write_text(text)
    ended = flowc("run", "--run-id", "r", "flow.py", "--top", "1")
    assert ended.code == (0 if status == "succeeded" else 1), ended.err
    assert _said(flowc) == (status, status)
    assert f"  {status}" in flowc("runs", "SumFlow").out
    assert f"SumFlow/r  {status}" in flowc("inspect", "SumFlow/r").out
    found = json.loads(flowc("inspect", "SumFlow/r", "--json").out)["tasks"]
    assert {task["status"] for task in found} == tasks


def _said(flowc: Flowc) -> tuple[str, str]:
    [listed] = json.loads(flowc("runs", "SumFlow", "--json").out)
    return listed["status"], json.loads(flowc("inspect", "SumFlow/r", "--json").out)["status"]


def test_a_task_that_fails_once_more_fails_its_run_again(flowc: Flowc, folder: Path) -> None:
    """An engine may start a task of a finished run again: what the newest attempt did counts."""
    assert flowc("run", "--run-id", "r", "flow.py").code == 0
    store, task = open_store("file:.flowc"), RunAddress("SumFlow", "r").task("square", "1")
    fence = begin(store, task, 1, "token", 1.0)
    assert _said(flowc) == ("succeeded", "succeeded"), "it may still end well"
    fail(store, fence, Failure("ValueError", "bad", "ValueError: bad\n"), 2.0, b"", b"")
    assert _said(flowc) == ("failed", "failed")


def test_each_attempt_keeps_what_it_printed_and_why_it_failed(flowc: Flowc, folder: Path) -> None:
    (folder / "flow.py").write_text(RUNS["retried"][0])
    flowc("run", "--run-id", "r", "flow.py", "--top", "1")
    whole = flowc("inspect", "SumFlow/r").out
    assert "  square/0  done" in whole
    assert "3 attempts, attempt 2 failed: ValueError: bad\n" in whole
    one = flowc("inspect", "SumFlow/r/square", "--log").out
    assert [line.split("  ")[-1] for line in one.splitlines() if line.startswith("  attempt ")][:2] == [
        "failed: ValueError: bad",
        "failed: ValueError: bad",
    ]
    logs = one.split("--- square/0  attempt ")[1:]
    assert [log.splitlines()[:2] for log in logs] == [
        ["1  failed: ValueError: bad", "try 0"],
        ["2  failed: ValueError: bad", "try 1"],
        ["3", "try 2"],
    ]
    assert "Traceback" in logs[0]
    [task] = json.loads(flowc("inspect", "SumFlow/r/square", "--log", "--json").out)["tasks"]
    assert [attempt["log"].splitlines()[0] for attempt in task["attempts"]] == ["try 0", "try 1", "try 2"]
    assert [attempt["failure"] and attempt["failure"]["type"] for attempt in task["attempts"]] == [
        "builtins.ValueError", "builtins.ValueError", None,
    ]  # fmt: skip


def test_a_line_without_an_end_ends_before_the_next_heading(flowc: Flowc, folder: Path) -> None:
    (folder / "flow.py").write_text(FLOW.replace('print("square of", self.input)', 'print("open", end="")'))
    flowc("run", "--run-id", "r", "flow.py", "--top", "2")
    shown = flowc("inspect", "SumFlow/r/square", "--log").out.splitlines()
    assert shown[-4:] == ["--- square/0  attempt 1", "open", "--- square/1  attempt 1", "open"]


_ARMS = """from flowc import FlowSpec, step


class ArmsFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.long, self.short)

    @step
    def short(self):
        self.next(self.join)

    @step
    def long(self):
        self.next(self.longer)

    @step
    def longer(self):
        self.items = [1, 2]
        self.next(self.each, foreach="items")

    @step
    def each(self):
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_steps_stand_as_show_draws_them(flowc: Flowc, folder: Path) -> None:
    (folder / "flow.py").write_text(_ARMS)
    assert flowc("run", "--run-id", "r", "flow.py").code == 0
    shown = [line.split()[0] for line in flowc("show", "flow.py").out.splitlines()[1:]]
    inspected = [line.split()[0] for line in flowc("inspect", "ArmsFlow/r").out.splitlines()[1:]]
    assert list(dict.fromkeys(name.partition("/")[0] for name in inspected)) == shown
    assert [name for name in inspected if "/" in name] == ["each/0", "each/1"]


ABSENT = [
    ("SumFlow/r/square/9", "SumFlow/r/square has no index 9; there are: 0, 1, 2"),
    ("SumFlow/r/end/0", "SumFlow/r/end has no index 0; there is: -"),
    ("SumFlow/r/sqare", "SumFlow/r has no step `sqare`; did you mean `square`?"),
    ("SumFlow/r/xyz/0", "SumFlow/r has no step `xyz`; there are: end, join, square, start"),
]


def test_what_is_not_there_is_told_with_what_is(flowc: Flowc, folder: Path) -> None:
    assert flowc("run", "--run-id", "r", "flow.py").code == 0
    for where, said in ABSENT:
        assert flowc("inspect", where) == type(flowc("--help"))(4, "", f"error: {said}\n")


def test_a_damaged_run_does_not_hide_the_others(flowc: Flowc, folder: Path) -> None:
    for name in ("old", "new"):
        assert flowc("run", "--run-id", name, "flow.py", "--top", "1").code == 0
    [damaged] = (folder / ".flowc/SumFlow/new/start").rglob("manifest*")
    damaged.write_bytes(damaged.read_bytes()[:40])
    listed = flowc("runs", "SumFlow")
    assert listed.code == 0
    assert [[line.split()[2], line.split()[-1]] for line in listed.out.splitlines()] == [
        ["unknown", "SumFlow/new"],
        ["succeeded", "SumFlow/old"],
    ]
    assert "SumFlow/new: " in listed.err
    assert "`flowc verify SumFlow/new` says what to do" in listed.err
    facts = json.loads(flowc("runs", "SumFlow", "--json").out)
    assert [(each["run_id"], each["status"], "damage" in each) for each in facts] == [
        ("new", "unknown", True),
        ("old", "succeeded", False),
    ]
