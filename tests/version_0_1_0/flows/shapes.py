"""Every shape of a graph."""

from metaflow import FlowSpec, Parameter, current, parallel, step


class SplitFlow(FlowSpec):
    """A split in a split, and two joins."""

    @step
    def start(self):
        self.common = ["kept"]
        self.next(self.left, self.right)

    @step
    def left(self):
        self.name = "left"
        self.next(self.upper, self.lower)

    @step
    def upper(self):
        self.way = "upper"
        self.next(self.inner)

    @step
    def lower(self):
        self.way = "lower"
        self.next(self.inner)

    @step
    def inner(self, inputs):
        self.ways = [one.way for one in inputs]
        self.merge_artifacts(inputs, exclude=["way"])
        self.next(self.outer)

    @step
    def right(self):
        self.name = "right"
        self.only = 7
        self.next(self.outer)

    @step
    def outer(self, inputs):
        self.names = [inputs.inner.name, inputs.right.name]
        self.ways = inputs.inner.ways
        self.merge_artifacts(inputs, include=["common", "only"])
        self.next(self.end)

    @step
    def end(self):
        print(self.common, self.names, self.only)


class FanFlow(FlowSpec):
    """A foreach in a foreach, widths that differ."""

    width = Parameter("width", default=2)

    @step
    def start(self):
        self.rows = [{"row": row, "text": "x" * 200} for row in range(self.width)]
        self.next(self.row, foreach="rows")

    @step
    def row(self):
        self.number = self.input["row"]
        self.cells = list("abc"[: self.number + 1])
        self.next(self.cell, foreach="cells")

    @step
    def cell(self):
        self.value = f"{self.number}{self.input}"
        self.place = (self.index, self.foreach_stack())
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.values = [one.value for one in inputs]
        self.places = [one.place for one in inputs]
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.values = [one.values for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        self.total = sum(map(len, self.values))


class SwitchFlow(FlowSpec):
    """A switch whose arms meet, then one that repeats a step."""

    way = Parameter("way", default="high")
    rounds = Parameter("rounds", default=3)

    @step
    def start(self):
        self.count, self.seen = 0, []
        self.next({"high": self.high, "low": self.low}, condition="way")

    @step
    def high(self):
        self.came = "high"
        self.next(self.loop)

    @step
    def low(self):
        self.came = "low"
        self.next(self.loop)

    @step
    def loop(self):
        self.count += 1
        self.seen = [*self.seen, f"{self.came} {self.count}"]
        self.more = self.count < self.rounds
        self.next({True: self.loop, False: self.end}, condition="more")

    @step
    def end(self):
        print(self.seen)


class GangFlow(FlowSpec):
    """Nodes that run together."""

    @step
    def start(self):
        self.next(self.node, num_parallel=3)

    @parallel
    @step
    def node(self):
        self.place = current.parallel.node_index
        self.size = current.parallel.num_nodes
        self.next(self.join)

    @step
    def join(self, inputs):
        self.seen = [(one.place, one.size) for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(self.seen)


if __name__ == "__main__":
    SplitFlow()
