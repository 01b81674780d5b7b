"""Whom to write to, segment by segment, within a budget."""

from metaflow import FlowSpec, Parameter, step
from teams.growth.segments import SEGMENTS, segment, spend


class Campaign(FlowSpec):
    """Started by others: it has no schedule of its own."""

    day = Parameter("day", default="2026-01-31")
    budget = Parameter("budget", default=30, help="Letters in all.")

    @step
    def start(self):
        self.segments = SEGMENTS
        self.next(self.choose, foreach="segments")

    @step
    def choose(self):
        members = [row for row in spend(self.day) if segment(row) == self.input]
        members.sort(key=lambda row: (-row["spend"], row["id"]))
        self.chosen = [row["id"] for row in members[: self.budget // len(SEGMENTS)]]
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.letters = sorted(number for each in inputs for number in each.chosen)
        self.next(self.end)

    @step
    def end(self):
        print(f"{len(self.letters)} letters")


if __name__ == "__main__":
    Campaign()
