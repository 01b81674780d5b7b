"""Mutators of flows and steps: what they add is in the output, and acts in the container."""

import os

from changing import Sturdy, Surrounded
from metaflow import FlowSpec, Parameter, current, resources, retry, step, timeout


def big(function):
    return resources(cpu=2, memory=len("a" * 900))(function)


@Surrounded("hello")
class MutatedFlow(FlowSpec):
    old = Parameter("old-name", default=1)
    limit = Parameter("limit", default=3)

    @big
    @step
    def start(self):
        self.word = os.environ["WORD"]
        self.next(self.risky)

    @Sturdy(times=1)
    @timeout(seconds=1)
    @step
    def risky(self):
        self.sturdy = os.environ["STURDY"]
        self.attempt = current.retry_count
        if not current.retry_count:
            raise ValueError("the first time")
        self.next(self.own)

    @Sturdy
    @retry(times=4)
    @step
    def own(self):
        self.again = current.retry_count
        self.next(self.end)

    @step
    def end(self):
        self.said = (self.greeting, self.limit, current.project_name)
        raise RuntimeError("caught")


if __name__ == "__main__":
    MutatedFlow()
