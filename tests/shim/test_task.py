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
from flowc import current
from flowc.artifacts.address import TaskAddress
from flowc.artifacts.manifest import Attempt, Manifest, attempts, read, walk
from flowc.store.files import FileStore
from flowc.task.call import FAILED
from flowc.task.output import Tee

from tests.shim.container import command, contain, variables, write
from tests.shim.stage import Stage

ONE = """
import os, sys, time
from flowc import FlowSpec, Parameter, batch, catch, current, environment, kubernetes, resources, retry, step, timeout
class F(FlowSpec):
    p = Parameter("p", default=1)
    {decorators}
    @step
    def start(self):
        self.before = 1
        {start}
        self.next(self.end)
    @step
    def end(self):
        pass
"""


def _one(folder: Path, start: str, decorators: str = "") -> None:
    write(folder, ONE.format(start=start, decorators=decorators))


def _stage(folder: Path, start: str, decorators: str = "") -> Stage:
    return Stage(folder, ONE.format(start=start, decorators=decorators))


def _left(folder: Path, step: str = "start") -> Manifest:
    return read(FileStore(f"file:{folder}/store"), TaskAddress("F", "r", step))


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
    _one(tmp_path, start)
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
    _one(tmp_path, "pass")
    argv = [command("start")[0], "-m", "flowc", *words]
    ended = subprocess.run(
        argv, cwd=tmp_path, env=variables(tmp_path, **change), capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert text in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.language("failure.traceback")
def test_the_traceback_is_the_author_s_alone(tmp_path: Path) -> None:
    _one(tmp_path, "self.mine()", "def mine(self):\n        {}['k']\n")
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
    assert attempt.failure.type == "ModuleNotFoundError"


def test_output_goes_on_at_once_and_is_kept(tmp_path: Path) -> None:
    _one(
        tmp_path,
        "print('out é'); print('err', file=sys.stderr); sys.stdout.buffer.write(b'raw\\n'); os.write(1, b'not kept\\n')",
    )
    ended = contain(tmp_path, "start")
    assert ended.stdout == "out é\nraw\nnot kept\n"
    left = _left(tmp_path)
    assert (left.stdout, left.stderr) == ("out é\nraw\n", "err\n")
    _one(tmp_path, "print('x' * 100_000); raise ValueError")
    contain(tmp_path, "start", retry=1)
    assert _attempts(tmp_path)[1].stdout == "x" * 100_000 + "\n"
    _one(tmp_path, "print('x' * 100_000)")
    contain(tmp_path, "start", retry=2)
    assert _left(tmp_path).stdout == "x" * 100_000 + "\n"


@pytest.mark.language("failure.sigterm")
def test_sigterm_is_a_failed_attempt_with_its_log(tmp_path: Path) -> None:
    _one(tmp_path, "print('began', flush=True); time.sleep(60)")
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
    _one(tmp_path, start, "@timeout(seconds=0.2)")
    began = time.monotonic()
    ended = contain(tmp_path, "start")
    assert ended.returncode == 1
    assert "0.2 s" in ended.stderr
    assert time.monotonic() - began < 30
    (attempt,) = _attempts(tmp_path)
    assert attempt.failure is not None
    assert attempt.failure.type == "TimeoutException"


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
        ("@catch(var='why')", "raise ValueError('v')", 0, "ValueError"),
        ("@catch(var='why')", "sys.exit(3)", 0, "SystemExit"),
        ("@catch(var='why')", "pass", 0, "none"),
        ("@catch", "raise ValueError", 0, "silent"),
        ("@retry(times=2)\n    @catch(var='why')", "raise ValueError('v')", 0, "failed"),
        ("@retry(times=2)\n    @catch(var='why')", "raise ValueError('v')", 1, "failed"),
        ("@retry(times=2)\n    @catch(var='why')", "raise ValueError('v')", 2, "ValueError"),
        ("@retry(times=2)\n    @catch(var='why')", "open('ran', 'w')", 3, "FailureHandledByCatch"),
        ("@catch(var='why')\n    @timeout(seconds=1)", "time.sleep(30)", 0, "TimeoutException"),
        ("@timeout(seconds=60)\n    @catch(var='why')", "pass", 0, "none"),
    ],
)
def test_retry_and_catch(tmp_path: Path, decorators: str, start: str, retry: int, outcome: str) -> None:
    stage = _stage(tmp_path, start, decorators)
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
    killed = outcome == "FailureHandledByCatch"
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
    assert _stage(tmp_path, early).done("start").next == ("end",)


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


