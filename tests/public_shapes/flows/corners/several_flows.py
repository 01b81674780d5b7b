import sys

from metaflow import FlowSpec, Parameter, Runner, step


class PrepareFlow(FlowSpec):
    n = Parameter("n", default=5)

    @step
    def start(self):
        self.numbers = list(range(self.n))
        self.next(self.end)

    @step
    def end(self):
        pass


class ConsumeFlow(FlowSpec):
    """Starts the other one with the Runner, and reads it."""

    @step
    def start(self):
        with Runner(f"{__file__}:PrepareFlow").run(n=3) as running:
            self.total = sum(running.run.data.numbers) if running.status == "successful" else None
        self.next(self.end)

    @step
    def end(self):
        print(self.total)


if __name__ == "__main__":
    ConsumeFlow() if "consume" in sys.argv else PrepareFlow()
