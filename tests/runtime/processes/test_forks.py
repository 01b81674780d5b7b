"""Where a fork is safe: as the system sees the threads, not as Python does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from flowc.language import multicore
from flowc.language.multicore import parallel_map
from flowc.processes import forks
from flowc.processes.forks import START_METHOD, may_fork

from tests.stages.container import SHIM, command, variables, write

NATIVE = """
import ctypes, os
def native_thread():
    libc = ctypes.CDLL(None)
    return libc.pthread_create(ctypes.byref(ctypes.c_ulong()), None, ctypes.cast(libc.pause, ctypes.c_void_p), None)
"""
"""A thread as a library starts it: Python does not know it."""

THREADS = {
    "none": ("", True),
    "Python's": ("import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()", False),
    "Python's, below threading": ("import _thread, time\n_thread.start_new_thread(time.sleep, (60,))", False),
    "a library's": (f"{NATIVE}\nnative_thread()", False),
    "a library's that ends them before a fork": (
        "import os, threading\nstop = threading.Event()\nthread = threading.Thread(target=stop.wait)\nthread.start()\n"
        "os.register_at_fork(before=lambda: (stop.set(), thread.join()))",
        True,
    ),
}

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere no fork is safe")


def _asked(head: str, **environment: str) -> bool:
    code = f"{head}\nfrom flowc.processes.forks import may_fork\nprint(may_fork())"
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SHIM), **environment}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return done.stdout.split() == ["True"]


@pytest.mark.parametrize("kind", THREADS)
def test_a_fork_is_safe_where_no_thread_is_left_behind(kind: str) -> None:
    head, expected = THREADS[kind]
    assert _asked(head) is expected


@pytest.mark.parametrize(("method", "expected"), [("fork", True), ("spawn", False)])
def test_who_says_how_is_not_asked_again(method: str, expected: bool) -> None:
    assert _asked(THREADS["a library's"][0], **{START_METHOD: method}) is expected
    assert _asked("", **{START_METHOD: method}) is expected


def test_elsewhere_no_fork_is_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(START_METHOD, raising=False)
    monkeypatch.setattr(forks.sys, "platform", "darwin")
    assert not may_fork()


def test_where_a_gpu_is_open_no_fork_is_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(START_METHOD, raising=False)
    monkeypatch.setattr(forks, "other_threads", lambda: 0)
    assert may_fork()
    with open("/dev/zero") as file:
        assert file
        monkeypatch.setattr(forks, "_GPU", "/dev/zero")
        assert not may_fork()


LOOP = """
from flowc import FlowSpec, step
{head}
IMPORTED = os.getpid()
class F(FlowSpec):
    @step
    def start(self):
        self.n, self.own = 0, []
        self.next(self.loop)
    @step
    def loop(self):
        self.own = [*self.own, IMPORTED == os.getpid()]
        self.n += 1
        self.more = self.n < 3
        self.next({{True: self.loop, False: self.end}}, condition="more")
    @step
    def end(self):
        print(self.own)
"""


@pytest.mark.parametrize(("head", "own"), [("import os", False), (f"{NATIVE}\nnative_thread()", True)])
def test_an_iteration_is_a_fork_only_where_that_is_safe(tmp_path: Path, head: str, own: bool) -> None:
    write(tmp_path, LOOP.format(head=head))
    for step, load in (("start", ""), ("loop~", "start"), ("end", "loop")):
        done = subprocess.run(
            command(step, load), cwd=tmp_path, env=variables(tmp_path), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    assert done.stdout == f"{[own] * 3}\n"


@pytest.mark.parametrize(("threads", "told"), [(0, False), (2, True)])
def test_parallel_map_says_when_threads_may_be_why_nothing_ends(
    threads: int, told: bool, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(multicore, "other_threads", lambda: threads)
    monkeypatch.setattr(multicore, "_QUIET", 0.05)
    code = "import time; time.sleep(0.3)"
    assert parallel_map(lambda _: subprocess.run([sys.executable, "-c", code], check=True).returncode, [1]) == [0]
    assert ("2 threads of libraries ran" in capfd.readouterr().err) is told