def test_a_failed_task_reports_nothing(tmp_path: Path) -> None:
    _one(tmp_path, "raise ValueError")
    contain(tmp_path, "start", FLOWC_REPORT=f"json:{tmp_path}/return.json")
    assert not (tmp_path / "return.json").exists()


def test_the_environment_is_there_before_the_module(tmp_path: Path) -> None:
    write(
        tmp_path,
        """
        import os
        from flowc import FlowSpec, environment, step
        AT_IMPORT = os.environ["LITERAL"]
        class F(FlowSpec):
            @environment(vars={"COMPUTED": AT_IMPORT + "!", "LITERAL": "{{x}} $HOME"})
            @step
            def start(self):
                self.seen = (AT_IMPORT, os.environ["COMPUTED"], os.environ["LITERAL"])
        """,
    )
    ended = contain(tmp_path, "start", FLOWC_ENVIRONMENT=json.dumps({"LITERAL": "{{x}} $HOME"}))
    assert ended.returncode == 0, ended.stderr
    assert _left(tmp_path)["seen"] == ("{{x}} $HOME", "{{x}} $HOME!", "{{x}} $HOME")


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ("{-3: 'a'}", "-3 is no name for a variable"),
        ("{'A=B': 'a'}", "'A=B' is no name for a variable"),
        ("{'': 'a'}", "'' is no name for a variable"),
        ("{'A': 'a' + chr(0)}", "the variable 'A' holds a NUL"),
    ],
)
def test_what_no_environment_takes_fails_where_it_stands(variables: str, told: str, tmp_path: Path) -> None:
    write(
        tmp_path,
        f"""
        from flowc import FlowSpec, environment, step
        class F(FlowSpec):
            @environment(vars=dict({variables}))
            @step
            def start(self):
                pass
        """,
    )
    ended = contain(tmp_path, "start")
    assert ended.returncode == 1
    assert f"@environment: {told}" in ended.stderr
    assert "@environment(vars=dict(" in ended.stderr


@pytest.mark.language("current.identity")
def test_current_knows_the_task(tmp_path: Path) -> None:
    start = "; ".join(
        [
            "self.names = [current.flow_name, current.run_id, current.step_name, current.task_id, current.pathspec]",
            "self.retry = current.retry_count",
            "self.project = [current.project_name, current.branch_name, current.project_flow_name, current.is_production]",
            "self.parameters = current.parameter_names",
            "self.tags = current.tags",
            "self.tags.update(['own'])",
            "self.tags = sorted(self.tags - {'own'})",
            "self.folder = current.tempdir",
            "self.was = os.path.isdir(current.tempdir)",
            "self.running = current.is_running_flow and 'run_id' in current and current.get('nothing', 5) == 5",
        ]
    )
    _one(tmp_path, start)
    ended = contain(tmp_path, "start", retry=2, FLOWC_PROJECT="mine.test.b", FLOWC_TAGS='["b", "a"]', USER="me")
    assert ended.returncode == 0, ended.stderr
    left = _left(tmp_path)
    assert left["names"] == ["F", "r", "start", "-", "F/r/start/-"]
    assert left["project"] == ["mine", "test.b", "mine.test.b.F", False]
    assert (left["retry"], left["parameters"], left["tags"], left["was"], left["running"]) == (
        2,
        ["p"],
        ["a", "b"],
        True,
        True,
    )
    assert not Path(left["folder"]).exists()


def test_outside_a_task_current_is_empty() -> None:
    assert (current.is_running_flow, current.run_id, current.tempdir, current.get("run_id")) == (
        False,
        None,
        ".",
        None,
    )
    assert "run_id" not in current
    with pytest.raises(AttributeError):
        _ = current.project_name
    with pytest.raises(AttributeError):
        current.run_id = "x"


