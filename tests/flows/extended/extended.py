"""Names of `metaflow` that an extension brings: the image has one of its own, and the compiler leaves them to it."""

from metaflow import FlowSpec, checkpoint, load_model, step


class ExtendedFlow(FlowSpec):
    @checkpoint(every=2)
    @step
    def start(self):
        self.model = load_model("small")
        self.next(self.end)

    @step
    def end(self):
        self.seen = (self.model, self.checkpoints)


if __name__ == "__main__":
    ExtendedFlow()
