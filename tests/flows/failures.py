"""Attempts: artifacts of failed ones are gone, caught ones stay, in a foreach only where it happens."""

import time

from metaflow import FlowSpec, catch, current, retry, step, timeout


class FailuresFlow(FlowSpec):
    @retry(times=1, minutes_between_retries=0)
    @step
    def start(self):
        if current.retry_count == 0:
            self.ghost = "of a failed attempt"
            raise KeyError("first")
        self.first = (current.retry_count, hasattr(self, "ghost"))
        self.items = ["fine", "flaky", "broken", "slow"]
        self.next(self.work, foreach="items")

    @catch(var="failure", print_exception=False)
    @timeout(seconds=3)
    @retry(times=1, minutes_between_retries=0)
    @step
    def work(self):
        self.begun = (self.input, current.retry_count)
        if self.input == "flaky" and current.retry_count == 0:
            self.ghost = True
            raise RuntimeError("flaky")
        if self.input == "broken":
            raise ValueError("broken {{ for }} $(GOOD) \n two lines")
        if self.input == "slow":
            time.sleep(600)
        self.finished = True
        self.next(self.after)

    @step
    def after(self):
        self.ended = hasattr(self, "finished")
        self.what = None if self.failure is None else "ValueError" in str(self.failure.type)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.begun = [one.begun for one in inputs]
        self.ended = [one.ended for one in inputs]
        self.what = [one.what for one in inputs]
        self.ghosts = [hasattr(one, "ghost") for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        self.told = sum(self.ended)


if __name__ == "__main__":
    FailuresFlow()
