"""What `merge_artifacts` brings, leaves and refuses."""

from metaflow import FlowSpec, step


class MergingFlow(FlowSpec):
    CONSTANT = "the same for all"

    @step
    def start(self):
        self.same, self.changed, self.left = 1, [0], "left alone"
        self.next(self.one, self.two)

    @step
    def one(self):
        self.changed.append(1)
        self.only_one = "one"
        self.equal = {"both": ("set", "it")}
        self.next(self.join)

    @step
    def two(self):
        self.changed.append(2)
        self.equal = {"both": ("set", "it")}
        self.next(self.join)

    @step
    def join(self, inputs):
        self.refused = []
        for options in ({}, {"include": ["no_such"]}, {"include": ["same"], "exclude": ["left"]}, {"include": ["changed"]}):
            try:
                self.merge_artifacts(inputs, **options)
            except Exception as error:
                self.refused.append((type(error).__name__, hasattr(self, "same")))
        self.left = "set by the join"
        self.merge_artifacts(inputs, exclude=["changed"])
        self.histories = [one.changed for one in inputs]
        self.by_name = (inputs.one.changed, inputs.two.changed, hasattr(inputs.two, "only_one"))
        self.next(self.end)

    @step
    def end(self):
        self.names = sorted(n for n in ("same", "changed", "left", "only_one", "equal") if hasattr(self, n))
        self.read_only = []
        for name in ("CONSTANT",):
            try:
                setattr(self, name, "another")
            except AttributeError:
                self.read_only.append(name)


if __name__ == "__main__":
    MergingFlow()
