"""User step decorators: generators and classes, with joins, retries and catches, steps left out and replaced."""

import functools

from metaflow import FlowSpec, Parameter, catch, current, retry, step
from wrapped_steps import Guarded, Timed, left_out, other_items, replaced, traced


def plain(function):
    @functools.wraps(function)
    def wrapped(self, *inputs):
        self.plain = f"plain {function.__name__}"
        return function(self, *inputs)

    return wrapped


class WrappingFlow(FlowSpec):
    todo = Parameter("todo", default=0)

    @traced(word="into")
    @plain
    @Timed(unit="ms")
    @step
    def start(self):
        self.items = [1, 2, 3]
        raise ValueError("early")
        self.next(self.fan)

    @other_items
    @step
    def fan(self):
        self.never = True
        self.next(self.body, foreach="items")

    @retry(times=1, minutes_between_retries=0)
    @Timed
    @step
    def body(self):
        self.value = self.input * 10
        self.attempt = current.retry_count
        if not current.retry_count:
            raise KeyError("again")
        self.next(self.join)

    @traced
    @step
    def join(self, inputs):
        self.values = [each.value for each in inputs]
        self.next(self.nothing)

    @Timed(unit="h")
    @Guarded
    @step
    def nothing(self):
        self.never = True
        self.next(self.other)

    @replaced
    @left_out
    @step
    def other(self):
        self.never = True
        self.next(self.caught)

    @catch(var="problem", print_exception=False)
    @Timed()
    @step
    def caught(self):
        raise RuntimeError("for @catch")
        self.next(self.end)

    @left_out
    @step
    def end(self):
        self.never = True


if __name__ == "__main__":
    WrappingFlow()
