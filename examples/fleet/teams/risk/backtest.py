"""Every column over every window: how well a fit on one window does on the next."""

from common.fits import line, mean
from metaflow import FlowSpec, Parameter, schedule, step
from teams.risk.exposure import COLUMNS, error, returns


@schedule(weekly=True)
class Backtest(FlowSpec):
    """A foreach in a foreach."""

    days = Parameter("days", default="2026-01-29,2026-01-30,2026-01-31", separator=",")

    @step
    def start(self):
        self.columns = COLUMNS
        self.next(self.column, foreach="columns")

    @step
    def column(self):
        self.name = self.input
        self.windows = list(zip(self.days, self.days[1:]))
        self.next(self.window, foreach="windows")

    @step
    def window(self):
        before, after = ([(row[self.name], row["share"]) for row in returns(day)] for day in self.input)
        self.error = error(after, *line(before))
        self.next(self.over_windows)

    @step
    def over_windows(self, inputs):
        self.name = inputs[0].name
        self.error = mean(each.error for each in inputs)
        self.next(self.over_columns)

    @step
    def over_columns(self, inputs):
        self.errors = {each.name: round(each.error, 6) for each in inputs}
        self.next(self.end)

    @step
    def end(self):
        print(self.errors)


if __name__ == "__main__":
    Backtest()
