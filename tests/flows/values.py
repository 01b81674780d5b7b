"""Artifacts of many kinds, small and large; one that holds another twice; one that is changed by a function."""

import collections
import datetime
import decimal
import enum

import numpy as np
import pandas as pd
from flowc import FlowSpec, step


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


Point = collections.namedtuple("Point", "x y")


class Tree:
    """An object with a slot for its children."""

    def __init__(self, name, *children):
        self.name = name
        self.children = list(children)


def widen(flow):
    flow.table["late"] = flow.table["a"] * 2


class ValuesFlow(FlowSpec):
    KIND = "constant"
    LIMITS = {"low": 1}

    @step
    def start(self):
        self.small = [None, True, -1, 0.1, 1e300, "text", b"\x00\xff", 10**30]
        self.moment = datetime.datetime(2024, 2, 29, 12, tzinfo=datetime.timezone.utc)
        self.exact = decimal.Decimal("0.1")
        self.colour = Colour.BLUE
        self.point = Point(1, [2])
        self.tree = Tree("root", Tree("leaf"))
        self.array = np.arange(60_000, dtype="int32").reshape(300, 200)
        self.fortran = np.asfortranarray(self.array[:20, :30])
        self.empty = np.zeros((0, 3))
        self.table = pd.DataFrame({"a": range(5), "b": list("vwxyz"), "c": pd.date_range("2024-01-01", periods=5)})
        self.large = bytes(range(256)) * 2000
        self.text = "é漢🎬" * 40_000
        shared = ["shared"]
        self.twice = {"first": shared, "second": shared}
        self._private = "an artifact too"
        self.a, (self.b, *self.c) = 1, (2, 3, 4)
        self.next(self.change)

    @step
    def change(self):
        self.array[0, 0] = -1
        self.twice["first"].append("both see it")
        self.tree.children.append(Tree("new"))
        widen(self)
        self.loaded = (self.array.flags.writeable, self.fortran.flags.f_contiguous, len(self.large), len(self.text))
        self.next(self.end)

    @step
    def end(self):
        self.same = self.twice["first"] is self.twice["second"]
        self.kept = (int(self.array[0, 0]), self.KIND, self.LIMITS, self._private, self.colour is Colour.BLUE)
        self.names = [child.name for child in self.tree.children]
        self.columns = list(self.table.columns)


if __name__ == "__main__":
    ValuesFlow()
