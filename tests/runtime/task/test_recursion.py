"""A step that repeats: its iterations, their retries, and what a container finds that comes after another."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from flowc.artifacts.address import TaskAddress
from flowc.artifacts.manifest import Manifest, attempts, read
from flowc.container.sessions import end_session
from flowc.processes.forks import START_METHOD
from flowc.resuming.resubmitted import take_over
from flowc.store.files import FileStore
from flowc.task.call import DONE, FAILED, TERMINATED, Reported
from flowc.task.recursion import iterations

from tests.stages.container import command, contain, variables, write
from tests.stages.task import Stage
from tests.stages.tasks_of_run import walk


@pytest.fixture(autouse=True)
def forks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Iterations are forks of this process, also where the test runner has threads; `test_forks` has the other way."""
    monkeypatch.setenv(START_METHOD, "fork")


FLOW = """
import os, random, signal, sys, time
{top}
from flowc import FlowSpec, current, retry, step, timeout
class F(FlowSpec):
    @step
    def start(self):
        self.n = 0
        self.seen = []
        self.next(self.loop)
    {decorators}
    @step
    def loop(self):
        self.n += 1
        self.seen = [*self.seen, (current.task_id, current.retry_count)]
        {body}
        self.more = self.n < 4
        self.next({{True: self.loop, False: self.end}}, condition="more")
    @step
    def end(self):
        pass
"""
QUICK = "@retry(times={}, minutes_between_retries=0)"


def _stage(folder: Path, body: str = "pass", decorators: str = "", top: str = "") -> Stage:
    stage = Stage(folder, FLOW.format(body=body, decorators=decorators, top=top))
    stage.done("start")
    return stage


def _loop(stage: Stage, retry: int = 0) -> Reported:
    return stage.do("loop", "start", repeats=True, retry=retry)


def _iteration(stage: Stage, number: int) -> TaskAddress:
    return stage.run.task("loop", "-", number)


def _tries(stage: Stage, number: int) -> list[str]:
    return [one.failure.type if one.failure else "" for one in attempts(stage.store, _iteration(stage, number))]


def _left(stage: Stage) -> list[Manifest]:
    return [read(stage.store, address) for address in iterations(stage.left("loop"))]


def test_artifacts_go_from_iteration_to_iteration_and_the_task_is_the_last(tmp_path: Path) -> None:
    stage = _stage(tmp_path)
    reported = _loop(stage)
    assert (reported.exit_code, reported.published, reported.case, reported.fan) == (DONE, True, 1, None)
    task, each = stage.left("loop"), _left(stage)
    assert [one["n"] for one in each] == [1, 2, 3, 4]
    assert [one.case for one in each] == [0, 0, 0, 1]
    assert {name: task[name] for name in task.names} == {name: each[-1][name] for name in each[-1].names}
    assert task["seen"] == [("loop-i0", 0), ("loop-i1", 0), ("loop-i2", 0), ("loop-i3", 0)]
    assert (task.next, task.iterations, each[-1].iterations) == (("end",), 4, None)
    assert [str(address) for address in iterations(task)] == [f"F/r/loop/loop-i{number}" for number in range(4)]
    stage.done("end", "loop=1:loop")
    assert [each.step for each, _ in walk(stage.store, stage.run)] == ["start", "loop", "end"]


def test_a_step_that_does_not_repeat_has_no_iterations(tmp_path: Path) -> None:
    assert iterations(_stage(tmp_path).left("start")) == ()


def test_the_first_step_may_repeat(tmp_path: Path) -> None:
    source = """
    from flowc import FlowSpec, Parameter, step
    class F(FlowSpec):
        top = Parameter("top", default=3)
        @step
        def start(self):
            self.n = getattr(self, "n", 0) + 1
            self.more = self.n < self.top
            self.next({True: self.start, False: self.end}, condition="more")
        @step
        def end(self):
            pass
    """
    stage = Stage(tmp_path, source)
    assert stage.done("start", repeats=True, parameters={"top": "2"})["n"] == 2
    assert [read(stage.store, at)["top"] for at in iterations(stage.left("start"))] == [2, 2]


