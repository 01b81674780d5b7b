"""What `runs` and `inspect` say of a run that its engine stopped: the store alone tells, for no process of ours is left."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from compiler.call.history import RunStatus
from compiler.operate.views import RUN_PHASES
from tests.stages.command_line import Flowc
from tests.stages.container import command, contain, variables, write

_FLOW = """
import os, signal, sys, time
from flowc import FlowSpec, exit_hook, step

if os.environ.get("SLOW_IMPORT") and "middle" in sys.argv:
    print("importing", flush=True)
    time.sleep(60)

def tell():
    pass

@exit_hook(on_error=[tell])
class F(FlowSpec):
    @step
    def start(self):
        self.next(self.middle)
    @step
    def middle(self):
        if os.environ.get("SIGNAL"):
            os.kill(os.getpid(), int(os.environ["SIGNAL"]))
            time.sleep(60)
        self.next(self.end)
    @step
    def end(self):
        pass
"""


def _signalled(folder: Path, number: signal.Signals, retry: int = 0) -> None:
    ended = contain(folder, "middle", "start", retry=retry, SIGNAL=str(int(number)))
    assert ended.returncode in (143, -number), ended.stderr


def _terminated(folder: Path) -> None:
    _signalled(folder, signal.SIGTERM)


def _killed(folder: Path) -> None:
    _signalled(folder, signal.SIGKILL)


def _terminated_in_import(folder: Path) -> None:
    words, environment = command("middle", "start"), variables(folder, SLOW_IMPORT="1")
    with subprocess.Popen(words, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "importing\n"
        process.terminate()
    assert process.returncode == 143


def _hook(folder: Path) -> None:
    words = [sys.executable, "-m", "flowc", "hook", "tell", "--run", "r", "--status", "error"]
    subprocess.run(words, cwd=folder, env=variables(folder), check=True)


def _done(folder: Path) -> None:
    assert contain(folder, "middle", "start", retry=1).returncode == 0


def _killed_again(folder: Path) -> None:
    _signalled(folder, signal.SIGKILL, retry=1)


CASES = [
    ([_terminated], "stopped", "stopped"),
    ([_terminated_in_import], "stopped", "stopped"),
    ([_terminated, _hook], "stopped", "stopped"),
    ([_hook], "stopped", None),
    ([_killed], "unfinished", "unfinished"),
    ([_killed, _hook], "failed", "killed"),
    ([_terminated, _done], "unfinished", "done"),
    ([_terminated, _killed_again], "unfinished", "unfinished"),
    ([_killed, _hook, _killed_again], "unfinished", "unfinished"),
    ([_killed, _hook, _killed_again, _hook], "failed", "killed"),
]
"""What happens behind the first step, what the run is then, and the task in the middle."""


@pytest.mark.parametrize(
    ("happens", "run", "task"), CASES, ids=["+".join(each.__name__ for each in case[0]) for case in CASES]
)
def test_a_run_that_was_ended_from_outside_has_ended(
    happens: list[object], run: RunStatus, task: str | None, folder: Path, flowc: Flowc
) -> None:
    """As far as a task or an exit hook could write it down, and unless a task has begun since."""
    write(folder, _FLOW)
    assert contain(folder, "start").returncode == 0
    for event in happens:
        assert callable(event)
        event(folder)
    told = json.loads(flowc("inspect", "F/r", "--store", f"file:{folder / 'store'}", "--json").out)
    [listed] = json.loads(flowc("runs", "F", "--store", f"file:{folder / 'store'}", "--json").out)
    assert (listed["status"], told["status"]) == (RUN_PHASES[run], run)
    assert {each["step"]: each["status"] for each in told["tasks"]}["middle"] == (task or "waiting")
