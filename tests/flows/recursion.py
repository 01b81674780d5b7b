"""A step that repeats: alone, retried in the middle, in a foreach, in a branch, beside other cases."""

from metaflow import FlowSpec, Parameter, current, retry, step


class RepeatFlow(FlowSpec):
    rounds = Parameter("rounds", default=3)

    @step
    def start(self):
        self.count = 0
        self.seen = []
        self.next(self.loop)

    @step
    def loop(self):
        self.count += 1
        self.seen = [*self.seen, current.task_id]
        self.more = "again" if self.count < self.rounds else "done"
        self.next({"again": self.loop, "done": self.end, "never": self.odd}, condition="more")

    @step
    def odd(self):
        self.next(self.end)

    @step
    def end(self):
        print(self.count, self.seen)


class RepeatInsideFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.fan, self.tries)

    @step
    def fan(self):
        self.wanted = [1, 2]
        self.next(self.grow, foreach="wanted")

    @step
    def grow(self):
        self.size = getattr(self, "size", 0) + 1
        self.where = f"{self.index} {self.input} {current.pathspec.rpartition('/')[2]}"
        self.small = self.size < self.input
        self.next({True: self.grow, False: self.grown}, condition="small")

    @step
    def grown(self):
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.sizes = [(one.size, one.where) for one in inputs]
        self.next(self.both)

    @retry(times=1, minutes_between_retries=0)
    @step
    def tries(self):
        self.round = getattr(self, "round", 0) + 1
        self.retried = [*getattr(self, "retried", []), current.retry_count]
        if self.round == 2 and current.retry_count == 0:
            raise ValueError("once")
        self.state = self.round >= 2
        self.next({False: self.tries, True: self.tried}, condition="state")

    @step
    def tried(self):
        self.next(self.both)

    @step
    def both(self, inputs):
        self.result = inputs.gather.sizes, inputs.tries.retried
        self.next(self.end)

    @step
    def end(self):
        print(self.result)


if __name__ == "__main__":
    RepeatFlow()