@pytest.mark.parametrize(
    "top", ["", "import threading; threading.Thread(target=time.sleep, args=(60,), daemon=True).start()"]
)
def test_each_iteration_is_a_process_of_its_own(tmp_path: Path, top: str) -> None:
    """With threads that the author's import has started, it is a fresh interpreter."""
    source = FLOW.format(body="self.seen = [*self.seen[:-1], (os.getpid(), random.random())]", decorators="", top=top)
    write(tmp_path, source)
    assert contain(tmp_path, "start").returncode == 0
    ended = contain(tmp_path, "loop~", "start")
    assert ended.returncode == 0, ended.stderr
    seen = read(FileStore(f"file:{tmp_path / 'store'}"), TaskAddress("F", "r", "loop"))["seen"]
    assert len({process for process, _ in seen}) == len({drawn for _, drawn in seen}) == 4


FAILS_ONCE = "if self.n == 3 and current.retry_count < {}: {}"


@pytest.mark.parametrize(
    ("failing", "tries"),
    [
        ("raise ValueError", ["builtins.ValueError", ""]),
        ("os.kill(os.getpid(), signal.SIGKILL)", ["flowc.exceptions.MetaflowException", ""]),
        ("os._exit(0)", ["flowc.exceptions.MetaflowException", ""]),
        ("sys.exit(3)", ["builtins.SystemExit", ""]),
        ("self.x = lambda: 1; self.y = sys.stdin; raise KeyError", ["builtins.KeyError", ""]),
    ],
)
def test_an_iteration_is_retried_alone(tmp_path: Path, failing: str, tries: list[str]) -> None:
    stage = _stage(tmp_path, FAILS_ONCE.format(1, failing), QUICK.format(1))
    assert _loop(stage).exit_code == DONE
    assert [_tries(stage, number) for number in range(4)] == [[""], [""], tries, [""]]
    assert len(attempts(stage.store, stage.run.task("loop"))) == 1
    assert stage.left("loop")["seen"] == [("loop-i0", 0), ("loop-i1", 0), ("loop-i2", 1), ("loop-i3", 0)]


def test_every_iteration_may_use_up_its_retries(tmp_path: Path) -> None:
    stage = _stage(tmp_path, "if current.retry_count < 2: raise ValueError", QUICK.format(2))
    assert _loop(stage).exit_code == DONE
    assert [len(_tries(stage, number)) for number in range(4)] == [3, 3, 3, 3]


def test_a_pause_lies_between_the_tries(tmp_path: Path) -> None:
    stage = _stage(tmp_path, FAILS_ONCE.format(1, "raise ValueError"), "@retry(times=1, minutes_between_retries=0.01)")
    begun = time.monotonic()
    _loop(stage)
    first, second = attempts(stage.store, _iteration(stage, 2))
    assert first.finished is not None
    assert 0.6 <= second.started - first.finished <= time.monotonic() - begun


def test_when_its_retries_are_used_up_the_task_fails_as_the_iteration_did(tmp_path: Path) -> None:
    stage = _stage(tmp_path, "print('now', self.n)\n        if self.n == 3: raise ValueError('three')", QUICK.format(1))
    reported = _loop(stage)
    assert reported.exit_code == FAILED
    assert reported.failure is not None
    assert (reported.failure.type, reported.failure.exception) == ("builtins.ValueError", "three")
    (task,) = attempts(stage.store, stage.run.task("loop"))
    assert task.failure == reported.failure
    assert task.stdout == "now 3\n"
    # the engine starts the container again: nothing of the author's runs, for no try is left
    assert _loop(stage, retry=1).exit_code == FAILED
    assert _tries(stage, 2) == ["builtins.ValueError", "builtins.ValueError"]


