"""Who is over the threshold today."""

from common.fits import line
from metaflow import FlowSpec, Parameter, step
from teams.risk.exposure import returns


class RiskScore(FlowSpec):
    """Score all customers of a day."""

    day = Parameter("day", default="2026-01-31")
    threshold = Parameter("threshold", default=0.09, help="From this share of returns on a customer is risky.")

    @step
    def start(self):
        self.table = returns(self.day)
        self.next(self.score)

    @step
    def score(self):
        slope, intercept = line([(row["months"], row["share"]) for row in self.table])
        self.scores = [slope * row["months"] + intercept for row in self.table]
        self.risky = sum(score >= self.threshold for score in self.scores)
        self.next(self.end)

    @step
    def end(self):
        print(f"{self.risky} of {len(self.scores)} are risky")


if __name__ == "__main__":
    RiskScore()
