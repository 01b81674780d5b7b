"""A flow whose constants, code and data lie beside it."""

from pathlib import Path

from metaflow import FlowSpec, Parameter, step
from parts.settings import GREETING, LIMITS
from parts.work import Work


class PackageFlow(FlowSpec):
    greeting = Parameter("greeting", default=GREETING)
    limit = Parameter("limit", default=LIMITS["high"] * 2)

    @step
    def start(self):
        self.work = Work((Path(__file__).parent / "names.txt").read_text().split())
        self.items = self.work.names
        self.next(self.greet, foreach="items")

    @step
    def greet(self):
        self.line = self.work.line(self.greeting, self.input)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.lines = [one.line for one in inputs][: self.limit]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    PackageFlow()
