"""Plain Python under the names of an extension."""

import functools


def checkpoint(every=1):
    def decorate(function):
        @functools.wraps(function)
        def wrapped(self):
            self.checkpoints = list(range(0, 6, every))
            return function(self)

        return wrapped

    return decorate


def load_model(name):
    return f"model {name}"
