"""Switches: keys of every kind, arms of different lengths, arms that meet at any step, nested, around a split and a foreach."""

from metaflow import FlowSpec, Parameter, step


class SwitchFlow(FlowSpec):
    mode = Parameter("mode", default="deep")
    limit = 1

    @step
    def start(self):
        self.trail = ["start"]
        self.next({"deep": self.deep, "flat": self.flat, "none": self.meet_late}, condition="mode")

    @step
    def deep(self):
        self.trail = [*self.trail, "deep"]
        # a class constant, and True as a key: as in a dict, 1 finds it
        self.next({False: self.left, True: self.right}, condition="limit")

    @step
    def left(self):
        self.trail = [*self.trail, "left"]
        self.next(self.meet_early)

    @step
    def right(self):
        self.trail = [*self.trail, "right"]
        self.only_right = "r"
        self.next(self.meet_early)

    @step
    def flat(self):
        self.trail = [*self.trail, "flat"]
        self.next(self.meet_late)

    @step
    def meet_early(self):
        self.trail = [*self.trail, "meet_early"]
        self.next(self.meet_late)

    @step
    def meet_late(self):
        self.trail = [*self.trail, "meet_late"]
        self.answer = None
        # two keys of one target
        self.next({None: self.end, -1: self.more, 0: self.end}, condition="answer")

    @step
    def more(self):
        self.next(self.end)

    @step
    def end(self):
        self.trail = [*self.trail, "end"]


class SwitchInsideFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.chooses, self.plain)

    @step
    def chooses(self):
        self.side = -2
        self.next({-2: self.first, 7: self.second}, condition="side")

    @step
    def first(self):
        self.said = "first"
        self.next(self.both)

    @step
    def second(self):
        self.said = "second"
        self.next(self.both)

    @step
    def plain(self):
        self.numbers = [0, 1]
        self.next(self.each, foreach="numbers")

    @step
    def each(self):
        self.even = self.input % 2 == 0
        self.next({True: self.evens, False: self.odds}, condition="even")

    @step
    def evens(self):
        self.said = f"even {self.input}"
        self.next(self.gather)

    @step
    def odds(self):
        self.said = f"odd {self.input}"
        self.next(self.more_odds)

    @step
    def more_odds(self):
        self.said += "!"
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.said = [one.said for one in inputs]
        self.is_even = [one.even for one in inputs]
        self.next(self.both)

    @step
    def both(self, inputs):
        self.said = [one.said for one in inputs]
        self.by_name = inputs.first.said, inputs.chooses.said, inputs.gather.said
        try:
            inputs.second  # noqa: B018 - an arm that was not taken
        except AttributeError as error:
            self.told = str(error)
        self.next(self.end)

    @step
    def end(self):
        print(self.said)


class SwitchAroundFlow(FlowSpec):
    size = Parameter("size", default=2)

    @step
    def start(self):
        self.items = list(range(self.size))
        self.kind = "many" if self.items else "none"
        self.next({"many": self.fan, "none": self.nothing, "two": self.parts}, condition="kind")

    @step
    def fan(self):
        self.next(self.body, foreach="items")

    @step
    def body(self):
        self.value = self.input * 10
        self.next(self.joined)

    @step
    def joined(self, inputs):
        self.values = [one.value for one in inputs]
        self.kind = "two"
        self.next({"two": self.parts, "many": self.end}, condition="kind")

    @step
    def nothing(self):
        self.values = []
        self.next(self.end)

    @step
    def parts(self):
        self.next(self.low, self.high)

    @step
    def low(self):
        self.part = min(self.values)
        self.next(self.again)

    @step
    def high(self):
        self.part = max(self.values)
        self.next(self.again)

    @step
    def again(self, inputs):
        self.part = [one.part for one in inputs]
        self.values = inputs[0].values
        self.next(self.end)

    @step
    def end(self):
        print(self.values)


if __name__ == "__main__":
    SwitchFlow()
