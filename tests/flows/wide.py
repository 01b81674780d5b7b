"""More than ten items: an order by text would put the tenth before the second."""

from flowc import FlowSpec, step


class WideFlow(FlowSpec):
    @step
    def start(self):
        self.items = [f"item-{n}" for n in range(12)]
        self.next(self.each, foreach="items")

    @step
    def each(self):
        self.seen = (self.index, self.input, self.foreach_stack()[0][:2])
        self.next(self.join)

    @step
    def join(self, inputs):
        self.order = [one.seen for one in inputs]
        self.third = inputs[2].seen
        self.next(self.end)

    @step
    def end(self):
        self.count = len(self.order)


if __name__ == "__main__":
    WideFlow()
