"""The processes of a local run by force: it never hangs, nobody is left, and what happened is told in words."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flowc.artifacts.address import RunAddress
from flowc.artifacts.manifest import read
from flowc.container.sessions import members
from flowc.store import open_store

from compiler.run import quiet
from tests.stages.container import contain, write
from tests.stages.local_run import Ran

FAR = 60.0
MARK = "TEST_MARK"
HOLD = "while True: time.sleep(1)"
METHODS = ("fork", "spawn")

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the test reads /proc")


@pytest.fixture
def mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """What stands in the environment of every process of the test; those that are left at its end are ended."""
    monkeypatch.setenv(MARK, str(tmp_path))
    yield str(tmp_path)
    for pid in _marked(str(tmp_path)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _marked(mark: str) -> list[int]:
    """The processes that live and have the mark, without this one."""
    found = []
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            pid = int(folder.name)
            is_alive = (folder / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
            if pid != os.getpid() and is_alive and f"{MARK}={mark}".encode() in (folder / "environ").read_bytes():
                found.append(pid)
    return found


def _until(holds: Callable[[], object], what: str) -> None:
    limit = time.monotonic() + FAR
    while not holds():
        assert time.monotonic() < limit, what
        time.sleep(0.02)


LEFT = """
import subprocess
def leave():
    subprocess.Popen(["yes"])
    subprocess.Popen(["sleep", "300"])
    subprocess.Popen(["sleep", "300"], stdout=subprocess.DEVNULL, start_new_session=True)
    if os.fork() == 0:
        time.sleep(300)
class F(FlowSpec):
    @step
    def start(self):
        leave()
        self.items = [1, 2]
        self.next(self.each, foreach="items")
    @step
    def each(self):
        leave()
        self.next(self.join)
    @step
    def join(self, inputs):
        leave()
        self.n = 0
        self.next(self.loop)
    @step
    def loop(self):
        leave()
        self.n += 1
        self.more = self.n < 3
        self.next({True: self.loop, False: self.gang}, condition="more")
    @step
    def gang(self):
        self.next(self.node, num_parallel=2)
    @parallel
    @step
    def node(self):
        leave()
        self.next(self.met)
    @step
    def met(self, inputs):
        self.next(self.end)
    @step
    def end(self):
        leave()
"""


@linux
@pytest.mark.parametrize("method", METHODS)
def test_what_a_step_leaves_running_holds_nobody_up_and_ends_with_it(tmp_path: Path, mark: str, method: str) -> None:
    """Each kind of task leaves programs that write without end, hold the output open, or have begun a session of their own."""
    ran = Ran(tmp_path, LEFT, start_method=method)
    assert ran.result.success
    _until(lambda: not _marked(mark), "somebody is left")


GROUPS = {
    "its group, TERM": "os.killpg(0, signal.SIGTERM); time.sleep(60)",
    "its group, KILL": "os.killpg(0, signal.SIGKILL)",
    "everyone of kill's 0": "os.kill(0, signal.SIGKILL)",
}


@pytest.mark.parametrize("how", GROUPS)
def test_a_step_that_ends_its_group_ends_its_own_attempt_alone(tmp_path: Path, how: str) -> None:
    ran = Ran(
        tmp_path,
        f"""
class F(FlowSpec):
    @step
    def start(self):
        self.items = [0, 1, 2]
        self.next(self.each, foreach="items")
    @retry(times=1, minutes_between_retries=0)
    @step
    def each(self):
        if self.input == 1 and current.retry_count == 0:
            {GROUPS[how]}
        self.tries = current.retry_count
        self.next(self.join)
    @step
    def join(self, inputs):
        self.tries = [one.tries for one in inputs]
        self.n, self.seen = 0, []
        self.next(self.loop)
    @retry(times=1, minutes_between_retries=0)
    @step
    def loop(self):
        if self.n == 1 and current.retry_count == 0:
            {GROUPS[how]}
        self.seen = [*self.seen, current.retry_count]
        self.n += 1
        self.more = self.n < 3
        self.next({{True: self.loop, False: self.end}}, condition="more")
    @step
    def end(self):
        pass
""",
        max_workers=3,
    )
    assert ran.result.success
    assert ran.artifact("end", "tries") == [0, 1, 0]
    if "TERM" not in how:  # a container that is asked to end is not the iteration's failure
        assert ran.artifact("end", "seen") == [0, 1, 0]
        assert ran.attempts("loop") == 1
    assert {label for label, _, _ in ran.told.failures} <= {"each[1]", "loop"}


FORKED = """
class F(FlowSpec):
    @step
    def start(self):
        self.whose = "parent"
        child = os.fork()
        if child == 0:
            self.whose = "child"
            {end}
        else:
            os.waitpid(child, 0)
            {rest}
        self.next(self.end)
    @step
    def end(self):
        pass
