"""Ctrl-C, SIGTERM and SIGKILL of `flowc run`: the exit code, and no process of the run that lives on."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flowc.artifacts.address import RunAddress
from flowc.artifacts.manifest import Attempt, attempts
from flowc.store import open_store

from tests.stages.container import is_gone

SOURCE = """
import os, signal, subprocess, sys, threading, time
from flowc import FlowSpec, environment, step
{head}
class F(FlowSpec):
    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.wait, foreach="items")
    @environment(vars={{"OTHER": "1"}})
    @step
    def wait(self):
        child = subprocess.Popen(["sleep", "300"])
        {stubborn}
        name = os.path.join(os.environ["PROBE"], str(self.input))
        with open(name + ".new", "w") as file:
            file.write(f"{{os.getpid()}} {{os.getppid()}} {{child.pid}}")
        os.rename(name + ".new", name)
        while True:
            time.sleep(1)
        self.next(self.join)
    @step
    def join(self, inputs):
        self.next(self.end)
    @step
    def end(self):
        pass
"""
DEAF = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
THREADS = "threading.Thread(target=time.sleep, args=(300,), daemon=True).start()"
FAR = 60.0


@contextlib.contextmanager
def _running(folder: Path, stubborn: str = "pass", head: str = "") -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """A run whose two tasks wait, and all processes that belong to it."""
    probe = folder / "probe"
    probe.mkdir()
    (folder / "flow.py").write_text(SOURCE.format(stubborn=stubborn, head=head), encoding="utf-8")
    words = [
        "run",
        "--store",
        f"file:{folder / 'store'}",
        "--run-id",
        "r",
        "--max-workers",
        "2",
        str(folder / "flow.py"),
    ]
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "compiler", *words],
        env={**os.environ, "PROBE": str(probe)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        _until(lambda: (probe / "1").exists() and (probe / "2").exists())
        yield process, [int(pid) for name in ("1", "2") for pid in (probe / name).read_text().split()]
    finally:
        process.kill()
        process.communicate()


def _until(holds: object) -> None:
    assert callable(holds)
    limit = time.monotonic() + FAR
    while not holds():
        assert time.monotonic() < limit, "nothing came of it"
        time.sleep(0.02)


def _attempts(folder: Path) -> list[Attempt]:
    store = open_store(f"file:{folder / 'store'}")
    return [one for index in "01" for one in attempts(store, RunAddress("F", "r").task("wait", index))]


@pytest.mark.language("failure.interrupted")
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("head", ["", THREADS], ids=["forks", "spawned"])
def test_an_ended_run_ends_its_tasks_and_marks_their_attempts(
    tmp_path: Path, sent: signal.Signals, code: int, head: str
) -> None:
    with _running(tmp_path, head=head) as (process, pids):
        process.send_signal(sent)
        output, _ = process.communicate(timeout=FAR)
        assert process.returncode == code, output
        assert "Traceback" not in output
        assert "interrupted" in output
        _until(lambda: all(map(is_gone, pids)))
    failures = [one.failure for one in _attempts(tmp_path)]
    assert [failure.type for failure in failures if failure] == [
        "flowc.exceptions.Terminated",
        "flowc.exceptions.Terminated",
    ]


def test_a_task_that_hears_no_signal_is_ended_all_the_same(tmp_path: Path) -> None:
    with _running(tmp_path, DEAF) as (process, pids):
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=FAR)
        assert process.returncode == 130
        _until(lambda: all(map(is_gone, pids)))


def test_a_second_interruption_waits_for_nobody(tmp_path: Path) -> None:
    with _running(tmp_path, DEAF) as (process, pids):
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=FAR)
        assert time.monotonic() - began < 3
        assert process.returncode == 130
        assert "Traceback" not in output
        _until(lambda: all(map(is_gone, pids)))


@pytest.mark.parametrize("stubborn", ["pass", DEAF], ids=["", "deaf"])
def test_a_killed_run_leaves_nothing_running(tmp_path: Path, stubborn: str) -> None:
    with _running(tmp_path, stubborn) as (process, pids):
        process.kill()
        process.communicate(timeout=FAR)
        _until(lambda: all(map(is_gone, pids)))


def test_a_step_that_ends_its_process_without_a_word_has_failed(tmp_path: Path) -> None:
    """`posix._exit(0)` passes by what the shim watches: the run still sees that the step has left nothing."""
    (tmp_path / "flow.py").write_text(
        "import posix\nfrom flowc import FlowSpec, catch, step\n"
        "class F(FlowSpec):\n"
        "    @catch(var='why', print_exception=False)\n    @step\n"
        "    def start(self):\n        posix._exit(0)\n        self.next(self.end)\n"
        "    @step\n    def end(self):\n        assert self.why.type == 'flowc.exceptions.FailureHandledByCatch'\n",
        encoding="utf-8",
    )
    words = [sys.executable, "-P", "-m", "compiler", "run", "--store", f"file:{tmp_path / 'store'}", "flow.py"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=FAR)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "exit code 0" in done.stderr


@pytest.mark.parametrize("moment", ["compiler.stand_ins", "click", "compiler.root", ""])
def test_an_interrupt_before_a_command_has_begun_is_a_line(moment: str) -> None:
    """Whatever is imported then, or nothing any more."""
    early = (
        "import os, signal, sys, compiler.cli as c\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "end = lambda *_: os.kill(os.getpid(), signal.SIGINT)\n"
        "class Early:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {moment!r}: end()\n"
        "sys.meta_path.insert(0, Early())\n" + ("" if moment else "c.run = end\n") + "c.main()\n"
    )
    ended = subprocess.run([sys.executable, "-P", "-c", early], check=False, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "interrupted\n")


def test_a_task_that_is_asked_to_end_at_its_last_moment_prints_no_traceback(tmp_path: Path) -> None:
    """SIGTERM comes as the handler of it is taken away: what the task has left stands, and nobody sees a fault of ours."""
    (tmp_path / "flow.py").write_text(
        "import os, signal\nfrom flowc import FlowSpec, step\nreal = signal.signal\n"
        "def last(number, handler):\n"
        "    if (number, handler) == (signal.SIGTERM, signal.SIG_DFL) and 'terminate' in str(signal.getsignal(number)):\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n"
        "    return real(number, handler)\n"
        "signal.signal = last\n"
        "class F(FlowSpec):\n"
        "    @step\n    def start(self):\n        self.x = 1\n        self.next(self.end)\n"
        "    @step\n    def end(self):\n        pass\n",
        encoding="utf-8",
    )
    words = [sys.executable, "-P", "-m", "compiler", "run", "--store", f"file:{tmp_path / 'store'}", "flow.py"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=FAR)
    assert done.returncode == 1
    assert "ended by a signal" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
