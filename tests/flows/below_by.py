"""Decorators for `below.py`, which stand below `@step`."""

import functools
from contextlib import contextmanager


def noted(word="plain"):
    def decorate(function):
        @functools.wraps(function)
        def wrapped(*args, **options):
            flow = args[0]
            flow.notes = [*getattr(flow, "notes", []), f"{word} {function.__name__}"]
            return function(*args, **options)

        return wrapped

    return decorate


class Counted:
    """An object that is called."""

    def __init__(self, by):
        self.by = by

    def __call__(self, function):
        def wrapped(flow, *inputs):
            flow.count = self.by
            return function(flow, *inputs)

        return functools.update_wrapper(wrapped, function)

    def twice(self, function):
        return self(noted("twice")(function))


def optional(function=None, *, word="none"):
    if function is None:
        return functools.partial(optional, word=word)

    @noted(word)
    @functools.wraps(function)
    def wrapped(self, *inputs):
        return function(self, *inputs)

    return wrapped


@contextmanager
def around():
    print("before")
    yield
    print("after")


def same(function):
    """Registers the function."""
    SEEN.append(function.__name__)
    return function


SEEN = []
counted = Counted(2)