def test_a_time_limit_is_each_iterations(tmp_path: Path) -> None:
    stage = _stage(
        tmp_path,
        "time.sleep(0.6 if self.n != 3 or current.retry_count else 60)",
        QUICK.format(1) + "\n    @timeout(seconds=1)",
    )
    assert _loop(stage).exit_code == DONE
    assert [_tries(stage, number) for number in range(4)] == [
        [""],
        [""],
        ["flowc.exceptions.TimeoutException", ""],
        [""],
    ]


KILLED = "if self.n == {0} and not os.path.exists('{1}'): open('{1}', 'w').close(); os.kill(os.getppid(), signal.SIGKILL); time.sleep(60)"


def _killed(folder: Path, at: int, times: int) -> Stage:
    """A task whose container was killed in an iteration; that process is gone, too, as in a container."""
    source = FLOW.format(body=KILLED.format(at, folder / "killed"), decorators=QUICK.format(times), top="")
    stage = Stage(folder, source)
    write(folder, source)
    assert contain(folder, "start").returncode == 0
    process = subprocess.Popen(command("loop~", "start"), cwd=folder, env=variables(folder), start_new_session=True)
    assert process.wait() == -signal.SIGKILL
    end_session(process.pid)
    return stage


def test_a_killed_container_goes_on_at_the_iteration_that_had_begun(tmp_path: Path) -> None:
    stage = _killed(tmp_path, 3, 1)
    assert contain(tmp_path, "loop~", "start", retry=1).returncode == 0
    assert [len(_tries(stage, number)) for number in range(4)] == [1, 1, 2, 1]
    assert stage.left("loop")["seen"] == [("loop-i0", 0), ("loop-i1", 0), ("loop-i2", 1), ("loop-i3", 0)]
    assert [one.retry for one in attempts(stage.store, stage.run.task("loop"))] == [0, 1]


def test_what_a_person_starts_anew_begins_anew(tmp_path: Path) -> None:
    stage = _killed(tmp_path, 3, 1)
    assert contain(tmp_path, "loop~", "start", retry=0).returncode == 0
    assert [len(_tries(stage, number)) for number in range(4)] == [2, 2, 2, 1]
    assert stage.left("loop")["seen"] == [(f"loop-i{number}", 0) for number in range(4)]


@pytest.mark.parametrize("retry", [0, 1])
def test_what_is_started_after_its_end_begins_anew(tmp_path: Path, retry: int) -> None:
    """`--retry 0` after a success is a clear; any other number may be one, too, whose first container was lost before it began."""
    stage = _stage(tmp_path)
    _loop(stage)
    assert _loop(stage, retry=retry).published
    assert [len(_tries(stage, number)) for number in range(4)] == [2] * 4
    assert stage.left("loop").attempt == 2


def test_a_container_after_that_goes_on_where_it_was_lost_and_has_all_its_tries(tmp_path: Path) -> None:
    killed = tmp_path / "killed"
    stage = _stage(tmp_path, KILLED.format(3, killed), QUICK.format(1))
    killed.touch()
    _loop(stage)
    killed.unlink()
    write(tmp_path, stage.path.read_text())
    process = subprocess.Popen(
        command("loop~", "start", retry=1), cwd=tmp_path, env=variables(tmp_path), start_new_session=True
    )
    assert process.wait() == -signal.SIGKILL
    end_session(process.pid)
    assert _loop(stage, retry=2).published
    assert [len(_tries(stage, number)) for number in range(4)] == [2, 2, 3, 2]
    assert stage.left("loop")["seen"] == [("loop-i0", 0), ("loop-i1", 0), ("loop-i2", 1), ("loop-i3", 0)]


@pytest.mark.parametrize("retry", [0, 1])
def test_what_was_taken_over_whole_begins_anew_where_it_is_started(tmp_path: Path, retry: int) -> None:
    """A task of a run that was submitted again, cleared: nothing is done behind what has ended it."""
    stage = _stage(tmp_path)
    _loop(stage)
    take_over(stage.store, stage.run._replace(run="again"), "r")
    done = stage.done("loop", "start", run="again", repeats=True, retry=retry, origin="r")
    assert (done["n"], done.iterations, done.origin) == (4, 4, "")