"""
ENDS = {"falls through": "pass", "raises": "raise ValueError('in the fork')", "exits": "raise SystemExit(3)"}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("place", ["here", "container"])
def test_what_a_fork_of_a_step_sets_or_raises_is_nobody_elses(tmp_path: Path, end: str, place: str) -> None:
    source = FORKED.format(end=ENDS[end], rest="pass")
    if place == "here":
        ran = Ran(tmp_path, source)
        assert ran.result.success
        assert ran.artifact("start", "whose") == "parent"
        assert ran.attempts("start") == 1
        return
    write(tmp_path, "import os\nfrom flowc import FlowSpec, step\n" + source)
    done = contain(tmp_path, "start")
    assert done.returncode == 0, done.stderr
    assert "a fork of the step has come to its end" in done.stderr
    left = read(open_store(f"file:{tmp_path / 'store'}"), RunAddress("F", "r").task("start", "-"))
    assert left["whose"] == "parent"


def test_a_fork_of_the_module_does_not_run_the_task_again(tmp_path: Path) -> None:
    write(
        tmp_path,
        "import os\nfrom flowc import FlowSpec, step\nos.fork()\nclass F(FlowSpec):\n    @step\n    def start(self):\n"
        "        self.next(self.end)\n    @step\n    def end(self):\n        pass\n",
    )
    done = contain(tmp_path, "start")
    assert done.returncode == 0, done.stderr
    assert "a fork of the flow's module has come to its end" in done.stderr
    assert len(list((tmp_path / "store").rglob("attempt-*"))) == 1


WAITING = """
class F(FlowSpec):
    @step
    def start(self):
        self.items = [0, 1, 2, 3]
        self.next(self.each, foreach="items")
    @retry(times=3, minutes_between_retries=0)
    @step
    def each(self):
        server = os.getppid()
        if current.retry_count == {tries} and self.input == 1:
            time.sleep({wait})
            os.kill(server, signal.{name})
            time.sleep(60)
        self.kept = self.input
        self.next(self.join)
    @step
    def join(self, inputs):
        self.kept = [one.kept for one in inputs]
        self.next(self.end)
    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM"])
@pytest.mark.parametrize("wait", [0, 0.05])
@pytest.mark.parametrize("method", METHODS)
def test_a_fork_server_that_dies_is_replaced(tmp_path: Path, name: str, wait: float, method: str) -> None:
    ran = Ran(tmp_path, WAITING.format(tries=0, wait=wait, name=name), max_workers=3, start_method=method)
    assert ran.result.success
    assert ran.artifact("end", "kept") == [0, 1, 2, 3]
    assert all(again for _, _, again in ran.told.failures)


@pytest.mark.parametrize("end", ["os._exit(3)", "os.kill(os.getpid(), signal.SIGSEGV)"])
def test_a_module_that_ends_its_interpreter_is_told_in_words(tmp_path: Path, end: str) -> None:
    ran = Ran(
        tmp_path, f"{end}\nclass F(FlowSpec):\n    @step\n    def start(self):\n        self.next(self.end)\n"
        "    @step\n    def end(self):\n        pass\n",
    )  # fmt: skip
    assert not ran.result.success
    [(step, message, _)] = ran.told.failures
    assert step == "start"
    assert "the process that imports the flow and starts its tasks (the fork server)" in message
    assert "exit code 3" in message or "SIGSEGV" in message


SLOW = """
import os, time
open(os.environ["TEST_MARK"] + "/importing", "w").close()
time.sleep({imports})
from flowc import FlowSpec, Parameter, step
class F(FlowSpec):
    big = Parameter("big", default="")
    @step
    def start(self):
        open(os.environ["TEST_MARK"] + "/runs-" + str(os.getpid()), "w").close()
        print("here", flush=True)
        {body}
        self.next(self.end)
    @step
    def end(self):
        pass
"""


def _started(folder: Path, *words: str, **options: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-P", "-m", "compiler", "run", "--store", f"file:{folder / 'store'}", *words]
    environment = {**os.environ, MARK: str(folder)}
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
    )  # type: ignore[call-overload,no-any-return]


