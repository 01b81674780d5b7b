"""Foreaches in every company, of widths that a run is told: nested and ragged, behind switches, with failures and repeats in them."""

from flowc import FlowSpec, Parameter, catch, current, retry, step


class RowsFlow(FlowSpec):
    outer = Parameter("outer", default=5)
    inner = Parameter("inner", default=3)
    way = Parameter("way", default="both")

    @step
    def start(self):
        self.kind = self.way
        self.next({"both": self.fans, "none": self.none}, condition="kind")

    @step
    def none(self):
        self.seen = []
        self.next(self.end)

    @step
    def fans(self):
        self.numbers = list(range(self.outer))
        self.next(self.split, foreach="numbers")

    @step
    def split(self):
        self.number = self.input
        self.next(self.flaky, self.opens)

    @retry(times=1, minutes_between_retries=0)
    @catch(var="problem")
    @step
    def flaky(self):
        if self.number == 2:
            raise ValueError(self.number)
        if current.retry_count == 0 and self.number == self.outer - 1:
            raise RuntimeError("the first attempt")
        self.tried = current.retry_count
        self.next(self.both)

    @step
    def opens(self):
        self.more = [f"{self.number}-{each}" for each in range(self.inner + self.number % 2)]
        self.next(self.choose, foreach="more")

    @step
    def choose(self):
        self.trail = [self.input]
        self.case = len(self.foreach_stack()) + int(self.input[-1]) + self.number
        self.parity = self.case % 2
        self.rounds = 0
        self.next({0: self.even, 1: self.odd}, condition="parity")

    @step
    def even(self):
        self.trail = [*self.trail, "even"]
        self.next(self.meet)

    @step
    def odd(self):
        self.rounds += 1
        self.again = "yes" if self.rounds < 3 else "no"
        self.next({"yes": self.odd, "no": self.meet}, condition="again")

    @step
    def meet(self):
        self.next(self.closes)

    @step
    def closes(self, inputs):
        self.trails = [(each.trail, each.rounds, each.index) for each in inputs]
        self.next(self.both)

    @step
    def both(self, inputs):
        self.trails = inputs.closes.trails
        self.caught = bool(getattr(inputs.flaky, "problem", None))
        self.number = inputs.flaky.number
        self.next(self.joined)

    @step
    def joined(self, inputs):
        self.seen = [(each.number, each.caught, each.trails) for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        self.count = len(self.seen)
