"""A flow of one step, which is its start and its end."""

from flowc import FlowSpec, Parameter, step


class OneStepFlow(FlowSpec):
    words = Parameter("words", default="a b c")

    @step(start=True, end=True)
    def only(self):
        self.count = len(self.words.split())


if __name__ == "__main__":
    OneStepFlow()
