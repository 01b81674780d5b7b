import abc

from metaflow import FlowSpec, Parameter, retry, step


class Logging:
    verbose = Parameter("verbose", default=False)

    def say(self, *words):
        if self.verbose:
            print(self.__class__.__name__, *words)


class BaseTraining(Logging, FlowSpec):
    seed = Parameter("seed", default=0)

    @abc.abstractmethod
    def fit(self):
        """The derived flows know."""

    @property
    def banner(self):
        return "=" * 10

    @step
    def start(self):
        self.say("begins", self.banner)
        self.rows = [self.seed, 1, 2]
        self.next(self.train)

    @retry(times=2)
    @step
    def train(self):
        self.model = self.fit()
        self.next(self.end)

    @step
    def end(self):
        self.say("ends", self.model)


class MeanFlow(BaseTraining):
    def fit(self):
        return sum(self.rows) / len(self.rows)


class MaxFlow(BaseTraining):
    offset = Parameter("offset", default=1)

    def fit(self):
        return max(self.rows) + self.offset

    @step
    def end(self):
        super().end()
        print("of MaxFlow")


if __name__ == "__main__":
    import sys

    (MaxFlow if "--max" in sys.argv else MeanFlow)()
