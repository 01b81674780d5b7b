"""A step that cannot begin, whatever is tried: its secret is no table of variables."""

from metaflow import FlowSpec, retry, secrets, step


class WrongCallFlow(FlowSpec):
    """Its attempts would all end alike, so it has one."""

    @step
    def start(self):
        self.next(self.asks, self.other)

    @retry(times=2, minutes_between_retries=0)
    @secrets(sources=["aws-secrets-manager.odd"])
    @step
    def asks(self):
        self.next(self.join)

    @step
    def other(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    WrongCallFlow()
