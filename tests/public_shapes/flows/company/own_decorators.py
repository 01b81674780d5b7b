import functools
import inspect
import os
import time
from collections.abc import Callable

from metaflow import FlowSpec, Parameter, current, step


def measured(name: str) -> Callable:
    def decorate(function):
        @functools.wraps(function)
        def wrapper(self, *args):
            begin = time.monotonic()
            try:
                return function(self, *args)
            finally:
                self.seconds = {**getattr(self, "seconds", {}), name: time.monotonic() - begin}

        return wrapper

    return decorate


def skipped_if(variable: str):
    """Only a marker: it gives the function back."""

    def decorate(function):
        function.skipped_if = variable
        return function

    return decorate


class Traced:
    def __init__(self, service):
        self.service = service

    def __call__(self, function):
        functools_wrapped = functools.wraps(function)

        @functools_wrapped
        def wrapper(flow, *args):
            print(f"[{self.service}] {current.step_name}", inspect.signature(function))
            return function(flow, *args)

        return wrapper


traced = Traced("jobs")


class DecoratedCompanyFlow(FlowSpec):
    n = Parameter("n", default=3)

    @measured("load")
    @step
    def start(self):
        self.rows = list(range(self.n))
        self.next(self.work)

    @skipped_if("CI")
    @measured(name="work")
    @traced
    @step
    def work(self):
        self.total = sum(self.rows)
        self.next(self.end)

    @traced
    @step
    def end(self):
        print(self.total, os.getpid(), sorted(self.seconds))


if __name__ == "__main__":
    DecoratedCompanyFlow()
