"""Switches wherever one may stand: at the root, in branches, in a foreach's body, around a foreach, in nested ones."""

from flowc import FlowSpec, step


class SwitchEverywhereFlow(FlowSpec):
    @step
    def start(self):
        self.kind = "rows"
        self.next({"rows": self.rows, "none": self.none, "nil": self.none}, condition="kind")

    @step
    def none(self):
        self.seen = []
        self.next(self.done)

    @step
    def rows(self):
        self.items = [0, 1, 2]
        self.next(self.row, foreach="items")

    @step
    def row(self):
        self.parity = self.input % 2
        self.next({0: self.even, 1: self.odd}, condition="parity")

    @step
    def even(self):
        self.cells = "ab"[: 1 + self.input // 2]
        self.next(self.cell, foreach="cells")

    @step
    def cell(self):
        self.far = self.input == "b"
        self.next({True: self.far_cell, False: self.near_cell}, condition="far")

    @step
    def far_cell(self):
        self.seen = f"far {self.input}"
        self.next(self.cell_join)

    @step
    def near_cell(self):
        self.seen = f"near {self.input}"
        self.next(self.cell_join)

    @step
    def cell_join(self, inputs):
        self.seen = [each.seen for each in inputs]
        self.next(self.row_end)

    @step
    def odd(self):
        self.seen = ["odd"]
        self.next(self.row_end)

    @step
    def row_end(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.seen = [each.seen for each in inputs]
        self.next(self.done)

    @step
    def done(self):
        self.next(self.end)

    @step
    def end(self):
        assert self.seen == [["near a"], ["odd"], ["near a", "far b"]], self.seen
