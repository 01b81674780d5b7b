"""What flows hold besides steps, and decorators of every kind above them."""

import functools
from typing import ClassVar, Optional

from metaflow import FlowSpec, Parameter, catch, retry, step


def noted(function):
    @functools.wraps(function)
    def wrapped(self, *inputs):
        self.note(function.__name__)
        return function(self, *inputs)

    return wrapped


def noted_as(word, *, times=1):
    def decorate(function):
        def wrapped(*arguments):
            for _ in range(times):
                arguments[0].note(word)
            return function(*arguments)

        return functools.update_wrapper(wrapped, function)

    return decorate


def untouched(function):
    function.seen = True
    return function


class Counting:
    """A class whose instance stands in place of the step."""

    def __init__(self, function):
        functools.update_wrapper(self, function)
        self.function = function

    def __get__(self, flow, owner=None):
        return self if flow is None else functools.partial(self, flow)

    def __call__(self, flow, *inputs):
        flow.counted = getattr(flow, "counted", 0) + 1
        return self.function(flow, *inputs)


class Tagged:
    """A class that makes decorators."""

    def __init__(self, tag):
        self.tag = tag

    def __call__(self, function):
        @functools.wraps(function)
        def wrapped(flow, *inputs):
            flow.note(self.tag)
            return function(flow, *inputs)

        return wrapped


tagged = Tagged("kept")


class Noting:
    """A mixin."""

    def note(self, word):
        self.notes = [*getattr(self, "notes", []), word]


class MembersFlow(Noting, FlowSpec):
    size: int
    limit: ClassVar[int] = 4
    maybe: Optional[str] = None
    count = Parameter("count", default=2)

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.never = "an __init__ is not run in steps"

    @property
    def doubled(self):
        return self.count * 2

    @staticmethod
    def squared(number):
        return number * number

    @classmethod
    def named(cls):
        return cls.__name__

    def _added(self, number):
        return number + self.doubled + self.limit

    @noted
    @retry(times=1, minutes_between_retries=0)
    @untouched
    @noted_as("outer", times=2)
    @Tagged("inner")
    @step
    def start(self):
        self.values = [self.squared(self.count), self._added(1), self.named()]
        self.next(self.body, foreach="values")

    @Counting
    @tagged
    @step
    def body(self):
        self.value = self.input
        self.next(self.join)

    @noted
    @Counting
    @step
    def join(self, inputs):
        self.values = [each.value for each in inputs]
        self.counts = [each.counted for each in inputs]
        self.next(self.end)

    @functools.lru_cache
    def remembered(self):
        return 1

    @untouched
    @catch(var="problem", print_exception=False)
    @noted
    @step
    def end(self):
        self.has_never = hasattr(self, "never")
        self.said = (self.maybe, self.limit, self.doubled)
        raise RuntimeError("for @catch")


if __name__ == "__main__":
    MembersFlow()
