"""Flows whose tasks the tests of the client do one by one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.stages.task import Stage

FANNED = """
    from flowc import FlowSpec, step, Parameter, current

    class F(FlowSpec):
        p = Parameter("p", default=3, type=int)
        constant = "c"

        @step
        def start(self):
            self.xs = list(range(self.p))
            self._private = "hidden"
            print("begun")
            self.next(self.body, foreach="xs")

        @step
        def body(self):
            self.y = self.input * 10
            self.next(self.gather)

        @step
        def gather(self, inputs):
            self.ys = [i.y for i in inputs]
            self.next(self.end)

        @step
        def end(self):
            self.x = sum(self.ys)
"""

SPLIT = """
    from flowc import FlowSpec, step

    class F(FlowSpec):
        @step
        def start(self):
            self.next(self.left, self.right)

        @step
        def left(self):
            self.v = "l"
            self.next(self.more)

        @step
        def more(self):
            self.next(self.join)

        @step
        def right(self):
            self.v = "r"
            self.next(self.join)

        @step
        def join(self, inputs):
            self.vs = [i.v for i in inputs]
            self.next(self.end)

        @step
        def end(self):
            pass
"""

SWITCH = """
    from flowc import FlowSpec, step, Parameter

    class F(FlowSpec):
        way = Parameter("way", default="left")

        @step
        def start(self):
            self.next({"left": self.left, "right": self.right}, condition="way")

        @step
        def left(self):
            self.came = "left"
            self.next(self.meet)

        @step
        def right(self):
            self.came = "right"
            self.next(self.meet)

        @step(end=True)
        def meet(self):
            pass
"""

CHILDRENS_SWITCH = """
    from flowc import FlowSpec, step

    class F(FlowSpec):
        @step
        def start(self):
            self.xs = [0, 1, 2]
            self.next(self.body, foreach="xs")

        @step
        def body(self):
            self.kind = self.input % 2
            self.next({0: self.even, 1: self.odd}, condition="kind")

        @step
        def even(self):
            self.next(self.end)

        @step
        def odd(self):
            self.next(self.end)

        @step
        def end(self, inputs):
            pass
"""

FAILING = """
    import os
    from flowc import FlowSpec, step, catch

    class F(FlowSpec):
        @step
        def start(self):
            self.kept = 1
            print("out", flush=True)
            if os.environ.get("FAIL"):
                raise ValueError("no luck")
            self.next(self.middle)

        @catch(var="failure")
        @step
        def middle(self):
            if os.environ.get("FAIL_MIDDLE"):
                raise KeyError("caught")
            self.next(self.end)

        @step
        def end(self):
            self.next_to_last = 2
"""


def fan(stage: Stage, width: int = 3, run: str = "r", upto: str = "end", **first: object) -> None:
    """Do a run of FANNED, up to a step."""
    stage.done(
        "start",
        run=run,
        parameters={"p": width},
        owner=os.urandom(4).hex() if "owner" not in first else first.pop("owner"),
        **first,
    )
    if upto == "start":
        return
    for place in range(width):
        stage.done("body", "foreach:start", str(place), run=run)
    if upto == "body":
        return
    stage.done("gather", "gather:start/body", run=run)
    if upto == "gather":
        return
    stage.done("end", "gather", run=run)


def branch(stage: Stage) -> None:
    """Do a run of SPLIT."""
    for step, load in [("start", ""), ("left", "start"), ("right", "start"), ("more", "left")]:
        stage.done(step, load)
    stage.done("join", "merge:start/left>more;right")
    stage.done("end", "join")


def looked_at(folder: Path, source: str, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A stage whose store the client looks at."""
    stage = Stage(folder, source)
    monkeypatch.setenv("FLOWC_STORE", stage.store.url)
    return stage
