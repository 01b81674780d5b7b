"""Defaults that are more than literals: expressions, functions, what the module computes when it is imported."""

import json
import math
import os
from pathlib import Path

from metaflow import FlowSpec, JSONType, Parameter, current, step

FOLDER = Path("models") / "v1"
SIZES = {"small": 2}
COMPUTED = math.gcd(12, 18)
os.environ.setdefault("SET_AT_IMPORT", "set")


def whoever(context):
    """Called by the first step, with what it may ask."""
    return f"{context.flow_name}/{context.parameter_name}/{context.user_name is not None}"


class DefaultsFlow(FlowSpec):
    """Each default has its type in the first step, whatever made it."""

    path = Parameter("path", default=str(FOLDER / "weights.bin"))
    joined = Parameter("joined", default=os.path.join("a", "b"))
    text = Parameter("text", default=json.dumps({"a": [1]}), type=JSONType)
    listed = Parameter("listed", default=[1, {"b": None}], type=list)
    mapped = Parameter("mapped", default=dict(a=1, **SIZES), type=dict)
    memory = Parameter("memory", default=SIZES["small"] * 1024)
    computed = Parameter("computed", default=COMPUTED)
    live = Parameter("live", default=lambda _: not current.get("is_production", False))
    who = Parameter("who", default=whoever)
    ratio = Parameter("ratio", type=float, default=lambda _: 1)
    count = Parameter("count", default=lambda _: 3)
    words = Parameter("words", separator=",", default="a,b")
    letters = Parameter("hyphen-ated", multiple=True, default=["x"])

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        names = ("path joined text listed mapped memory computed live who ratio count words letters").split()
        self.seen = [(name, type(getattr(self, name)).__name__, getattr(self, name)) for name in names]
        self.environment = os.environ["SET_AT_IMPORT"]
