"""What `flowc inspect` and `flowc runs` say of a run that goes on, was stopped, or was killed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = """
import time
from flowc import FlowSpec, step
class F(FlowSpec):
    @step
    def start(self):
        self.next(self.wait)
    @step
    def wait(self):
        print("waits", flush=True)
        time.sleep(300)
        self.next(self.end)
    @step
    def end(self):
        pass
"""


def _said(folder: Path, *words: str) -> str:
    command = [sys.executable, "-P", "-m", "compiler", *words, "--store", f"file:{folder / 'store'}"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def _states(folder: Path) -> tuple[str, str, list[str]]:
    [listed] = json.loads(_said(folder, "runs", "F", "--json"))
    found = json.loads(_said(folder, "inspect", "F/r", "--json"))
    return listed["status"], found["status"], [task["status"] for task in found["tasks"]]


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_goes_on_is_told_from_one_that_was_ended(tmp_path: Path, sent: signal.Signals) -> None:
    (tmp_path / "flow.py").write_text(SOURCE, encoding="utf-8")
    words = ["run", "--store", f"file:{tmp_path / 'store'}", "--run-id", "r", "flow.py"]
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "compiler", *words],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    assert "waits" in process.stdout.readline()
    assert _states(tmp_path) == ("running", "running", ["done", "running"])
    assert "wait   running  began " in _said(tmp_path, "inspect", "F/r")
    again = subprocess.run(
        [sys.executable, "-P", "-m", "compiler", *words[:-3], "--resume", "r", "flow.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert again.returncode == 2
    assert "F/r is running on this machine: wait for its end, or resume it all the same with --force" in again.stderr
    process.send_signal(sent)
    process.communicate(timeout=60)
    status, inspected, (first, second) = _states(tmp_path)
    assert (status, inspected, first) == ("terminated", "stopped", "done")
    assert second in ("stopped", "killed"), "the task may not have been told yet, where its run was killed"
    store = tmp_path / "store" / "F" / "r"
    (store / ".running").unlink()
    told = ("terminated", "stopped") if second == "stopped" else ("unknown", "unfinished")
    assert _states(tmp_path)[:2] == told, (
        "where no process is known, what the tasks have written is all that is claimed"
    )
