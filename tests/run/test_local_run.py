"""The local run by force: killed tasks, dying workers, threads, environments, interruptions."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.stages.local_run import HEAD, Ran


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Ran]:
    """Runs a flow's text in a folder of its own."""
    return lambda body, **options: Ran(tmp_path, body, **options)


KILL = "os.kill(os.getpid(), signal.SIGKILL)"


@pytest.mark.language("retry.mistake")
def test_a_mistake_in_the_call_spends_no_retries(run, monkeypatch):
    monkeypatch.setenv("FLOWC_SECRET_KEYS", "[1]")
    ran = run("""
from flowc import secrets
class F(FlowSpec):
    @retry(times=3, minutes_between_retries=0)
    @secrets(sources=["aws-secrets-manager.keys"])
    @step
    def start(self):
        self.next(self.end)
    @step
    def end(self):
        pass
""")
    assert not ran.result.success
    assert ran.attempts("start") == 1


@pytest.mark.language("retry.killed")
def test_a_killed_task_is_retried_and_what_it_had_set_is_gone(run):
    ran = run(f"""
class F(FlowSpec):
    @retry(times=2, minutes_between_retries=0)
    @step
    def start(self):
        if current.retry_count == 0:
            self.partial = 1
            {KILL}
        self.kept = current.retry_count
        self.next(self.end)
    @step
    def end(self):
        self.partial_seen = hasattr(self, "partial")
""")
    assert ran.result.success
    assert ran.artifact("end", "kept") == 1
    assert ran.artifact("end", "partial_seen") is False
    assert ran.attempts("start") == 2
    assert ran.told.failures == [("start", "the process was killed by SIGKILL", True)]


PAUSED = """
class F(FlowSpec):
    @retry(times=2, minutes_between_retries={minutes})
    @step
    def start(self):
        assert current.retry_count == 2
        self.n = 0
        self.next(self.again)
    @retry(times=1, minutes_between_retries={minutes})
    @step
    def again(self):
        assert self.n or current.retry_count == 1
        self.n += 1
        self.more = self.n < 2
        self.next({{True: self.again, False: self.end}}, condition="more")
    @step
    def end(self):
        pass
"""


@pytest.mark.language("retry.pause")
def test_a_failed_attempt_is_tried_again_at_once(run):
    """With an hour between attempts the run would not end here; iterations of a recursion are tried again by their task."""
    ran = run(PAUSED.format(minutes=60))
    assert ran.result.success
    assert ran.told.pauses == []
    assert ran.attempts("start") == 3


@pytest.mark.language("retry.pause")
def test_where_it_is_asked_to_an_attempt_waits_and_says_so(run, monkeypatch):
    monkeypatch.setenv("FLOWC_RETRY_AT_ONCE", "1")  # as in a step of another local run
    ran = run(PAUSED.format(minutes=0.005), retry_pause=True)
    assert ran.result.success
    assert ran.told.pauses == [("start", 0.3), ("start", 0.3)]
    (said,) = [line for line in ran.told.printed if "waits until" in line]
    assert said.startswith("again: flowc: iteration 0 waits until ")
    assert said.endswith(" (0.3 s), as its @retry says")


@pytest.mark.language("catch.killed")
def test_catch_goes_on_after_every_attempt_was_killed(run):
    ran = run(f"""
class F(FlowSpec):
    @catch(var="failure", print_exception=False)
    @retry(times=1, minutes_between_retries=0)
    @step
    def start(self):
        self.partial = 1
        {KILL}
        self.next(self.end)
    @step
    def end(self):
        self.seen = (bool(self.failure), hasattr(self, "partial"))
""")
    assert ran.result.success
    assert ran.artifact("end", "seen") == (True, False)
    assert ran.attempts("start") == 3


def test_catch_tells_the_true_cause_where_the_step_did_not_raise(run):
    ran = run("""
class F(FlowSpec):
    @catch(var="failure", print_exception=False)
    @step
    def start(self):
        if os.environ["PATH"]:
            self.lock = threading.Lock()
        self.next(self.end)
    @step
    def end(self):
        self.cause = self.failure.type
""")
    assert ran.result.success
    assert "Unpicklable" in ran.artifact("end", "cause")


