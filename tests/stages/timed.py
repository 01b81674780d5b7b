"""A flow that a clock starts and that asks for which time, at every level and after an attempt that failed."""

from __future__ import annotations

TIMED = """
from flowc import FlowSpec, current, retry, schedule, step


@schedule(daily=True)
class TimedFlow(FlowSpec):
    @step
    def start(self):
        self.first = (current.scheduled_at, "scheduled_at" in current)
        self.items = [1, 2]
        self.next(self.each, foreach="items")

    @retry(times=1, minutes_between_retries=0)
    @step
    def each(self):
        assert current.retry_count == 1, "the first attempt fails"
        self.at = current.scheduled_at
        self.next(self.join)

    @step
    def join(self, inputs):
        self.seen = [one.at for one in inputs]
        self.merge_artifacts(inputs, include=["first"])
        self.next(self.end)

    @step
    def end(self):
        self.told = [*map(str, [*self.first, *self.seen, current.scheduled_at])]
"""
TIME = "2026-01-02T03:04:05Z"
AT = "2026-01-02 03:04:05+00:00"
TOLD = [AT, "True", AT, AT, AT]
"""What `end` has where the clock started the run."""
NOT_TOLD = ["None", "False", "None", "None", "None"]
"""And where somebody did."""
