from __future__ import annotations

from collections import defaultdict
from functools import partial, reduce
from itertools import product
from typing import NamedTuple

from metaflow import FlowSpec, Parameter, resources, step


class Horizon(NamedTuple):
    store: str
    days: int


class ForecastFlow(FlowSpec):
    """A forecast a store and horizon; Prophet or a naive one where Prophet fails."""

    stores = Parameter("stores", default="berlin,paris,rome", separator=",")
    horizons = Parameter("horizons", default="7,28")

    @step
    def start(self):
        days = map(int, self.horizons.split(","))
        self.jobs = [Horizon(*pair) for pair in product(self.stores, days)]
        self.next(self.forecast, foreach="jobs")

    @resources(cpu=1, memory=2048)
    @step
    def forecast(self):
        job = self.input
        try:
            from prophet import Prophet

            model = Prophet(weekly_seasonality=True)
            self.method = type(model).__name__
        except Exception as error:
            self.method = f"naive ({error})"
        self.key, self.values = job, [0.0] * job.days
        self.next(self.collect)

    @step
    def collect(self, inputs):
        by_store = defaultdict(dict)
        for each in inputs:
            by_store[each.key.store][each.key.days] = each.values
        self.forecasts = dict(by_store)
        self.methods = {each.key: each.method for each in inputs}
        self.total = reduce(lambda total, each: total + sum(each.values), inputs, 0.0)
        self.next(self.end)

    @step
    def end(self):
        show = partial(print, end="\n\n")
        show(self.forecasts)


if __name__ == "__main__":
    ForecastFlow()
