"""Gangs that are done again as a whole, and caught as a whole, whichever node ends in whichever way."""

import os
import signal
import time

from metaflow import FlowSpec, Parameter, catch, current, parallel, retry, step, timeout


def end(way):
    if way == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if way == "slow":
        time.sleep(60)
    raise ValueError(way)


class GangAgainFlow(FlowSpec):
    """The failing node ends in the first attempts, while the others work or have already done their part."""

    failing = Parameter("failing", default=1, help="The node that fails.")
    attempts = Parameter("attempts", default=1, help="How many of its attempts fail.")
    way = Parameter("way", default="raises", help="How it fails: raises, killed, slow.")
    late = Parameter("late", default=False, help="Whether the others are done before it fails.")

    @step
    def start(self):
        self.next(self.node, num_parallel=2)

    @retry(times=2, minutes_between_retries=0)
    @timeout(seconds=10)
    @parallel
    @step
    def node(self):
        me = current.parallel.node_index
        self.seen = (me, current.retry_count)
        if current.retry_count < self.attempts:
            self.ghost = me
            if me == self.failing:
                time.sleep(3 if self.late else 0)
                end(self.way)
            time.sleep(0 if self.late else 20)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.seen = [one.seen for one in inputs]
        self.ghosts = [hasattr(one, "ghost") for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(self.seen, self.ghosts)


class GangCaughtFlow(FlowSpec):
    """Gangs of a foreach: one fails for good, one is well, one is well in the end."""

    way = Parameter("way", default="raises", help="How the failing node ends: raises, killed.")

    @step
    def start(self):
        self.fails = [9, 0, 1]
        self.next(self.open, foreach="fails")

    @step
    def open(self):
        self.fail = self.input
        self.next(self.node, num_parallel=2)

    @catch(var="failure", print_exception=False)
    @retry(times=1, minutes_between_retries=0)
    @parallel
    @step
    def node(self):
        self.place = current.parallel.node_index, current.retry_count
        if current.retry_count < self.fail:
            if self.place[0] == 1:
                end(self.way)
            time.sleep(10)
        if current.retry_count >= self.fail:
            self.done = True
        self.next(self.close)

    @step
    def close(self, inputs):
        self.places = [getattr(one, "place", None) for one in inputs]
        self.done = [getattr(one, "done", False) for one in inputs]
        self.failures = [one.failure and one.failure.type.rpartition(".")[2] for one in inputs]
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.told = [(one.done, one.failures, one.places) for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(self.told)


if __name__ == "__main__":
    GangAgainFlow()
