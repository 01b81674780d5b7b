"""A flow that is only a base, and a mixin: neither can start by itself."""

from metaflow import FlowSpec, Parameter, retry, step


class Counting:
    """A plain class with a constant, a method and a step."""

    STEPS = {"size": 3}

    def count(self, words):
        return {word: len(word) for word in words}

    @retry(times=1, minutes_between_retries=0)
    @step
    def counted(self):
        self.counts = self.count(self.words)
        self.next(self.finish)


class Base(FlowSpec):
    """It has a start, and leaves the rest to others."""

    text = Parameter("text", default="one three five")

    @step
    def start(self):
        self.words = self.text.split()[: self.STEPS["size"]]
        self.next(self.work)

    @step
    def finish(self):
        self.last = max(self.counts, key=self.counts.get)
        self.next(self.end)

    @step
    def end(self):
        self.done = f"{self.KIND}: {self.last}"
