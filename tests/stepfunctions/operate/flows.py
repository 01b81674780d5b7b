"""The flows that these tests deploy."""

from __future__ import annotations

LIFE = """
import os
from flowc import FlowSpec, Parameter, current, schedule, step

@schedule(cron="0 6 * * *", timezone="Europe/Berlin")
class LifeFlow(FlowSpec):
    text = Parameter("text", default="none")
    marker = Parameter("marker", default="")

    @step
    def start(self):
        print("tags", sorted(current.tags))
        print("text", repr(self.text))
        self.items = [0, 1, 2]
        self.next(self.work, foreach="items")

    @step
    def work(self):
        if self.input == 1 and self.marker and not os.path.exists(self.marker):
            print("no marker yet")
            raise ValueError("not yet")
        self.double = self.input * 2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.total = sum(each.double for each in inputs)
        self.size = len(inputs[0].text)
        self.next(self.end)

    @step
    def end(self):
        print("total", self.total)
"""

SLOW = """
import time
from flowc import FlowSpec, step

class SlowFlow(FlowSpec):
    @step
    def start(self):
        self.items = [0, 1]
        self.next(self.wait, foreach="items")

    @step
    def wait(self):
        print("waiting", flush=True)
        time.sleep(300)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""

PLAIN = """
from flowc import FlowSpec, Parameter, resources, step

class PlainFlow(FlowSpec):
    alpha = Parameter("alpha", default="a")

    @step
    def start(self):
        self.next(self.big)

    @resources(memory=8192)
    @step
    def big(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""

SCHEDULED = PLAIN.replace("class Plain", "@schedule(hourly=True)\nclass Plain").replace(
    "resources,", "resources, schedule,"
)
TRIGGERED = PLAIN.replace("class Plain", "@trigger(event='data.updated')\nclass Plain").replace(
    "step\n", "step, trigger\n", 1
)

HOOKED = """
from flowc import FlowSpec, exit_hook, step

def told(run=None):
    print("it failed")

@exit_hook(on_error=[told])
class HookedFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        raise ValueError("at the end")
"""
