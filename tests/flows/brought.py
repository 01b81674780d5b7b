"""Decorators of the language out of dicts, conditions, functions, classes: what the text alone tells."""

import functools
import os
import time

import brought_by
from metaflow import FlowSpec, catch, current, environment, resources, retry, step, timeout

PRODUCTION = 1 + 1 == 2
PRESETS = {"once": [retry(times=1, minutes_between_retries=0)], "big": resources(memory=500)}
quick = functools.partial(timeout, seconds=3)


class Named:
    caught = catch(var="problem", print_exception=False)


def with_word(word, **more):
    """Sets a variable."""
    return environment(vars={"WORD": word, **more})


def plain(function):
    return function


class BroughtFlow(FlowSpec):
    @(PRESETS["once"][0] if PRODUCTION else plain)
    @(plain if PRODUCTION else brought_by.never(3))
    @with_word("a $(b) {{c}}", MORE="1e3")
    @step
    def start(self):
        self.seen = (os.environ["WORD"], os.environ["MORE"], current.retry_count)
        if not current.retry_count:
            raise RuntimeError("the first time")
        self.next(self.late)

    @Named.caught
    @quick(minutes=0)
    @brought_by.again(0 + 2)
    @step
    def late(self):
        self.tries = current.retry_count
        if current.retry_count < 2:
            raise RuntimeError("not yet")
        time.sleep(600)
        self.next(self.end)

    @PRESETS["big"]
    @step
    def end(self):
        self.types = (type(self.problem).__name__, self.problem.type)


if __name__ == "__main__":
    BroughtFlow()
