"""Decorators of the author's own below `@step`."""

import below_by
from below_by import noted, optional
from metaflow import FlowSpec, catch, current, retry, step


class BelowFlow(FlowSpec):
    @retry(times=1, minutes_between_retries=0)
    @step
    @noted("outer")
    @noted()
    def start(self):
        self.items = [1, 2]
        if not current.retry_count:
            raise ValueError("the first time")
        self.next(self.each, foreach="items")

    @noted("above")
    @step
    @below_by.Counted(by=3)
    @below_by.same
    def each(self):
        self.mine = (self.input, self.count, self.notes)
        self.next(self.join)

    @step
    @optional
    @below_by.around()
    def join(self, inputs):
        self.all = [each.mine for each in inputs]
        self.next(self.choose)

    @step
    def choose(self):
        self.which = "late"
        self.next({"late": self.late, "never": self.end}, condition="which")

    @catch(var="failed", print_exception=False)
    @step
    @optional(word="named")
    def late(self):
        if self.notes:
            raise KeyError(self.notes[-1])
        self.next(self.end)

    @step
    @below_by.counted.twice
    def end(self):
        self.seen = (self.count, self.notes, self.failed.exception, below_by.SEEN)


if __name__ == "__main__":
    BelowFlow()
