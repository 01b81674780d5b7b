"""Two branches that run at the same time, and the join that brings their artifacts together."""

from flowc import FlowSpec, step


class BranchFlow(FlowSpec):
    """Describe a list of numbers in two ways at once."""

    @step
    def start(self):
        self.numbers = [3, 1, 4, 1, 5, 9, 2, 6]
        self.source = "the first digits of pi"
        self.next(self.middle, self.spread)

    @step
    def middle(self):
        ordered = sorted(self.numbers)
        self.median = (ordered[3] + ordered[4]) / 2
        self.scratch = "only the middle branch knows this"
        self.next(self.join)

    @step
    def spread(self):
        self.smallest, self.largest = min(self.numbers), max(self.numbers)
        self.scratch = "the other branch calls something else by the same name"
        self.next(self.join)

    @step
    def join(self, inputs):
        """Take by name what is needed of each branch; merge the rest."""
        self.span = inputs.spread.largest - inputs.spread.smallest
        self.notes = [branch.scratch for branch in inputs]
        self.merge_artifacts(inputs, exclude=["scratch"])
        self.next(self.end)

    @step
    def end(self):
        self.summary = f"{self.source}: median {self.median}, span {self.span}"
        print(self.summary)


if __name__ == "__main__":
    BranchFlow()