@pytest.mark.parametrize("stem", ["json", "flowc", "metaflow", "string", "zlib"])
def test_a_flow_that_hides_a_module_is_refused(tmp_path: Path, stem: str) -> None:
    _one(tmp_path, "pass")
    folder = tmp_path / "deep"
    folder.mkdir()
    (tmp_path / "the_flow.py").rename(folder / f"{stem}.py")
    ended = contain(tmp_path, "start", FLOWC_FLOW=f"deep/{stem}.py:F")
    assert ended.returncode == 2
    assert f"hides the module '{stem}'" in ended.stderr


def test_files_beside_the_flow_do_not_disturb_the_shim(tmp_path: Path) -> None:
    _one(tmp_path, "raise ValueError('mine')")
    for name in ("json", "typing", "traceback", "pickle", "tempfile", "ast", "random", "enum", "compiler"):
        (tmp_path / f"{name}.py").write_text("raise SystemError('this is the author\\'s')\n")
    ended = contain(tmp_path, "start")
    assert (ended.returncode, ended.stderr.splitlines()[-1]) == (1, "ValueError: mine")


def test_modules_of_the_repository_are_found(tmp_path: Path) -> None:
    package = tmp_path / "pkg" / "flows"
    package.mkdir(parents=True)
    for folder in (package, package.parent):
        (folder / "__init__.py").write_text("")
    (package / "beside.py").write_text("A = 1\n")
    (package.parent / "above.py").write_text("B = 2\n")
    (tmp_path / "root.py").write_text("C = 3\n")
    (package / "my-flow.py").write_text(
        "from flowc import FlowSpec, step\nimport beside, root\nfrom .. import above\nfrom .beside import A\n"
        "class Thing: pass\n"
        "class F(FlowSpec):\n  @step\n  def start(self):\n    self.x = [beside.A, above.B, root.C, A]; self.t = Thing()\n"
        "    self.next(self.end)\n"
        "  @step\n  def end(self):\n    assert isinstance(self.t, Thing)\n"
    )
    for step, load in (("start", ""), ("end", "start")):
        ended = contain(tmp_path, step, load, FLOWC_FLOW="pkg/flows/my-flow.py:F")
        assert ended.returncode == 0, ended.stderr
    assert _left(tmp_path)["x"] == [1, 2, 3, 1]


def test_the_main_guard_does_not_run(tmp_path: Path) -> None:
    _one(tmp_path, "pass")
    with (tmp_path / "the_flow.py").open("a") as file:
        file.write("\nF()\nif __name__ == '__main__':\n    raise SystemError\n")
    assert contain(tmp_path, "start").returncode == 0


def test_sigterm_while_the_module_is_imported_ends_the_process(tmp_path: Path) -> None:
    write(tmp_path, "import time\nprint('importing')\ntime.sleep(60)\n")
    process = subprocess.Popen(
        command("start"),
        cwd=tmp_path,
        env=variables(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "importing\n"
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 143


def test_the_code_comes_from_its_archive(tmp_path: Path) -> None:
    _one(tmp_path / "code", "self.text = open('beside.txt').read()")
    (tmp_path / "code/beside.txt").write_text("packed")
    subprocess.run(["tar", "-czf", tmp_path / "c.tar.gz", "-C", tmp_path / "code", "."], check=True)
    (tmp_path / "elsewhere").mkdir()
    more = {"FLOWC_CODE": f"file:{tmp_path}/c.tar.gz", "FLOWC_STORE": "file:../store", "TMPDIR": str(tmp_path)}
    for step, load in (("start", ""), ("end", "start")):
        ended = contain(tmp_path / "elsewhere", step, load, **more)
        assert ended.returncode == 0, ended.stderr
    assert _left(tmp_path)["text"] == "packed"


def test_python_flow_py_shows_what_flowc_does(tmp_path: Path) -> None:
    _one(tmp_path, "pass")
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
