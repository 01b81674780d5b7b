"""Every way in which a step's process may end, and what the attempt then is: the same table for each exit code and cause."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from flowc.artifacts.address import TaskAddress
from flowc.artifacts.failure import failure_of
from flowc.artifacts.manifest import Attempt, attempts, read
from flowc.exceptions import CaughtFailure, StepTimeout
from flowc.store.files import FileStore

from tests.stages.container import command, contain, variables, write

SOURCE = """
import os, signal, sys, threading, time
from flowc import FlowSpec, catch, current, retry, step, timeout

class Loud(Exception):
    def __str__(self):
        raise SystemExit(9)

class Own(BaseException):
    pass

def deep(n):
    return n and other(n - 1)

def other(n):
    return deep(n)

class F(FlowSpec):
    {decorators}
    @step
    def start(self):
        {start}
        self.next(self.end)
    @step
    def end(self):
        pass
"""
SWALLOWED = "try:\n            time.sleep(60)\n        except BaseException:\n            pass"
BLOCKED = "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM]); time.sleep(60)"
TASK = TaskAddress("F", "r", "start")
QUICK = "import flowc.task.guard\nflowc.task.guard._GRACE = 0.3\n"


def _step(folder: Path, start: str, decorators: str = "", before: str = "") -> None:
    write(folder, before + SOURCE.format(start=start, decorators=decorators))


def _store(folder: Path) -> FileStore:
    return FileStore(f"file:{folder}/store")


def _attempts(folder: Path) -> tuple[Attempt, ...]:
    return attempts(_store(folder), TASK)


@pytest.mark.language("failure.exit")
@pytest.mark.parametrize(
    ("start", "code", "kind"),
    [
        ("sys.exit()", 1, "builtins.SystemExit"),
        ("sys.exit(3)", 1, "builtins.SystemExit"),
        ("sys.exit('why')", 1, "builtins.SystemExit"),
        ("raise Own('x')", 1, "the_flow.Own"),
        ("raise GeneratorExit", 1, "builtins.GeneratorExit"),
        ("raise KeyboardInterrupt", 143, "builtins.KeyboardInterrupt"),
        ("raise Loud", 1, "the_flow.Loud"),
        ("os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)", 143, "flowc.exceptions.Terminated"),
        ("os._exit(0)", 1, None),
        ("os._exit(137)", 137, None),
        ("os.kill(os.getpid(), signal.SIGKILL)", -9, None),
        ("os.fork() or os._exit(0); os.wait()", 0, None),
    ],
)
def test_the_end_of_a_step_has_one_meaning(tmp_path: Path, start: str, code: int, kind: str | None) -> None:
    _step(tmp_path, start)
    ended = contain(tmp_path, "start")
    assert ended.returncode == code, ended.stderr
    (attempt,) = _attempts(tmp_path)
    assert (attempt.failure.type if attempt.failure else None) == kind


@pytest.mark.language("timeout.swallowed")
@pytest.mark.parametrize(("start", "before"), [(SWALLOWED, ""), (BLOCKED, QUICK)])
def test_a_step_that_took_too_long_has_failed_whatever_it_swallowed(tmp_path: Path, start: str, before: str) -> None:
    _step(tmp_path, start, "@timeout(seconds=0.2)", before)
    ended = contain(tmp_path, "start")
    assert ended.returncode == 1, ended.stderr
    (attempt,) = _attempts(tmp_path)
    assert attempt.failure is not None
    assert attempt.failure.type == "flowc.exceptions.TimeoutException"


@pytest.mark.parametrize("said", [2, 9])
@pytest.mark.parametrize("begun", [0, 1, 2])
def test_what_batch_counts_beside_attempts_uses_up_no_retry(tmp_path: Path, begun: int, said: int) -> None:
    """Step Functions counts refused submissions too: its number is a limit, and the task's own starts count."""
    _step(tmp_path, "print(current.retry_count); raise ValueError", "@retry(times=2)")
    for number in range(begun):
        contain(tmp_path, "start", retry=number)
    words = command("start")
    words[words.index("--retry") + 1] = f"~{said}"
    ended = subprocess.run(words, cwd=tmp_path, env=variables(tmp_path), capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stdout == f"{begun}\n"


def _raised(text: str) -> BaseException:
    try:
        exec(compile(text, "flow.py", "exec"), {})
    except BaseException as error:  # noqa: BLE001 - the table raises what it likes
        return error
    raise AssertionError("nothing was raised")


CAUSE = """
try:
    {}['k']
except KeyError as error:
    raise ValueError('v') from error
"""
GROUP = """
try:
    {}['k']
except KeyError as error:
    raise ExceptionGroup('several', [error, TypeError('t')])
"""
MUTUAL = """
def a(n): return b(n)
def b(n): return a(n)
a(1)
"""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (CAUSE, ["KeyError: 'k'", "direct cause", "ValueError: v"]),
        pytest.param(
            GROUP,
            ["KeyError: 'k'", "ExceptionGroup: several (2 sub-exceptions)", "TypeError: t"],
            marks=pytest.mark.skipif(sys.version_info < (3, 11), reason="exception groups came with Python 3.11"),
        ),
        ("def a(): a()\na()", ["repeated", "RecursionError"]),
        (MUTUAL, ["frames more]", "RecursionError"]),
        ("raise SyntaxError('odd', ('x.py', 'no number', None, 3))", ["SyntaxError"]),
        ("class E(Exception):\n    def __str__(self): raise SystemExit\nraise E", ["E"]),
        ("compile('def f(:', 'module.py', 'exec')", ["module.py", "SyntaxError: "]),
    ],
)
def test_any_failure_becomes_a_text_that_a_person_can_read(text: str, told: list[str]) -> None:
    found = failure_of(_raised(text))
    for part in told:
        assert part in found.stacktrace
    assert found.stacktrace.endswith("\n")
    assert len(found.stacktrace.splitlines()) < 300


