"""A flow that fails where a test wants it to, in a folder with its store, run and resumed by the command."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from flowc.artifacts.address import RunAddress
from flowc.artifacts.manifest import Manifest, attempts, read
from flowc.store import open_store

from tests.stages.tasks_of_run import walk

SOURCE = """
from flowc import FlowSpec, JSONType, Parameter, catch, current, retry, step

def fails(name):
    return name in FAILS

class F(FlowSpec):
    width = Parameter("width", default=2)
    extra = Parameter("extra", type=JSONType, default={})

    @step
    def start(self):
        self.ran = ["start"]
        self.large = bytes(300_000) + b"end"
        assert not fails("start")
        print("x" * 100_000)
        self.items = [f"item {n}" * 2000 for n in range(self.width)]
        self.next(self.part, foreach="items")
    @catch(var="why", print_exception=False)
    @step
    def check(self):
        if self.index == 1:
            raise ValueError("caught")
        self.next(self.join)
    @step
    def part(self):
        self.ran = [*self.ran, f"part{self.index}"]
        self.seen = (len(self.input), current.origin_run_id)
        assert not fails(f"part{self.index}")
        self.next(self.check)
    @step
    def join(self, inputs):
        self.ran = [one.ran for one in inputs]
        self.caught = [one.why is not None for one in inputs]
        self.seen = [one.seen for one in inputs]
        self.large = inputs[0].large
        assert not fails("join")
        self.next(self.left, self.right)
    @step
    def left(self):
        self.by = "left"
        assert not fails("left")
        self.next(self.merge)
    @step
    def right(self):
        self.by = "right"
        assert not fails("right")
        self.next(self.merge)
    @step
    def merge(self, inputs):
        self.by = [one.by for one in inputs]
        self.merge_artifacts(inputs, exclude=["by"])
        self.next(self.end)
    @step
    def end(self):
        self.mark = MARK
        self.told = (current.origin_run_id, current.retry_count, self.width, self.extra)
        assert not fails("end")
"""

SWITCHED = """
from flowc import FlowSpec, step
class F(FlowSpec):
    @step
    def start(self):
        self.items = [0, 1]
        self.next(self.pick, foreach="items")
    @step
    def pick(self):
        self.way = "low" if (self.input == 0) == (MARK == "first") else "high"
        self.next({"low": self.low, "high": self.high}, condition="way")
    @step
    def low(self):
        self.took = "low"
        self.next(self.meet)
    @step
    def high(self):
        self.took = "high"
        assert "high" not in FAILS
        self.next(self.meet)
    @step
    def meet(self):
        self.next(self.join)
    @step
    def join(self, inputs):
        self.took = [one.took for one in inputs]
        assert "join" not in FAILS
        self.next(self.end)
    @step
    def end(self):
        pass
"""
REPEATS = """
from flowc import FlowSpec, current, step
class F(FlowSpec):
    @step
    def start(self):
        self.count, self.by = 0, []
        self.next(self.more)
    @step
    def more(self):
        self.count += 1
        self.by = [*self.by, MARK]
        self.own = bytes([self.count]) * 300_000
        assert str(self.count) not in FAILS
        self.way = "again" if self.count < 4 else "done"
        self.next({"again": self.more, "done": self.end}, condition="way")
    @step
    def end(self):
        assert "end" not in FAILS
"""
GANG = """
from flowc import FlowSpec, current, parallel, step
class F(FlowSpec):
    @step
    def start(self):
        self.next(self.node, num_parallel=2)
    @parallel
    @step
    def node(self):
        self.met = (current.parallel.num_nodes, MARK)
        assert f"node{current.parallel.node_index}" not in FAILS
        self.next(self.join)
    @step
    def join(self, inputs):
        self.met = [one.met for one in inputs]
        assert "join" not in FAILS
        self.next(self.end)
    @step
    def end(self):
        pass
"""
LAST = {"left/-", "right/-", "merge/-", "end/-"}
ANEW: Sequence[tuple[str, str | None, set[str]]] = (
    ("end", None, {"end/-"}),
    ("right", None, {"right/-", "merge/-", "end/-"}),
    ("part1", None, {"part/1", "check/1", "join/-", *LAST}),
    ("start", None, {"start/-", "part/0", "part/1", "check/0", "check/1", "join/-", *LAST}),
    ("end", "check", {"check/0", "check/1", "join/-", *LAST}),
    ("", "right", {"right/-", "merge/-", "end/-"}),
    ("", None, set()),
)
"""Which step fails in the first run, from which step the second one runs anew, and which tasks that then begins."""


class Place:
    """A folder with the flow and its store."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.store = folder, open_store(f"file:{folder / 'store'}")

    def write(self, *fails: str, mark: str = "first", source: str = SOURCE) -> None:
        """The flow, in which these steps fail."""
        (self.folder / "flow.py").write_text(f"FAILS, MARK = {fails!r}, {mark!r}\n{source}", encoding="utf-8")

    def run(
        self, run: str, *words: str, tags: tuple[str, ...] = (), shares: tuple[str, ...] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Run it. `shares`: the options by which its tasks share processes."""
        tagged = [word for tag in tags for word in ("--tag", tag)]
        own = ["run", "--store", self.store.url, "--run-id", run, *tagged, *shares, "flow.py"]
        command = [sys.executable, "-P", "-m", "compiler", *own, *words]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False, timeout=100)

    def left(self, run: str, step: str, index: str = "-") -> Manifest:
        """What a task left."""
        return read(self.store, RunAddress("F", run).task(step, index))

    def anew(self, run: str) -> set[str]:
        """The tasks that the run began itself."""
        address = RunAddress("F", run)
        return {f"{task.step}/{task.index}" for task, _ in walk(self.store, address) if attempts(self.store, task)}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty one."""
    return Place(tmp_path)
