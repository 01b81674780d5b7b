"""Flows of these tests, as text: each begins a file of its own."""

from __future__ import annotations

from pathlib import Path

HOSTILE = 'it\'s "x" ${HOME} {{y}} é 🎬\n`z`'

ALL = f"""
import os

from metaflow import FlowSpec, JSONType, Parameter, card, catch, current, parallel, retry, step

NAMES = ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_RUN_ID")


class LoggedFlow(FlowSpec):
    alpha = Parameter("alpha", default=0.5)
    text = Parameter("text", default={HOSTILE!r})
    table = Parameter("table", type=JSONType, default="[" + ", ".join(["1"] * 5000) + "]")

    @card
    @step
    def start(self):
        self.seen = {{name: os.environ.get(name) for name in NAMES}}
        self.items = [1, 2, 3]
        self.count, self.truth, self.large = 3, True, list(range(100000))
        self.lost, self.most, self.huge = float("nan"), float("inf"), 10**400
        self.next(self.each, foreach="items")

    @retry(times=1, minutes_between_retries=0)
    @step
    def each(self):
        self.score = self.input * 0.5
        self.seen = os.environ["MLFLOW_RUN_ID"]
        if self.input == 2 and current.retry_count == 0:
            raise ValueError("once")
        self.next(self.join)

    @step
    def join(self, inputs):
        self.total = sum(each.score for each in inputs)
        self.rounds = 0
        self.next(self.loop)

    @step
    def loop(self):
        self.rounds += 1
        self.loss = 1 / 2**self.rounds
        self.way = "again" if self.rounds < 3 else "on"
        self.next({{"again": self.loop, "on": self.fan}}, condition="way")

    @step
    def fan(self):
        self.next(self.node, num_parallel=2)

    @parallel
    @step
    def node(self):
        self.rank = current.parallel.node_index
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.merge_artifacts(inputs, include=["loss", "total"])
        self.next(self.risky)

    @catch(var="trouble")
    @step
    def risky(self):
        if self.total:
            raise KeyError("taken")
        self.next(self.end)

    @step
    def end(self):
        self.final = 7
"""

TASKS = {
    *("start", "each-0", "each-1", "each-2", "join", "loop", "fan", "node-0", "node-1", "gather", "risky", "end"),
}
"""Those of the flow above."""

WIDE = """
from metaflow import FlowSpec, step


class WideFlow(FlowSpec):
    @step
    def start(self):
        self.items = list(range(200))
        self.next(self.each, foreach="items")

    @step
    def each(self):
        self.square = self.input**2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.total = sum(each.square for each in inputs)
        self.next(self.end)

    @step
    def end(self):
        pass
"""

BREAKING = """
import os

from metaflow import FlowSpec, Parameter, step


class BreakingFlow(FlowSpec):
    size = Parameter("size", default=4)

    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.each, foreach="items")

    @step
    def each(self):
        self.double = self.input * 2
        if self.input == 2 and not os.path.exists(FIXED):
            raise RuntimeError("not yet")
        self.next(self.join)

    @step
    def join(self, inputs):
        self.total = sum(each.double for each in inputs)
        self.next(self.end)

    @step
    def end(self):
        pass
"""

SMALL = """
import sys

from metaflow import FlowSpec, step


class SmallFlow(FlowSpec):
    @step
    def start(self):
        self.loaded = [name for name in sys.modules if name.startswith("flowc.tracking")]
        self.value = 1.5
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def written(folder: Path, name: str, text: str) -> Path:
    """The flow in a file of that name."""
    path = folder / f"{name}.py"
    path.write_text(text, encoding="utf-8")
    return path
