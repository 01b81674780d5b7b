"""Every way in which a step's process may end, under @catch, and what the next steps find of it."""

import os
import signal
import sys
import time

from metaflow import FlowSpec, catch, current, retry, step, timeout

WAYS = ["well", "killed", "137", "nothing said", "left", "asked to end", "C code"]


def end(way):
    if way == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if way == "137":
        os._exit(137)
    if way == "nothing said":
        os._exit(0)
    if way == "left":
        sys.exit(0)
    if way == "asked to end":
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(60)
    if way == "C code":  # where no signal reaches, as in a C extension that blocks them
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
        time.sleep(60)


class KilledFlow(FlowSpec):
    @retry(times=2, minutes_between_retries=0.01)
    @step
    def start(self):
        self.ghost = current.retry_count
        if current.retry_count < 2:
            end("killed" if current.retry_count else "137")
        del self.ghost
        self.begun = current.retry_count
        self.ways = WAYS
        self.next(self.work, foreach="ways")

    @catch(var="failure", print_exception=False)
    @timeout(seconds=1)
    @step
    def work(self):
        self.before = self.input
        end(self.input)
        self.after = self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.before = [getattr(one, "before", None) for one in inputs]
        self.after = [getattr(one, "after", None) for one in inputs]
        self.types = [one.failure and one.failure.type for one in inputs]
        self.merge_artifacts(inputs, include=["begun"])
        self.next(self.end)

    @catch(var="last", print_exception=False)
    @retry(times=1, minutes_between_retries=0)
    @step
    def end(self):
        self.here = current.retry_count
        end("killed")


if __name__ == "__main__":
    KilledFlow()
