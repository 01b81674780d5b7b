"""Two ways to see who leaves, and the better one."""

from common.fits import line, mean
from metaflow import FlowSpec, Parameter, step, trigger_on_finish
from teams.growth.segments import spend


@trigger_on_finish(flow="Features")
class ChurnTrain(FlowSpec):
    """Two arms and a join. Another team has a train.py, too: what is deployed is named by the flow."""

    day = Parameter("day", default="2026-01-31")

    @step
    def start(self):
        self.table = spend(self.day)
        self.next(self.by_mean, self.by_line)

    @step
    def by_mean(self):
        middle = mean(row["orders"] for row in self.table)
        self.error = mean((row["orders"] - middle) ** 2 for row in self.table)
        self.next(self.choose)

    @step
    def by_line(self):
        slope, intercept = line([(row["months"], row["orders"]) for row in self.table])
        self.error = mean((slope * row["months"] + intercept - row["orders"]) ** 2 for row in self.table)
        self.next(self.choose)

    @step
    def choose(self, inputs):
        self.errors = {"mean": inputs.by_mean.error, "line": inputs.by_line.error}
        self.best = min(self.errors, key=lambda name: (self.errors[name], name))
        self.next(self.end)

    @step
    def end(self):
        print(self.best)


if __name__ == "__main__":
    ChurnTrain()
