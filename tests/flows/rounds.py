"""A step that repeats, and fails in its rounds: by an exception in each, by a kill, by taking too long."""

import os
import signal
import time

from metaflow import FlowSpec, current, retry, step, timeout


class RoundsFlow(FlowSpec):
    @step
    def start(self):
        self.ends = ["raised", "killed", "too late"]
        self.next(self.turn, foreach="ends")

    @timeout(seconds=3)
    @retry(times=1, minutes_between_retries=0)
    @step
    def turn(self):
        self.round = getattr(self, "round", 0) + 1
        self.attempts = [*getattr(self, "attempts", []), current.retry_count]
        self.left_behind = hasattr(self, "ghost")
        if current.retry_count == 0 and (self.input == "raised" or self.round == 2):
            self.ghost = self.round
            self.fail()
        self.is_over = self.round == 3
        self.next({False: self.turn, True: self.turned}, condition="is_over")

    @step
    def turned(self):
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.attempts = [one.attempts for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        assert self.attempts == [[1, 1, 1], [0, 1, 0], [0, 1, 0]], self.attempts

    def fail(self):
        if self.input == "raised":
            raise RuntimeError(f"round {self.round}")
        if self.input == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(600)


class RoundsFailFlow(FlowSpec):
    """Its second round fails as often as it may."""

    @step
    def start(self):
        self.next(self.turn)

    @retry(times=1, minutes_between_retries=0)
    @step
    def turn(self):
        self.round = getattr(self, "round", 0) + 1
        if self.round == 2:
            raise RuntimeError(f"attempt {current.retry_count}")
        self.is_over = self.round == 3
        self.next({False: self.turn, True: self.end}, condition="is_over")

    @step
    def end(self):
        pass


if __name__ == "__main__":
    RoundsFlow()