def test_after_a_rerun_catch_tells_of_this_life_s_attempts(tmp_path: Path) -> None:
    """`argo retry`, a clear and a redrive count from 0 again: what an earlier life left must not be told as this one's."""
    decorators = "@catch(var='why', print_exception=False)\n    @retry(times=1)"
    _step(tmp_path, "raise ValueError('in the first life')", decorators)
    for number in range(2):
        contain(tmp_path, "start", retry=number)
    kept = read(_store(tmp_path), TASK)
    assert (kept["why"].type, kept.attempt) == ("builtins.ValueError", 2)
    _step(tmp_path, "os.kill(os.getpid(), signal.SIGKILL)", decorators)
    codes = [contain(tmp_path, "start", retry=number).returncode for number in range(3)]
    assert codes == [-9, -9, 0]
    kept = read(_store(tmp_path), TASK)
    assert (kept["why"].type, kept.attempt, kept.retry) == ("flowc.exceptions.FailureHandledByCatch", 5, 2)


@pytest.mark.language("catch.print")
@pytest.mark.parametrize(("said", "printed"), [("", True), (", print_exception=False", False)])
def test_a_caught_failure_is_printed_unless_it_shall_not_be(tmp_path: Path, said: str, printed: bool) -> None:
    _step(tmp_path, "raise ValueError('of mine')", f"@catch(var='why'{said})")
    ended = contain(tmp_path, "start")
    assert ended.returncode == 0
    assert ("ValueError: of mine" in ended.stderr) == printed


@pytest.mark.language("retry.pause")
def test_the_local_run_pauses_between_attempts_where_it_is_asked_to(tmp_path: Path) -> None:
    _step(tmp_path, "assert current.retry_count == 2", "@retry(times=2, minutes_between_retries=0.01)")
    words = [
        "run",
        "--retry-pause",
        "--store",
        f"file:{tmp_path}/store",
        "--run-id",
        "r",
        str(tmp_path / "the_flow.py"),
    ]
    subprocess.run([sys.executable, "-P", "-m", "compiler", *words], check=True, capture_output=True, timeout=60)
    began = [attempt.started for attempt in _attempts(tmp_path)]
    assert len(began) == 3
    assert all(later - earlier >= 0.6 for earlier, later in pairwise(began))


class _Outer:
    class Inner(Exception):
        """An exception that is no name of its module."""


@pytest.mark.parametrize(
    ("error", "kind", "line"),
    [
        (KeyError("x"), "builtins.KeyError", "KeyError: 'x'"),
        (
            json.JSONDecodeError("no", "", 0),
            "json.decoder.JSONDecodeError",
            "json.decoder.JSONDecodeError: no: line 1 column 1 (char 0)",
        ),
        (subprocess.CalledProcessError(3, "true"), "subprocess.CalledProcessError", None),
        (_Outer.Inner("i"), f"{__name__}.Inner", f"{__name__}.Inner: i"),
        (StepTimeout("late"), "flowc.exceptions.TimeoutException", "flowc.exceptions.TimeoutException: late"),
    ],
)
def test_a_failure_tells_its_type_with_the_module_as_metaflow_does(
    error: BaseException, kind: str, line: str | None
) -> None:
    told = failure_of(error)
    assert told.type == kind
    assert line in (None, str(CaughtFailure(*told)))


def test_failures_that_0_1_0_wrote_are_told_as_they_are() -> None:
    assert str(CaughtFailure("KeyError", "'x'", "")) == "KeyError: 'x'"