@pytest.mark.language("failure.traceback")
def test_a_failure_ends_the_run_with_the_users_own_traceback(run):
    ran = run("""
class F(FlowSpec):
    @step
    def start(self):
        raise ValueError("no such table")
        self.next(self.end)
    @step
    def end(self):
        pass
""")
    assert not ran.result.success
    ((label, message, again),) = ran.told.failures
    assert (label, again) == ("start", False)
    assert "ValueError: no such table" in message
    assert "probe.py" in message
    assert "flowc" not in message.replace("from flowc", "")
    assert ran.told.starts == ["start"]


def test_an_import_that_fails_is_a_failed_attempt(run):
    ran = run("""
import a_module_that_nobody_has
class F(FlowSpec):
    @step
    def start(self):
        pass
""")
    assert not ran.result.success
    assert "a_module_that_nobody_has" in ran.told.failures[0][1]


def test_literal_environments_are_set_before_the_import_and_apart(run):
    ran = run("""
AT_IMPORT = os.environ.get("PROBE")
class F(FlowSpec):
    @environment(vars={"PROBE": "{{one}} $HOME $(x)"})
    @step
    def start(self):
        self.one = (AT_IMPORT, os.environ["PROBE"])
        self.next(self.middle)
    @step
    def middle(self):
        self.two = (AT_IMPORT, os.environ.get("PROBE"))
        self.next(self.end)
    @environment(vars={"PROBE": "three"})
    @step
    def end(self):
        self.three = (AT_IMPORT, os.environ["PROBE"])
""")
    assert ran.result.success
    assert ran.artifact("end", "one") == ("{{one}} $HOME $(x)",) * 2
    assert ran.artifact("end", "two") == (None, None)
    assert ran.artifact("end", "three") == ("three", "three")


def test_a_computed_environment_that_found_nothing_sets_nothing(run):
    ran = run("""
class F(FlowSpec):
    @environment(vars={"PROBE_A": os.environ.get("NOBODY_SET_THIS"), "PROBE_B": os.environ["PATH"]})
    @step
    def start(self):
        self.seen = ("PROBE_A" in os.environ, os.environ["PROBE_B"] == os.environ["PATH"])
""")
    assert ran.result.success
    assert ran.artifact("start", "seen") == (False, True)


def test_a_module_that_starts_threads_is_not_forked(run):
    ran = run("""
import sys
STARTED = os.getpid()
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
class F(FlowSpec):
    @step
    def start(self):
        self.own = STARTED == os.getpid()
        print("said", flush=True)
        self.next(self.end)
    @step
    def end(self):
        pass
""")
    assert ran.result.success
    assert ran.artifact("end", "own") is True
    assert "start: said" in ran.told.printed


def test_a_task_that_ends_its_parent_fails_as_killed(run):
    ran = run("""
class F(FlowSpec):
    @step
    def start(self):
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(60)
        self.next(self.end)
    @step
    def end(self):
        pass
""")
    assert not ran.result.success
    [(step, message, again)] = ran.told.failures
    assert (step, again) == ("start", False)
    assert "the fork server) was killed by SIGKILL, and its tasks were ended" in message


def test_lines_are_told_whole_and_a_child_that_keeps_the_pipe_holds_nobody_up(run):
    ran = run("""
import subprocess
class F(FlowSpec):
    @step
    def start(self):
        print("first\\nsecond")
        print("no end", end="")
        subprocess.Popen(["sleep", "30"])
        self.next(self.end)
    @step
    def end(self):
        pass
""")
    assert ran.result.success
    assert ran.told.printed == ["start: first", "start: second", "start: no end"]


def test_a_set_gives_its_items_in_an_order_that_no_hash_seed_and_no_bytecode_changes(run):
    ran = run("""
class F(FlowSpec):
    @step
    def start(self):
        self.items = {"b", "zz", "a", "q"}
        self.next(self.text, foreach="items")
    @step
    def text(self):
        self.numbers = frozenset({4, 17, 9})
        self.next(self.number, foreach="numbers")
    @step
    def number(self):
        self.pair = (self.foreach_stack()[0][2], self.input)
        self.next(self.inner)
    @step
    def inner(self, inputs):
        self.pairs = [each.pair for each in inputs]
        self.next(self.outer)
    @step
    def outer(self, inputs):
        self.pairs = [pair for each in inputs for pair in each.pairs]
        self.next(self.end)
    @step
    def end(self):
        pass
""")
    assert ran.artifact("end", "pairs") == [(text, number) for text in ("a", "b", "q", "zz") for number in (4, 9, 17)]


