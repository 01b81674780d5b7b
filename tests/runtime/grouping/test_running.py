"""Several tasks in one container: each as it would be alone, whatever happens to the container."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from flowc.artifacts.address import TaskAddress
from flowc.artifacts.manifest import Manifest, attempts, read
from flowc.processes.forks import START_METHOD
from flowc.store.files import FileStore
from flowc.store.protocol import MissingError

from tests.stages.container import command, contain, variables, write

ROW = """
import os, signal, sys, time
from flowc import FlowSpec, catch, current, retry, step, timeout
SEEN = []
CONTAINER = os.getpid()
def die():
    try:
        os.kill(CONTAINER, signal.SIGKILL)
    except ProcessLookupError:
        pass
    os.kill(os.getpid(), signal.SIGKILL)
{top}
class F(FlowSpec):
    @step
    def start(self):
        SEEN.append("start")
        self.n = [os.getpid()]
        self.next(self.a)
    {decorators}
    @step
    def a(self):
        SEEN.append("a")
        self.n = [*self.n, os.getpid()]
        self.try_number = current.retry_count
        {body}
        self.next(self.end)
    @step
    def end(self):
        SEEN.append("end")
        self.n = [*self.n, os.getpid()]
        self.seen = list(SEEN)
        print("the end")
"""


def _row(folder: Path, body: str = "pass", decorators: str = "", top: str = "") -> None:
    write(folder, ROW.format(body=body, decorators=decorators, top=top))


def _store(folder: Path) -> FileStore:
    return FileStore(f"file:{folder / 'store'}")


def _left(folder: Path, step: str, index: str = "-") -> Manifest | None:
    try:
        return read(_store(folder), TaskAddress("F", "r", step, index))
    except MissingError:
        return None


def _value(folder: Path, step: str, name: str, index: str = "-") -> Any:
    found = _left(folder, step, index)
    assert found is not None
    return found.value(found.entry(name))


def _tries(folder: Path, step: str, index: str = "-") -> list[tuple[int, int, bool]]:
    """Of each attempt its number, how much of @retry it had used, whether it says a failure."""
    found = attempts(_store(folder), TaskAddress("F", "r", step, index))
    return [(one.number, one.retry, one.failure is not None) for one in found]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_each_task_is_one_of_its_own(tmp_path: Path, method: str) -> None:
    """Its own process, module, log, attempt; the engine is told what the last one reports."""
    _row(tmp_path)
    done = contain(tmp_path, "start+a+end", FLOWC_REPORT=f"json:{tmp_path / 'told'}", **{START_METHOD: method})
    assert done.returncode == 0, done.stderr
    end = _left(tmp_path, "end")
    assert end is not None
    assert len(set(_value(tmp_path, "end", "n"))) == 3
    assert _value(tmp_path, "end", "seen") == ["end"]
    assert (end.stdout, end.attempt) == ("the end\n", 1)
    assert json.loads((tmp_path / "told").read_text()) == {"index": "-"}
    assert [_tries(tmp_path, step) for step in ("start", "a", "end")] == [[(1, 0, False)]] * 3


@pytest.mark.parametrize(
    ("body", "decorators", "code", "tries"),
    [
        ("raise OSError('no')", "", 1, [(1, 0, True)]),
        ("raise OSError('no')", "@retry(times=2, minutes_between_retries=0)", 1, [(n + 1, n, True) for n in range(3)]),
        (
            "if current.retry_count < 1: raise OSError('no')",
            "@retry(times=2, minutes_between_retries=0)",
            0,
            [(1, 0, True), (2, 1, False)],
        ),
        ("raise OSError('no')", "@catch(var='why')", 0, [(1, 0, False)]),
        (
            "os.kill(os.getpid(), signal.SIGKILL)",
            "@catch(var='why')\n    @retry(times=1, minutes_between_retries=0)",
            0,
            [(1, 0, False), (2, 1, False), (3, 2, False)],
        ),
        ("os.kill(os.getpid(), signal.SIGKILL)", "", 1, [(1, 0, True)]),
        ("os._exit(0)", "", 1, [(1, 0, True)]),
        ("time.sleep(60)", "@timeout(seconds=1)", 1, [(1, 0, True)]),
        (
            "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM]); time.sleep(60)",
            "@catch(var='why')\n    @timeout(seconds=1)\n    @retry(times=1, minutes_between_retries=0, only_system=True)",
            0,
            [(1, 0, True), (2, 1, False)],
        ),
        (
            "raise OSError('no')",
            "@retry(times=3, minutes_between_retries=0, only_system=True)",
            1,
            [(1, 0, True)],
        ),
    ],
)
def test_a_step_is_tried_again_within_the_container(
    tmp_path: Path, body: str, decorators: str, code: int, tries: list[tuple[int, int, bool]]
) -> None:
    _row(tmp_path, body, decorators)
    done = contain(tmp_path, "start+a+end")
    assert done.returncode == code, done.stderr
    found = _tries(tmp_path, "a")
    assert [(number, retry) for number, retry, _ in found] == [(number, retry) for number, retry, _ in tries]
    if "_exit" not in body:
        assert found == tries
    assert (_left(tmp_path, "end") is not None) == (code == 0)
    assert "Traceback" not in done.stderr or "OSError: no" in done.stderr or code or "catch" in decorators


KILLING = "@retry(times=1, minutes_between_retries=0)"
AT_FIRST = "current.retry_count or die()"


def test_a_container_that_was_lost_goes_on_where_it_was(tmp_path: Path) -> None:
    _row(tmp_path, AT_FIRST, KILLING)
    assert contain(tmp_path, "start+a+end").returncode == -signal.SIGKILL
    done = contain(tmp_path, "start+a+end", retry=1)
    assert done.returncode == 0, done.stderr
    assert _tries(tmp_path, "start") == [(1, 0, False)]
    assert [(number, retry) for number, retry, _ in _tries(tmp_path, "a")] == [(1, 0), (2, 1)]
    end = _left(tmp_path, "end")
    assert end is not None
    assert end.loaded == (("a", "-", _token(tmp_path, "a")),)


def _token(folder: Path, step: str) -> str:
    found = _left(folder, step)
    assert found is not None
    return found.token[:8]


@pytest.mark.parametrize("retry", [0, 1])
def test_what_an_engine_starts_anew_runs_anew(tmp_path: Path, retry: int) -> None:
    """`--retry 0` after a success is a clear; any other number may be one, too, whose first container was lost before it began."""
    _row(tmp_path)
    told = tmp_path / "told"
    assert contain(tmp_path, "start+a+end").returncode == 0
    done = contain(tmp_path, "start+a+end", retry=retry, FLOWC_REPORT=f"json:{told}")
    assert done.returncode == 0, done.stderr
    assert [len(_tries(tmp_path, step)) for step in ("start", "a", "end")] == [2] * 3
    assert json.loads(told.read_text()) == {"index": "-"}


def test_attempts_that_are_used_up_stay_used_up(tmp_path: Path) -> None:
    """An engine that cannot tell why a container failed starts it again: nothing runs any more."""
    _row(tmp_path, "raise OSError('no')", KILLING)
    assert contain(tmp_path, "start+a+end").returncode == 1
    assert contain(tmp_path, "start+a+end", retry=1).returncode == 1
    assert len(_tries(tmp_path, "a")) == 2


def test_a_task_that_was_lost_with_its_container_is_told(tmp_path: Path) -> None:
    """It has no further try: the failure says what happened."""
    _row(tmp_path, "die()")
    assert contain(tmp_path, "start+a+end").returncode == -signal.SIGKILL
    assert contain(tmp_path, "start+a+end", retry=1).returncode == 1
    assert _tries(tmp_path, "a") == [(1, 0, True)]


def test_sigterm_ends_the_task_first(tmp_path: Path) -> None:
    _row(tmp_path, "print('there', flush=True) or time.sleep(60)")
    words, told = command("start+a+end"), {"cwd": tmp_path, "env": variables(tmp_path)}
    with subprocess.Popen(words, **told, stdout=subprocess.PIPE, text=True) as process:  # type: ignore[call-overload]
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 143
    assert _tries(tmp_path, "a") == [(1, 0, True)]


def test_a_module_that_raises_fails_the_first_task(tmp_path: Path) -> None:
    _row(tmp_path, top="raise OSError('no module')")
    done = contain(tmp_path, "start+a+end")
    assert done.returncode == 1
    assert "OSError: no module" in done.stderr
    assert _tries(tmp_path, "start") == [(1, 0, True)]


FOREACH = """
import os, signal, time
from flowc import FlowSpec, catch, current, retry, step
CONTAINER = os.getpid()
def die():
    try:
        os.kill(CONTAINER, signal.SIGKILL)
    except ProcessLookupError:
        pass
    os.kill(os.getpid(), signal.SIGKILL)
