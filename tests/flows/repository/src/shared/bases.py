"""Flows and mixins that others derive from."""

from metaflow import FlowSpec, Parameter, retry, step

from . import names


class Counted:
    """A mixin: a parameter and a step."""

    times = Parameter("times", default=2)
    unit = "word"

    @retry(times=names.Limits.tries, minutes_between_retries=0)
    @step
    def count(self):
        self.counted = len(self.input) * self.times
        self.next(self.join)


class Prepared(Counted, FlowSpec):
    """A base flow with the first step; it lacks others."""

    @step
    def start(self):
        self.words = ["a", "bb"]
        self.prepared = True
        self.next(self.count, foreach=f"{names.ITEMS}")
