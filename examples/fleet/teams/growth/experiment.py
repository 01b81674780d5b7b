"""Did the letters of an experiment pay?"""

from common.fits import mean
from metaflow import FlowSpec, Parameter, catch, step
from teams.growth.segments import spend


class Experiment(FlowSpec):
    """Even customers got a letter, odd ones none. A group that is too small is no reason to fail."""

    day = Parameter("day", default="2026-01-31")
    least = Parameter("least", default=10, help="Members that a group must have.")

    @step
    def start(self):
        self.groups = [0, 1]
        self.next(self.measure, foreach="groups")

    @catch(var="problem")
    @step
    def measure(self):
        members = [row["spend"] for row in spend(self.day) if row["id"] % 2 == self.input]
        if len(members) < self.least:
            raise ValueError(f"{len(members)} members")
        self.mean = round(mean(members), 2)
        self.next(self.compare)

    @step
    def compare(self, inputs):
        self.means = [None if each.problem else each.mean for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(self.means)


if __name__ == "__main__":
    Experiment()
