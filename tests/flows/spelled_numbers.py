"""Whole numbers in spellings that Metaflow takes."""

from metaflow import FlowSpec, Parameter, current, resources, retry, step, timeout, catch


class NumbersFlow(FlowSpec):
    count = Parameter("count", type=int, default=3.0)
    counts = Parameter("counts", type=int, multiple=True, default=[1.0, 2])

    @retry(times="2", minutes_between_retries="0")
    @resources(memory="5e2", cpu="0.5", gpu=0x0)
    @step
    def start(self):
        self.tries = current.retry_count
        if self.tries < 2:
            raise RuntimeError("not yet")
        self.next(self.late)

    @catch(var="problem", print_exception=False)
    @retry(times=1e0, minutes_between_retries=0.0)
    @timeout(seconds="2", minutes=0.0)
    @step
    def late(self):
        self.again = current.retry_count
        while True:
            pass
        self.next(self.end)

    @step
    def end(self):
        self.all = (self.problem.type, self.count, self.counts, type(self.count).__name__)


if __name__ == "__main__":
    NumbersFlow()
