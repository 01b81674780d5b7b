"""A decorator that comes from elsewhere; it sets artifacts of which the flow says nothing."""

import functools


class counted:
    """A decorator that is a class, with an argument."""

    def __init__(self, by=1):
        self.by = by

    def __call__(self, function):
        @functools.wraps(function)
        def wrapped(flow, *args):
            flow.calls = getattr(flow, "calls", 0) + self.by
            return function(flow, *args)

        return wrapped
