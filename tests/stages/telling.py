"""A flow that fails where it is told to, once, and whose artifacts tell whether a value is of another life than what was made of it."""

from __future__ import annotations

from pathlib import Path

from compiler.ir.flow import Value
from tests.conformance.results import read_result
from tests.engines import Outcome

FLOW = "TellingFlow"
TEXT = """
import os
from flowc import FlowSpec, Parameter, step

class TellingFlow(FlowSpec):
    folder = Parameter("folder", default="/nowhere")
    breaks = Parameter("breaks", default="none")

    def may_break(self, name):
        if self.breaks == name and not os.path.exists(os.path.join(self.folder, "mended")):
            raise ValueError("not mended")

    @step
    def start(self):
        self.stamp = os.urandom(8).hex()
        self.next(self.split)

    @step
    def split(self):
        self.may_break("split")
        self.base = self.stamp
        self.xs = list(range(5))
        self.next(self.work, foreach="xs")

    @step
    def work(self):
        self.may_break(f"work{self.input}")
        self.stamp = os.urandom(8).hex()
        self.next(self.told)

    @step
    def told(self):
        self.may_break(f"told{self.input}")
        self.pair = (self.base, self.stamp)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.pairs = [each.pair for each in inputs]
        self.base = inputs[0].base
        self.next(self.end)

    @step
    def end(self):
        self.may_break("end")
        self.is_whole = all(base == self.base for base, _ in self.pairs)
"""
_PORTIONS: dict[str, Value] = {"size": 2, "workers": 1}
SHARED: tuple[tuple[dict[str, Value], str], ...] = (
    ({"fuse": True}, "split"),
    ({"fuse": True}, "end"),
    ({"fuse": True, "chunk": {"work": _PORTIONS}}, "work3"),
    ({"fuse": True, "chunk": {"work": _PORTIONS}}, "end"),
    ({"fuse": True, "chunk": {"work": {"size": 2, "workers": 2}}}, "told0"),
    ({"fuse": True, "chunk": {"work": {"size": 2, "workers": 2}}}, "work3"),
)
"""Settings by which its tasks share containers, and the task that fails: the second, the first, one in the middle."""


def whole(outcome: Outcome, folder: Path) -> set[tuple[str, str]]:
    """The tasks of a run; `folder` holds its code. AssertionError where a value is of another life, or one did not end well."""
    found = read_result(outcome, folder)
    assert found.success
    left = {place: each.artifacts for place, each in found.tasks.items() if each.artifacts is not None}
    assert left.keys() == found.tasks.keys()
    assert left["end", "-"]["is_whole"] == "True"
    base = left["start", "-"]["stamp"]
    pairs = [f"({base}, {left['work', str(member)]['stamp']})" for member in range(5)]
    assert [left["told", str(member)]["pair"] for member in range(5)] == pairs
    assert left["join", "-"]["pairs"] == f"[{', '.join(pairs)}]"
    return set(left)
