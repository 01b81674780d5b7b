"""The verbs of runs, for runs of this machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

FLOW = """
import time
from flowc import FlowSpec, Parameter, step
class WaitFlow(FlowSpec):
    seconds = Parameter("seconds", default=0.0, type=float)
    bad = Parameter("bad", default="")
    @step
    def start(self):
        print("at the start")
        self.numbers = [1, 2]
        self.next(self.work, foreach="numbers")
    @step
    def work(self):
        print("work on", self.input)
        time.sleep(self.seconds)
        with open("tries", "a") as file:
            file.write(f"{self.input}\\n")
        if str(self.input) in self.bad and open("tries").read().count(f"{self.input}\\n") < 2:
            raise ValueError("it is bad")
        self.next(self.join)
    @step
    def join(self, inputs):
        self.next(self.end)
    @step
    def end(self):
        pass
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with the flow."""
    (tmp_path / "flow.py").write_text(FLOW, encoding="utf-8")
    return tmp_path


def _call(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "compiler", *words]
    return subprocess.run(command, cwd=place, capture_output=True, text=True, check=False, timeout=120)


def _started(place: Path, *words: str) -> subprocess.Popen[str]:
    """A run called `r` whose tasks have begun."""
    command = [sys.executable, "-P", "-m", "compiler", "run", "--run-id", "r", "flow.py", *words]
    process = subprocess.Popen(command, cwd=place, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    while "work on" not in process.stdout.readline():
        pass
    return process


def _status(place: Path) -> tuple[str, dict[tuple[str, str], str]]:
    said = json.loads(_call(place, "status", "WaitFlow/r", "--json").stdout)
    return said["status"], {(task["step"], task["index"]): task["status"] for task in said["tasks"]}


def test_a_run_is_watched_waited_for_and_ended(place: Path) -> None:
    with _started(place, "--seconds", "600") as process:
        status, tasks = _status(place)
        assert (status, tasks["start", "-"], tasks["work", "0"]) == ("running", "succeeded", "running")
        assert _call(place, "wait", "WaitFlow/r", "--timeout", "0.2s").returncode == 124
        assert _call(place, "retry", "WaitFlow/r").returncode == 2
        told = _call(place, "terminate", "WaitFlow/r")
        assert (told.returncode, "was ended" in told.stderr) == (0, True)
        assert process.wait(60) == 143
    status, tasks = _status(place)
    assert (status, {tasks["work", "0"], tasks["work", "1"]}) == ("terminated", {"terminated"})
    assert _call(place, "wait", "WaitFlow/r").returncode == 1
    assert "has terminated already" in _call(place, "terminate", "WaitFlow/r").stderr


def test_a_run_that_was_killed_is_over_and_goes_on_by_retry(place: Path) -> None:
    with _started(place, "--seconds", "2") as process:
        os.kill(process.pid, signal.SIGKILL)
    assert _status(place)[0] == "terminated"
    assert "has terminated already" in _call(place, "terminate", "WaitFlow/r").stderr
    again = _call(place, "retry", "WaitFlow/r")
    assert again.returncode == 0, again.stderr
    assert "taken over" in again.stderr


def test_a_wait_hears_of_the_end(place: Path) -> None:
    with _started(place, "--seconds", "1") as process:
        command = [sys.executable, "-P", "-m", "compiler", "logs", "WaitFlow/r", "--follow"]
        followed = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False, timeout=120)
        assert process.wait(60) == 0
    assert followed.returncode == 0, followed.stderr
    assert sorted(line.split("|")[1].strip() for line in followed.stdout.splitlines()) == [
        "at the start", "work on 1", "work on 2",
    ]  # fmt: skip


def test_ctrl_c_leaves_the_run_that_is_waited_for(place: Path) -> None:
    with _started(place, "--seconds", "3") as process:
        command = [sys.executable, "-P", "-m", "compiler", "wait", "WaitFlow/r"]
        interruptible = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.default_int_handler)}
        waits = subprocess.Popen(command, cwd=place, stderr=subprocess.PIPE, text=True, **interruptible)
        time.sleep(1)
        waits.send_signal(signal.SIGINT)
        _, said = waits.communicate(timeout=60)
        assert (waits.returncode, "goes on" in said or "interrupted" in said) == (130, True)
        assert process.wait(60) == 0


def test_retry_does_again_what_failed_and_from_a_step(place: Path) -> None:
    assert _call(place, "run", "--run-id", "r", "flow.py", "--bad", "2").returncode == 1
    status, tasks = _status(place)
    assert (status, tasks) == (
        "failed", {("start", "-"): "succeeded", ("work", "0"): "succeeded", ("work", "1"): "failed"},
    )  # fmt: skip
    said = _call(place, "status", "WaitFlow/r").stdout
    assert "ValueError: it is bad" in said
    (place / "copy.py").write_text(FLOW)  # the run's record says which of the two it is
    again = _call(place, "retry", "WaitFlow/r", "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["success"]
    (place / "copy.py").unlink()
    assert (place / "tries").read_text().split() in (["1", "2", "2"], ["2", "1", "2"])
    assert _call(place, "retry", json.loads(again.stdout)["pathspec"]).returncode == 2
    more = _call(place, "retry", json.loads(again.stdout)["pathspec"], "--from", "work")
    assert more.returncode == 0, more.stderr
    assert len((place / "tries").read_text().split()) == 5
    (place / "flow.py").rename(place / "gone.txt")
    lost = _call(place, "retry", "WaitFlow/r")
    assert (lost.returncode, "flowc run FILE --resume r" in lost.stderr) == (4, True)


@pytest.mark.parametrize("verb", ["status", "wait", "logs", "retry", "terminate", "open"])
def test_what_is_not_there_is_told(place: Path, verb: str) -> None:
    for word, code in (("WaitFlow/none", 4), ("local-none", 4), ("WaitFlow//x", 2)):
        told = _call(place, verb, word)
        assert (told.returncode, told.stdout, "Traceback" in told.stderr) == (code, "", False), told.stderr