@pytest.mark.parametrize("times", [0, 2])
def test_an_iteration_that_dies_before_it_does_anything_has_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """Its process is killed as soon as there is one: the task fails as one whose iteration was killed, and is no bug."""
    stage = _stage(tmp_path, decorators=QUICK.format(times) if times else "")
    with monkeypatch.context() as patch:
        patch.setattr("flowc.processes.children.reseed", lambda: os.kill(os.getpid(), signal.SIGKILL))
        reported = _loop(stage)
    assert reported.exit_code == FAILED
    assert reported.failure is not None
    assert "was killed by SIGKILL" in reported.failure.exception
    assert len(_tries(stage, 0)) == times + 1
    assert _loop(stage).exit_code == DONE
    assert stage.left("loop")["n"] == 4


def test_a_container_that_died_before_it_said_that_all_was_done_says_it(tmp_path: Path) -> None:
    stage = _stage(tmp_path)
    _loop(stage)
    stage.store.delete(stage.run.task("loop").manifest)
    assert _loop(stage, retry=1).case == 1
    assert [len(_tries(stage, number)) for number in range(4)] == [1, 1, 1, 1]
    assert stage.left("loop").iterations == 4


def test_a_shorter_life_leaves_no_iterations_of_a_longer_one(tmp_path: Path) -> None:
    stage = _stage(tmp_path, "self.n += int(os.environ.get('STEP', 0))")
    _loop(stage)
    os.environ["STEP"] = "2"
    try:
        _loop(stage)
    finally:
        del os.environ["STEP"]
    assert [one["n"] for one in _left(stage)] == [3, 6]


def test_of_two_containers_the_later_wins_and_never_goes_on_from_the_other(tmp_path: Path) -> None:
    """The older one writes each iteration before the newer does, which takes none of it."""
    stage = _stage(tmp_path, "self.by = [*getattr(self, 'by', []), os.environ['BY']]; time.sleep(0.4)", QUICK.format(5))
    write(tmp_path, stage.path.read_text())
    first = subprocess.Popen(command("loop~", "start"), cwd=tmp_path, env=variables(tmp_path, BY="old"))
    _wait_for(stage, _iteration(stage, 0).manifest)
    second = subprocess.Popen(command("loop~", "start", retry=1), cwd=tmp_path, env=variables(tmp_path, BY="new"))
    assert (first.wait(), second.wait()) == (0, 0)
    by = stage.left("loop")["by"]
    assert by == sorted(by, reverse=True)  # old, perhaps, and then new only
    assert by[-1] == "new"
    assert stage.left("loop").attempt == 2
    assert [one["by"] for one in _left(stage)] == [by[: number + 1] for number in range(4)]


def _wait_for(stage: Stage, key: str) -> None:
    until = time.monotonic() + 30
    while stage.store.size(key) is None:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_container_that_is_asked_to_end_ends_its_iteration_first(tmp_path: Path) -> None:
    stage = _stage(tmp_path, "time.sleep(60 if self.n == 2 else 0)")
    write(tmp_path, stage.path.read_text())
    process = subprocess.Popen(command("loop~", "start"), cwd=tmp_path, env=variables(tmp_path))
    _wait_for(stage, _iteration(stage, 1).attempt(10_001))
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == TERMINATED
    assert _tries(stage, 1) == ["flowc.exceptions.Terminated"]
    (task,) = attempts(stage.store, stage.run.task("loop"))
    assert task.failure is not None


def test_an_iteration_costs_two_objects(tmp_path: Path) -> None:
    many = "self.seen = []; self.more = self.n < 60; self.next({True: self.loop, False: self.end}, condition='more'); return"
    stage = _stage(tmp_path, many)
    assert _loop(stage).published
    assert stage.left("loop").iterations == 60
    assert len(list(stage.store.list(stage.run.task("loop").iterations))) == 2 * 60
