"""A flow that fails: the steps after the failed one must not run, its sibling may."""

from flowc import FlowSpec, retry, step


class FailingFlow(FlowSpec):
    @step
    def start(self):
        self.items = [1, 0]
        self.next(self.divide, foreach="items")

    @retry(times=1, minutes_between_retries=0)
    @step
    def divide(self):
        self.half_way = True
        self.result = 1 / self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.results = [one.result for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    FailingFlow()
