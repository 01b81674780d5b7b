"""Fit one line a column, and keep the best."""

from common.fits import line
from common.quality import check
from metaflow import FlowSpec, Parameter, resources, step, trigger_on_finish
from teams.risk.exposure import COLUMNS, error, returns


@trigger_on_finish(flow="Orders")
class RiskTrain(FlowSpec):
    """How likely a customer is to return an order."""

    day = Parameter("day", default="2026-01-31")

    @step
    def start(self):
        self.table = check(returns(self.day), ["share"], least=50)
        self.columns = COLUMNS
        self.next(self.fit, foreach="columns")

    @resources(cpu=2, memory=2000)
    @step
    def fit(self):
        self.column = self.input
        points = [(row[self.column], row["share"]) for row in self.table]
        self.slope, self.intercept = line(points)
        self.error = error(points, self.slope, self.intercept)
        self.next(self.choose)

    @step
    def choose(self, inputs):
        best = min(inputs, key=lambda each: (each.error, each.column))
        self.model = {"column": best.column, "slope": best.slope, "intercept": best.intercept}
        self.next(self.end)

    @step
    def end(self):
        print(self.model)


if __name__ == "__main__":
    RiskTrain()
