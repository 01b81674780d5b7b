from metaflow import FlowSpec, Parameter, nvidia, step


class NvidiaFlow(FlowSpec):
    """`passthrough` says that the image brings the decorator."""

    prompt = Parameter("prompt", default="hello")

    @nvidia
    @step
    def start(self):
        self.answer = self.prompt[::-1]
        self.next(self.end)

    @step
    def end(self):
        print(self.answer)


if __name__ == "__main__":
    NvidiaFlow()
