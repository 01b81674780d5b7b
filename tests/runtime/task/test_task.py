"""How a task ends: exit codes, tracebacks, retries, catches, timeouts, what is kept of its output."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from flowc.artifacts.address import TaskAddress
from flowc.artifacts.manifest import Attempt, attempts
from flowc.store.files import FileStore
from flowc.task.call import FAILED
from flowc.task.output import Tee

from tests.stages.container import command, contain, variables, write
from tests.stages.one_step import ONE, left_by, staged, write_one
from tests.stages.task import Stage
from tests.stages.tasks_of_run import walk


def _attempts(folder: Path) -> tuple[Attempt, ...]:
    return attempts(FileStore(f"file:{folder}/store"), TaskAddress("F", "r", "start"))


@pytest.mark.parametrize(
    ("start", "code", "text"),
    [
        ("pass", 0, ""),
        ("raise ValueError('of mine')", 1, "ValueError: of mine"),
        ("sys.exit(0)", 1, "SystemExit"),
        ("self.x = (n for n in ())", 1, "generator"),
        ("raise KeyboardInterrupt", 143, "ended by a signal"),
        ("os._exit(5)", 5, ""),
        ("self.merge_artifacts([])", 1, "no join"),
        ("self.nothing", 1, "has no attribute 'nothing'"),
        ("return", 1, "without self.next"),
        ("self.next(self.start)", 1, "twice"),
    ],
)
@pytest.mark.language("failure.exit-codes")
def test_exit_codes_of_steps(tmp_path: Path, start: str, code: int, text: str) -> None:
    write_one(tmp_path, start)
    ended = contain(tmp_path, "start")
    assert ended.returncode == code, ended.stderr
    assert text in ended.stderr


@pytest.mark.parametrize(
    ("words", "change", "text"),
    [
        ([], {}, "usage"),
        (["step"], {}, "usage"),
        (["step", "start"], {}, "--run is missing"),
        (["step", "start", "--run", "r", "--what", "x"], {}, "--what"),
        (["step", "start", "--run", "r", "--retry", "x"], {}, "--retry"),
        (["step", "start", "--run", "r", "--index", "../x"], {}, "--index"),
        (["step", "start", "--run", "r"], {"FLOWC_ENVIRONMENT": "{"}, "FLOWC_ENVIRONMENT"),
        (["step", "start", "--run", "r"], {"FLOWC_TAGS": "x"}, "FLOWC_TAGS"),
        (["step", "start", "--run", "r", "--load", "x:y"], {}, "x:y"),
        (["step", "start", "--run", "r", "--parameters", "{"], {}, "no JSON"),
        (["step", "start", "--run", "r", "--parameters", "%%%"], {}, "neither JSON nor base64"),
        (["step", "start", "--run", "r", "--parameters", "{}"], {"FLOWC_STORE": "ftp://x"}, "no store"),
        (["step", "start", "--run", "r", "--parameters", "{}"], {"FLOWC_STORE": ""}, "FLOWC_STORE"),
        (["step", "start", "--run", "r", "--parameters", "{}"], {"FLOWC_FLOW": "nothing.py:F"}, "no file"),
        (["step", "start", "--run", "r", "--parameters", "{}"], {"FLOWC_FLOW": "the_flow.py:G"}, "no flow 'G'"),
        (["step", "other", "--run", "r", "--parameters", "{}"], {}, "no step 'other'"),
        (["step", "start", "--run", "r", "--parameters", '{"q": 1}'], {}, "'q'"),
        (["step", "start", "--run", "r", "--parameters", '{"p": "x"}'], {}, "'p'"),
        (["step", "start", "--run", "r", "--report", "what:"], {}, "what:"),
    ],
)
def test_a_wrong_call_is_exit_code_2_and_says_why(
    tmp_path: Path, words: list[str], change: dict[str, str], text: str
) -> None:
    write_one(tmp_path, "pass")
    argv = [command("start")[0], "-m", "flowc", *words]
    ended = subprocess.run(
        argv, cwd=tmp_path, env=variables(tmp_path, **change), capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert text in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.language("failure.traceback")
def test_the_traceback_is_the_author_s_alone(tmp_path: Path) -> None:
    write_one(tmp_path, "self.mine()", "def mine(self):\n        {}['k']\n")
    ended = contain(tmp_path, "start")
    lines = ended.stderr.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-1] == "KeyError: 'k'"
    assert [line.strip().split(", ")[-1] for line in lines if line.lstrip().startswith("File ")] == [
        "in start",
        "in mine",
    ]
    (attempt,) = _attempts(tmp_path)
    assert attempt.failure is not None
    assert attempt.failure.stacktrace == ended.stderr == attempt.stderr


def test_a_module_that_raises_fails_the_attempt_with_its_own_traceback(tmp_path: Path) -> None:
    write(tmp_path, "import nowhere_to_be_found\n")
    ended = contain(tmp_path, "start")
    assert ended.returncode == 1
    assert ended.stderr.count("File ") == 1
    (attempt,) = _attempts(tmp_path)
    assert attempt.failure is not None
    assert attempt.failure.type == "builtins.ModuleNotFoundError"


def test_output_goes_on_at_once_and_is_kept(tmp_path: Path) -> None:
    write_one(
        tmp_path,
        "print('out é'); print('err', file=sys.stderr); sys.stdout.buffer.write(b'raw\\n'); os.write(1, b'not kept\\n')",
    )
    ended = contain(tmp_path, "start")
    assert ended.stdout == "out é\nraw\nnot kept\n"
    left = left_by(tmp_path)
    assert (left.stdout, left.stderr) == ("out é\nraw\n", "err\n")
    write_one(tmp_path, "print('x' * 100_000); raise ValueError")
    contain(tmp_path, "start", retry=1)
    assert _attempts(tmp_path)[1].stdout == "x" * 100_000 + "\n"
    write_one(tmp_path, "print('x' * 100_000)")
    contain(tmp_path, "start", retry=2)
    assert left_by(tmp_path).stdout == "x" * 100_000 + "\n"


@pytest.mark.language("failure.sigterm")
def test_sigterm_is_a_failed_attempt_with_its_log(tmp_path: Path) -> None:
    write_one(tmp_path, "print('began', flush=True); time.sleep(60)")
    process = subprocess.Popen(
        command("start"),
        cwd=tmp_path,
        env=variables(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "began\n"
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 143
    (attempt,) = _attempts(tmp_path)
    assert attempt.stdout == "began\n"
    assert attempt.failure is not None
    assert "SIGTERM" in attempt.failure.exception


@pytest.mark.parametrize(("stop", "swallow"), [("time.sleep(60)", ""), ("time.sleep(60)", "Exception")])
def test_a_timeout_ends_the_step_below_a_second(tmp_path: Path, stop: str, swallow: str) -> None:
    start = f"try:\n            {stop}\n        except {swallow or 'ZeroDivisionError'}:\n            pass"
    write_one(tmp_path, start, "@timeout(seconds=0.2)")
    began = time.monotonic()
    ended = contain(tmp_path, "start")
    assert ended.returncode == 1
    assert "0.2 s" in ended.stderr
    assert time.monotonic() - began < 30
    (attempt,) = _attempts(tmp_path)
    assert attempt.failure is not None
    assert attempt.failure.type == "flowc.exceptions.TimeoutException"


@pytest.mark.parametrize(
    ("stop", "recorded"),
    [
        (
            "while True:\n            try:\n                time.sleep(60)\n            except BaseException:\n                pass",
            True,
        ),
        ("sum(iter(int, 1))", False),
    ],
)
@pytest.mark.language("timeout.c-code")
def test_a_step_that_no_exception_reaches_is_ended_with_its_process(tmp_path: Path, stop: str, recorded: bool) -> None:
    """C code that keeps the interpreter sees neither signal nor thread."""
    source = ONE.format(start=stop, decorators="@timeout(seconds=0.1)")
    write(tmp_path, "import flowc.task.guard\nflowc.task.guard._GRACE = 0.3\n" + source)
    ended = contain(tmp_path, "start")
    assert ended.returncode == 1
    (attempt,) = _attempts(tmp_path)
    assert (attempt.failure is not None) == recorded
    assert recorded or "Timeout" in ended.stderr


@pytest.mark.parametrize(
    ("decorators", "start", "retry", "outcome"),
    [
        ("@retry(times=1)", "raise ValueError", 0, "failed"),
        ("@retry(times=1)", "raise ValueError", 1, "failed"),
        ("@catch(var='why')", "raise ValueError('v')", 0, "builtins.ValueError"),
        ("@catch(var='why')", "sys.exit(3)", 0, "builtins.SystemExit"),
        ("@catch(var='why')", "pass", 0, "none"),
        ("@catch", "raise ValueError", 0, "silent"),
        ("@retry(times=2)\n    @catch(var='why')", "raise ValueError('v')", 0, "failed"),
        ("@retry(times=2)\n    @catch(var='why')", "raise ValueError('v')", 1, "failed"),
        ("@retry(times=2)\n    @catch(var='why')", "raise ValueError('v')", 2, "builtins.ValueError"),
        ("@retry(times=2)\n    @catch(var='why')", "open('ran', 'w')", 3, "flowc.exceptions.FailureHandledByCatch"),
        ("@catch(var='why')\n    @timeout(seconds=1)", "time.sleep(30)", 0, "flowc.exceptions.TimeoutException"),
        ("@timeout(seconds=60)\n    @catch(var='why')", "pass", 0, "none"),
    ],
)
def test_retry_and_catch(tmp_path: Path, decorators: str, start: str, retry: int, outcome: str) -> None:
    stage = staged(tmp_path, start, decorators)
    reported = stage.do("start", retry=retry)
    if outcome == "failed":
        assert (reported.exit_code, reported.caught) == (FAILED, False)
        return
    assert reported.exit_code == 0, reported
    left = stage.left("start")
    assert reported.caught == (left.caught is not None) == (outcome != "none")
    assert left.next == ("end",)
    assert [task.step for task, _ in walk(stage.store, stage.run)] == ["start", "end"]
    if outcome == "none":
        assert left["why"] is None
    elif outcome != "silent":
        why = left["why"]
        assert (why.type, bool(why)) == (outcome, True)
        assert isinstance(why.exception, str)
        assert isinstance(why.stacktrace, str)
    killed = outcome == "flowc.exceptions.FailureHandledByCatch"
    assert ("before" in left) == (not killed)
    assert not Path("ran").exists()


def test_a_caught_split_goes_to_all_its_arms(tmp_path: Path) -> None:
    stage = Stage(
        tmp_path,
        """
        from flowc import FlowSpec, catch, step
        class F(FlowSpec):
            @catch(var="why")
            @step
            def start(self):
                raise ValueError
                self.next(self.a, self.b)
            @step
            def a(self):
                self.next(self.end)
            @step
            def b(self):
                self.next(self.end)
            @step
            def end(self, inputs):
                pass
        """,
    )
    assert stage.done("start").next == ("a", "b")
    for arm in "ab":
        stage.done(arm, "start")
    stage.done("end", "merge:start/a;b")
    assert [task.step for task, _ in walk(stage.store, stage.run)] == ["start", "a", "b", "end"]


@pytest.mark.parametrize("early", ["self.next(self.end); return", "pass"])
def test_an_early_next_with_return_is_the_same_transition(tmp_path: Path, early: str) -> None:
    assert staged(tmp_path, early).done("start").next == ("end",)


@pytest.mark.parametrize(
    ("target", "source", "files"),
    [
        ("dir:{0}/d", "foreach", {"d/fan": "3"}),
        ("dir:{0}/d", "switch", {"d/case": "1"}),
        ("dir:{0}/d", "plain", {}),
        ("json:{0}/x/return.json", "foreach", {"x/return.json": {"index": "-", "fan": 3}}),
        ("json:{0}/x/return.json", "switch", {"x/return.json": {"index": "-", "case": 1}}),
        ("json:{0}/x/return.json", "plain", {"x/return.json": {"index": "-"}}),
        ("file:{0}/x/fan", "foreach", {"x/fan": ["0", "1", "2"]}),
        ("file:{0}/x/case", "switch", {"x/case": {"index": "-", "case": 1}}),
        ("file:{0}/x/none", "plain", {}),
        ("stdout:", "foreach", {"": {"index": "-", "fan": 3}}),
        ("value:{0}/x/fan", "foreach", {"x/fan": ["0", "1", "2"]}),
        ("value:{0}/x/case", "switch", {"x/case": "1"}),
        ("value:{0}/x/none", "plain", {}),
    ],
)
def test_reports(tmp_path: Path, target: str, source: str, files: dict[str, Any]) -> None:
    following = {
        "foreach": "self.next(self.end, foreach='xs')",
        "switch": "self.next({'n': self.end, 'y': self.end}, condition='v')",
        "plain": "self.next(self.end)",
    }[source]
    write(
        tmp_path,
        ONE.format(start="self.xs = 'abc'; self.v = 'y'", decorators="").replace("self.next(self.end)", following, 1),
    )
    ended = contain(tmp_path, "start", FLOWC_REPORT=target.format(tmp_path))
    assert ended.returncode == 0, ended.stderr
    if "" in files:
        assert json.loads(ended.stdout.splitlines()[-1]) == files.pop("")
    for name, expected in files.items():
        text = (tmp_path / name).read_text()
        assert (text if isinstance(expected, str) else json.loads(text)) == expected
    reports = {str(path.relative_to(tmp_path)) for place in ("d", "x") for path in (tmp_path / place).glob("*")}
    assert reports == set(files)


@pytest.mark.parametrize(("times", "codes"), [(0, [-9, 0]), (1, [-9, -9, 0])])
def test_a_limit_of_attempts_leaves_catch_the_one_behind_them(tmp_path: Path, times: int, codes: list[int]) -> None:
    """An engine that cannot say how often it has begun gives each attempt the same limit: here the store counts."""
    decorators = f"@catch(var='why')\n    @retry(times={times}, minutes_between_retries=0)"
    text = ONE.format(start="os.kill(os.getpid(), signal.SIGKILL)", decorators=decorators)
    write(tmp_path, f"import os, signal\n{text}")
    limit: Any = f"~{times + 1}"
    assert [contain(tmp_path, "start", retry=limit).returncode for _ in codes] == codes


def test_a_failed_task_reports_nothing(tmp_path: Path) -> None:
    write_one(tmp_path, "raise ValueError")
    contain(tmp_path, "start", FLOWC_REPORT=f"json:{tmp_path}/return.json")
    assert not (tmp_path / "return.json").exists()


def test_python_flow_py_shows_what_flowc_does(tmp_path: Path) -> None:
    write_one(tmp_path, "pass")
    with (tmp_path / "the_flow.py").open("a") as file:
        file.write("\nif __name__ == '__main__':\n    F()\n")
    words = [sys.executable, "-S", "the_flow.py", "run", "--p", "1"]  # -S: no compiler is installed
    ended = subprocess.run(words, cwd=tmp_path, env=variables(tmp_path), capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "flowc run the_flow.py:F --p 1" in ended.stderr


def test_a_reader_that_is_slow_or_gone_loses_nothing_of_the_copy(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    tee = Tee(writer)
    thread = threading.Thread(target=lambda: [os.read(reader, 1 << 16) for _ in range(16)] and os.close(reader))
    thread.start()
    for _ in range(64):
        tee.write(b"x" * (1 << 15))
    thread.join()
    os.close(writer)
    assert len(tee.kept()) == 1 << 21


def test_of_endless_output_the_ends_are_kept() -> None:
    tee = Tee(os.open(os.devnull, os.O_WRONLY))
    for number in range(40):
        tee.write(b"%d" % (number % 10) * (1 << 20))
    os.close(tee.fileno())
    kept = tee.kept()
    assert len(kept) < 17 << 20
    assert b"not kept" in kept
    assert (kept[:1], kept[-1:]) == (b"0", b"9")