def test_members_draw_different_random_numbers(run):
    ran = run("""
import random
class F(FlowSpec):
    @step
    def start(self):
        self.items = list(range(4))
        self.next(self.draw, foreach="items")
    @step
    def draw(self):
        self.drawn = random.random()
        self.next(self.join)
    @step
    def join(self, inputs):
        self.drawn = sorted(each.drawn for each in inputs)
        self.next(self.end)
    @step
    def end(self):
        pass
""")
    assert len(set(ran.artifact("end", "drawn"))) == 4


def test_a_run_id_of_another_owner_is_refused(run):
    body = """
class F(FlowSpec):
    @step
    def start(self):
        pass
"""
    assert run(body, run_id="taken").result.success
    again = run(body, run_id="taken")
    assert not again.result.success
    assert "taken" in again.told.failures[0][1]


def test_an_interruption_ends_every_process_and_leaves_no_torn_object(tmp_path):
    flow = tmp_path / "sleeper.py"
    flow.write_text(
        HEAD
        + """
class F(FlowSpec):
    @step
    def start(self):
        open(os.environ["PROBE_PID"], "w").write(str(os.getpid()))
        time.sleep(60)
        self.next(self.end)
    @step
    def end(self):
        pass
""",
        encoding="utf-8",
    )
    pid_file = tmp_path / "pid"
    command = [sys.executable, "-P", "-m", "compiler", "run", "--store", f"file:{tmp_path / 'store'}", str(flow)]
    process = subprocess.Popen(
        command, env={**os.environ, "PROBE_PID": str(pid_file)}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    deadline = time.monotonic() + 30
    while not (pid_file.exists() and pid_file.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130
    assert process.stdout is not None
    assert b"Traceback" not in process.stdout.read()
    process.stdout.close()
    task = int(pid_file.read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(task, 0)
    assert not list((tmp_path / "store").rglob("manifest"))


def test_a_plain_script_reads_artifacts_whose_class_lies_in_a_file_that_imports_metaflow(tmp_path):
    (tmp_path / "shapes.py").write_text(
        "from metaflow import FlowSpec, step\n"
        "class Shape:\n    side = 3\n"
        "class ShapesFlow(FlowSpec):\n"
        "    @step\n    def start(self):\n        self.shape = Shape()\n        self.next(self.end)\n"
        "    @step\n    def end(self):\n        pass\n",
        encoding="utf-8",
    )
    read_it = 'from flowc import Flow; print(Flow("ShapesFlow").latest_successful_run["start"].task.data.shape.side)'
    for words in (["-P", "-m", "compiler", "run", "shapes.py"], ["-c", read_it]):
        done = subprocess.run([sys.executable, *words], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert done.stdout == "3\n"


GANG = """
class F(FlowSpec):
    @step
    def start(self):
        self.next(self.open, self.beside)
    @step
    def open(self):
        self.next(self.node, num_parallel=3)
    @retry(times=2, minutes_between_retries=0)
    @parallel
    @step
    def node(self):
        self.tried = current.retry_count
        if current.retry_count < 2 and self.index == current.retry_count:
            raise ValueError
        self.next(self.close)
    @step
    def close(self, inputs):
        self.tried = [one.tried for one in inputs]
        self.next(self.join)
    @step
    def beside(self):
        {beside}
        self.next(self.join)
    @step
    def join(self, inputs):
        self.tried = inputs[0].tried
        self.next(self.end)
    @step
    def end(self):
        pass
"""
FAILS_AS_NODE_0_BEGINS_AGAIN = """
        again = os.environ["FLOWC_STORE"][5:] + f"/F/{current.run_id}/node/0/attempt-0002"
        while not os.path.exists(again): time.sleep(0.01)
        raise ValueError
"""


def test_the_nodes_of_a_gang_that_is_done_again_need_no_room(run: Callable[..., Ran]) -> None:
    ran = run(GANG.format(beside="pass"), max_workers=1)
    assert ran.artifact("end", "tried") == [2, 2, 2]
    assert [ran.attempts("node", str(node)) for node in range(3)] == [3, 3, 3]


def test_a_gang_that_is_done_again_meets_also_where_the_run_fails_meanwhile(run: Callable[..., Ran]) -> None:
    """Some of its nodes have begun again, and wait for the others."""
    begun = time.monotonic()
    ran = run(GANG.format(beside=FAILS_AS_NODE_0_BEGINS_AGAIN.strip()))
    assert not ran.result.success
    assert time.monotonic() - begun < 60
