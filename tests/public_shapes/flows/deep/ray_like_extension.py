from metaflow import FlowSpec, Parameter, checkpoint, huggingface_hub, model, step


class CheckpointedFlow(FlowSpec):
    """Decorators that an extension brings."""

    repo = Parameter("repo", default="example/tiny")

    @huggingface_hub
    @step
    def start(self):
        self.next(self.train)

    @checkpoint
    @model
    @step
    def train(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    CheckpointedFlow()
