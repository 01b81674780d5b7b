"""Decorators of the author's own, an early `self.next` with `return`, and the environment."""

import functools
import os

from metaflow import FlowSpec, current, environment, project, resources, step

PREFIX = "flow"
VARIABLES = {f"{PREFIX}_plain": "plain", "QUOTED": "it's \"$(HOME)\" {{ x }} $$ é"}


def noted(kind):
    def decorate(function):
        @functools.wraps(function)
        def wrapped(self, *inputs):
            self.notes = [*getattr(self, "notes", []), f"{kind}:{function.__name__}"]
            return function(self, *inputs)

        return wrapped

    return decorate


@project(name="conformance")
class DecoratedFlow(FlowSpec):
    @noted("outer")
    @noted("inner")
    @environment(vars=VARIABLES)
    @step
    def start(self):
        self.seen = (os.environ["flow_plain"], os.environ["QUOTED"])
        self.next(self.early)

    @resources(cpu=2, memory=1000)
    @noted("under")
    @step
    def early(self):
        self.leaves = "QUOTED" in os.environ
        if not self.leaves:
            self.next(self.end)
            return
        self.never = True
        self.next(self.end)

    @step
    def end(self):
        self.current = (current.flow_name, current.step_name, current.retry_count, current.project_name)


if __name__ == "__main__":
    DecoratedFlow()
