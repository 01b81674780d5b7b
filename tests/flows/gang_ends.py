"""A gang of a literal width; one node fails while the other works."""

import time

from metaflow import FlowSpec, Parameter, current, parallel, step


class GangEndsFlow(FlowSpec):
    failing = Parameter("failing", default=-1, help="The node that fails.")

    @step
    def start(self):
        self.next(self.node, num_parallel=2)

    @parallel
    @step
    def node(self):
        self.place = current.parallel.node_index
        if self.place == self.failing:
            raise ValueError("one of two")
        if self.failing >= 0:
            time.sleep(600)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.places = [one.place for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(self.places)


if __name__ == "__main__":
    GangEndsFlow()