class F(FlowSpec):
    @step
    def start(self):
        self.items = list(range({width}))
        self.next(self.a, foreach="items")
    {decorators}
    @step
    def a(self):
        self.x = self.input * 10
        {body}
        self.next(self.b)
    @step
    def b(self):
        self.y = self.x + 1
        self.next(self.join)
    @step
    def join(self, inputs):
        self.all = [each.y for each in inputs]
        self.next(self.end)
    @step
    def end(self):
        pass
"""


def _foreach(folder: Path, width: int = 7, body: str = "pass", decorators: str = "") -> None:
    write(folder, FOREACH.format(width=width, body=body, decorators=decorators))


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.parametrize("workers", ["", ":2", ":9"])
def test_a_portion_is_its_members(tmp_path: Path, workers: str, method: str) -> None:
    _foreach(tmp_path)
    told = tmp_path / "told"
    done = contain(tmp_path, "start/3", FLOWC_REPORT=f"json:{told}")
    assert done.returncode == 0, done.stderr
    assert json.loads(told.read_text()) == {"index": "-", "fan": 3}
    for portion in (2, 0, 1):
        done = contain(tmp_path, f"a+b*3{workers}", "foreach:start", str(portion), **{START_METHOD: method})
        assert done.returncode == 0, done.stderr
    assert contain(tmp_path, "join+end", "gather:start/b").returncode == 0
    assert _value(tmp_path, "end", "all") == [1, 11, 21, 31, 41, 51, 61]


@pytest.mark.parametrize(("portion", "step"), [("3", "a*3"), ("0", "b*3")])
def test_a_portion_that_is_not_there_is_a_mistake(tmp_path: Path, portion: str, step: str) -> None:
    _foreach(tmp_path)
    contain(tmp_path, "start/3")
    load = "foreach:start" if step == "a*3" else "a"
    assert contain(tmp_path, step, load, portion).returncode == 2


@pytest.mark.parametrize("workers", ["", ":3"])
def test_a_member_that_fails_fails_alone(tmp_path: Path, workers: str) -> None:
    """The others of its portion are done, and the next container of the life does none of them again."""
    _foreach(tmp_path, body="assert self.input != 1, 'not one'", decorators=KILLING)
    contain(tmp_path, "start/4")
    for retry in (0, 1):
        done = contain(tmp_path, f"a+b*4{workers}", "foreach:start", "0", retry=retry)
        assert done.returncode == 1
        assert "not one" in done.stderr or retry
        assert [len(_tries(tmp_path, "a", str(index))) for index in range(4)] == [1, 2, 1, 1]
        assert [_left(tmp_path, "b", str(index)) is not None for index in range(4)] == [True, False, True, True]


@pytest.mark.parametrize("workers", ["", ":2"])
def test_a_portion_whose_container_is_killed_at_every_member(tmp_path: Path, workers: str) -> None:
    """Every member kills the container at its first try; in the end each has had the tries that it needed and no more."""
    _foreach(tmp_path, width=4, body=AT_FIRST, decorators=KILLING)
    contain(tmp_path, "start/4")
    for retry in range(9):
        code = contain(tmp_path, f"a+b*4{workers}", "foreach:start", "0", retry=retry).returncode
        if code == 0:
            break
        assert code == -signal.SIGKILL
    else:
        pytest.fail("it never ended")
    assert [len(_tries(tmp_path, "a", str(index))) for index in range(4)] == [2] * 4
    assert [_value(tmp_path, "b", "y", str(index)) for index in range(4)] == [1, 11, 21, 31]


def test_a_pause_keeps_no_other_member(tmp_path: Path) -> None:
    _foreach(
        tmp_path,
        width=2,
        body="assert self.input or current.retry_count, 'at first'",
        decorators="@retry(times=1, minutes_between_retries=0.03)",
    )
    contain(tmp_path, "start/2")
    done = contain(tmp_path, "a+b*2:2", "foreach:start", "0")
    assert done.returncode == 0, done.stderr
    assert "a-0 waits until" in done.stderr
    assert [_tries(tmp_path, "a", str(index)) for index in range(2)] == [[(1, 0, True), (2, 1, False)], [(1, 0, False)]]


def test_a_run_of_another_owner_is_not_touched(tmp_path: Path) -> None:
    _row(tmp_path)
    assert contain(tmp_path, "start+a+end").returncode == 0
    words = ["other" if word == "me" else word for word in command("start+a+end")]
    done = subprocess.run(words, cwd=tmp_path, env=variables(tmp_path), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "belongs to 'me'" in done.stderr
    assert [len(_tries(tmp_path, step)) for step in ("start", "a", "end")] == [1, 1, 1]
    assert os.listdir(tmp_path / "store")
