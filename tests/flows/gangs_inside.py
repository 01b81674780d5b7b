"""A gang for each item of a foreach, in a branch."""

from metaflow import FlowSpec, current, parallel, step


class GangsInsideFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.each, self.alone)

    @step
    def each(self):
        self.widths = [2, 1]
        self.next(self.open, foreach="widths")

    @step
    def open(self):
        self.width = self.input
        self.next(self.node, num_parallel=self.width)

    @parallel
    @step
    def node(self):
        self.place = [each[0] for each in self.foreach_stack()]
        self.size = current.parallel.num_nodes
        self.next(self.close)

    @step
    def close(self, inputs):
        self.seen = [(one.place, one.size) for one in inputs]
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.seen = [one.seen for one in inputs]
        self.next(self.join)

    @step
    def alone(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.seen = inputs[0].seen
        self.next(self.end)

    @step
    def end(self):
        assert self.seen == [[([0, 0], 2), ([0, 1], 2)], [([1, 0], 1)]], self.seen


if __name__ == "__main__":
    GangsInsideFlow()
