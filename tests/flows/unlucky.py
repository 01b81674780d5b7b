"""@retry(only_system=True): what happens to a step is tried again, what it raises is not."""

import os
import signal
import sys
import time

from metaflow import FlowSpec, catch, current, retry, step, timeout

WAYS = ["well", "raised", "left", "killed", "killed once", "late", "late in C"]


def end(way):
    if way == "raised":
        raise ValueError("its own")
    if way == "left":
        sys.exit(3)
    if way == "killed" or (way == "killed once" and current.retry_count == 0):
        os.kill(os.getpid(), signal.SIGKILL)
    if way == "late":
        time.sleep(60)
    if way == "late in C":
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
        time.sleep(60)


class UnluckyFlow(FlowSpec):
    @retry(times=2, minutes_between_retries=0, only_system=True)
    @step
    def start(self):
        if current.retry_count < 2:
            end("killed")
        self.ways = WAYS
        self.next(self.work, foreach="ways")

    @catch(var="failure", print_exception=False)
    @retry(times=1, minutes_between_retries=0, only_system=True)
    @timeout(seconds=1)
    @step
    def work(self):
        self.count = current.retry_count
        end(self.input)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.counts = [getattr(one, "count", None) for one in inputs]
        self.types = [one.failure and one.failure.type for one in inputs]
        self.next(self.poll)

    @retry(times=2, minutes_between_retries=0, only_system=True)
    @step
    def poll(self):
        self.rounds = getattr(self, "rounds", 0) + 1
        if self.rounds == 2 and current.retry_count == 0:
            end("killed")
        self.more = self.rounds < 3
        self.next({True: self.poll, False: self.end}, condition="more")

    @step
    def end(self):
        print(self.counts, self.types, self.rounds)


class OwnFaultFlow(FlowSpec):
    @retry(times=3, minutes_between_retries=0, only_system=True)
    @step
    def start(self):
        end("killed once")
        end("raised")
        self.next(self.end)

    @step
    def end(self):
        pass


class OwnFaultAgainFlow(FlowSpec):
    @step
    def start(self):
        self.rounds = 0
        self.next(self.poll)

    @retry(times=3, minutes_between_retries=0, only_system=True)
    @step
    def poll(self):
        self.rounds += 1
        if self.rounds == 2:
            end("raised")
        self.more = self.rounds < 3
        self.next({True: self.poll, False: self.end}, condition="more")

    @step
    def end(self):
        pass


if __name__ == "__main__":
    UnluckyFlow()
