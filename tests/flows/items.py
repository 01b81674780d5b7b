"""Everything that a foreach may go over; what has no order of its own keeps the one that the split saw."""

from flowc import FlowSpec, step


class ItemsFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.go_set, self.go_dict, self.go_text, self.go_generator)

    @step
    def go_set(self):
        self.items = {7, 8, 9}
        self.next(self.of_set, foreach="items")

    @step
    def of_set(self):
        self.items = "changed in the body: the item stays"
        self.got = self.input
        self.next(self.join_set)

    @step
    def join_set(self, inputs):
        self.got = [one.got for one in inputs]
        self.next(self.join)

    @step
    def go_dict(self):
        self.items = {"one": 1, "two": [2, {"three": 3}]}
        self.next(self.of_dict, foreach="items")

    @step
    def of_dict(self):
        self.key, self.value = self.input
        self.next(self.join_dict)

    @step
    def join_dict(self, inputs):
        self.got = [(one.key, one.value) for one in inputs]
        self.next(self.join)

    @step
    def go_text(self):
        self.items = "aé漢"
        self.next(self.of_text, foreach="items")

    @step
    def of_text(self):
        self.got = self.input
        self.next(self.join_text)

    @step
    def join_text(self, inputs):
        self.got = [one.got for one in inputs]
        self.next(self.join)

    @step
    def go_generator(self):
        self.items = ({"square": n * n} for n in range(3))
        self.next(self.of_generator, foreach="items")

    @step
    def of_generator(self):
        self.got = self.input["square"]
        self.next(self.join_generator)

    @step
    def join_generator(self, inputs):
        self.got = [one.got for one in inputs]
        self.next(self.join)

    @step
    def join(self, inputs):
        self.all = [one.got for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        self.count = sum(len(got) for got in self.all)


if __name__ == "__main__":
    ItemsFlow()