@linux
@pytest.mark.parametrize(
    ("source", "words", "code"), [("class F(:\n", (), 1), (SLOW.format(imports=0, body="pass"), ("--no-such", "1"), 2)]
)
def test_a_call_that_runs_nothing_leaves_no_server_that_was_begun_for_it(
    tmp_path: Path, mark: str, source: str, words: tuple[str, ...], code: int
) -> None:
    (tmp_path / "flow.py").write_text(source, encoding="utf-8")
    process = _started(tmp_path, str(tmp_path / "flow.py"), *words)
    said, _ = process.communicate()
    assert process.returncode == code, said
    assert not (tmp_path / "importing").exists()
    _until(lambda: not _marked(mark), "somebody is left")


@linux
@pytest.mark.parametrize("imports", [0, 1.5])
@pytest.mark.parametrize("method", METHODS)
def test_nobody_outlives_a_run_that_is_killed(tmp_path: Path, mark: str, imports: float, method: str) -> None:
    """Also while parameters are on their way that are larger than what a socket holds."""
    (tmp_path / "flow.py").write_text(SLOW.format(imports=imports, body=HOLD), encoding="utf-8")
    (tmp_path / "parameters").write_text(f'{{"big": "{"x" * 3_000_000}"}}', encoding="utf-8")
    process = _started(
        tmp_path, "--parameters", f"file:{tmp_path / 'parameters'}", "--start-method", method, str(tmp_path / "flow.py")
    )
    _until((tmp_path / "importing").exists, "the import did not begin")
    if not imports:
        _until(lambda: list(tmp_path.glob("runs-*")), "the task did not begin")
    process.kill()
    process.wait()
    _until(lambda: not _marked(mark), "somebody is left")
    assert process.stdout is not None
    process.stdout.close()
    assert bool(list(tmp_path.glob("runs-*"))) is not bool(imports)


@linux
def test_ctrl_c_with_many_workers_prints_no_traceback_and_leaves_nobody(tmp_path: Path, mark: str) -> None:
    (tmp_path / "flow.py").write_text(
        "import time\nfrom flowc import FlowSpec, step\nclass F(FlowSpec):\n    @step\n    def start(self):\n"
        "        self.items = list(range(60))\n        self.next(self.each, foreach='items')\n    @step\n    def each(self):\n"
        "        print('here', flush=True)\n        time.sleep(0.01)\n        self.next(self.join)\n    @step\n"
        "    def join(self, inputs):\n        self.next(self.end)\n    @step\n    def end(self):\n        pass\n",
        encoding="utf-8",
    )
    for after in (1, 16, 30):
        process = _started(tmp_path, "--max-workers", "16", str(tmp_path / "flow.py"))
        assert process.stdout is not None
        heard = 0
        while heard < after:
            heard += "here" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=FAR)
        assert process.returncode == 130, output
        assert "Traceback" not in output
        _until(lambda: not _marked(mark), "somebody is left")


@pytest.mark.parametrize(("files", "code"), [(9, 2), (16, 0), (30, 0)])
def test_too_many_open_files_mean_fewer_tasks_or_a_line(tmp_path: Path, files: int, code: int) -> None:
    import resource

    (tmp_path / "flow.py").write_text(
        "import time\nfrom flowc import FlowSpec, step\nclass F(FlowSpec):\n    @step\n    def start(self):\n"
        "        self.items = list(range(20))\n        self.next(self.each, foreach='items')\n    @step\n    def each(self):\n"
        "        time.sleep(0.2)\n        self.next(self.join)\n    @step\n"
        "    def join(self, inputs):\n        self.next(self.end)\n    @step\n    def end(self):\n        pass\n",
        encoding="utf-8",
    )
    process = _started(
        tmp_path, "--max-workers", "16", str(tmp_path / "flow.py"),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files)),
    )  # fmt: skip
    output, _ = process.communicate(timeout=FAR)
    assert process.returncode == code, output
    assert "Traceback" not in output
    assert ("start cannot start: Too many open files" if code else "no room for another process") in output


def test_a_task_that_waits_for_a_lock_shows_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quiet, "QUIET", 1.0)
    ran = Ran(
        tmp_path,
        """
class F(FlowSpec):
    @step
    def start(self):
        held = threading.Lock()
        held.acquire()
        self.wait_for_it(held)
        self.next(self.end)
    def wait_for_it(self, held):
        held.acquire(timeout=4)
    @step
    def end(self):
        pass
""",
        asks=True,
    )
    assert ran.result.success
    assert ran.told.quiet_tasks == ["start"]
    assert any("in wait_for_it" in line for line in ran.told.printed)


def test_a_session_knows_its_members() -> None:
    process = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        assert members(process.pid) == [process.pid]
    finally:
        process.kill()
        process.wait()
    assert members(process.pid) == []
