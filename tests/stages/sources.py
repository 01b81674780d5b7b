"""Flows as text that tests of several rooms run."""

from __future__ import annotations

SPLIT = """
from flowc import FlowSpec, Parameter, step
class F(FlowSpec):
    p = Parameter("p", default=1)
    CONSTANT = 5
    @step
    def start(self):
        self.common = [1]
        self.changed = [1]
        self.next(self.left, self.right)
    @step
    def left(self):
        self.only_left = "l"
        self.both = "same"
        self.apart = "l"
        self.common
        self.changed.append(2)
        self.next(self.join)
    @step
    def right(self):
        self.both = "same"
        self.apart = "r"
        self.next(self.join)
    @step
    def join(self, inputs):
        {join}
        self.next(self.end)
    @step
    def end(self):
        pass
"""


NESTED = """
from flowc import FlowSpec, step
class F(FlowSpec):
    @step
    def start(self):
        self.xs = ["a", "bc"]
        self.next(self.outer, foreach="xs")
    @step
    def outer(self):
        self.seen_outer = (self.index, self.input, self.foreach_stack())
        self.ys = (n for n in range(len(self.input)))
        self.next(self.inner, foreach="ys")
    @step
    def inner(self):
        self.seen = (self.index, self.input, self.foreach_stack(), self.seen_outer[1])
        self.next(self.close)
    @step
    def close(self, inputs):
        self.got = [(b.index, b.input, b.seen) for b in inputs]
        self.here = (self.index, self.input, self.foreach_stack())
        self.next(self.join)
    @step
    def join(self, inputs):
        self.all = [b.got for b in inputs]
        self.here = (self.index, self.input, self.foreach_stack())
        self.next(self.end)
    @step
    def end(self):
        pass
"""

LINE = """
import os
from flowc import FlowSpec, step
class F(FlowSpec):
    @step
    def start(self):
        self.xs = list(range(100))
        self.next(self.middle)
    @step
    def middle(self):
        self.sum = sum(self.xs)
        self.next(self.end)
    @step
    def end(self):
        {end}
"""

FANNED = """
import os
from flowc import FlowSpec, current, step
class F(FlowSpec):
    @step
    def start(self):
        self.by = os.environ.get("FLOWC_TEST_BY")
        self.big = os.urandom(100_000)
        self.xs = [1, 2]
        self.next(self.body, foreach="xs")
    @step
    def body(self):
        self.next(self.join)
    @step
    def join(self, inputs):
        self.next(self.end)
    @step
    def end(self):
        self.by = os.environ.get("FLOWC_TEST_BY")
"""


TASKS = (
    ("start", "", "-"),
    ("body", "foreach:start", "0"),
    ("body", "foreach:start", "1"),
    ("join", "gather:start/body", "-"),
    ("end", "join", "-"),
)
