"""Start and end under other names, and names that a target might mangle into each other."""

from flowc import FlowSpec, step


class OwnNamesFlow(FlowSpec):
    @step(start=True)
    def a_b(self):
        self.way = ["a_b"]
        self.next(self.a__b, self.ab_, self.ab)

    @step
    def a__b(self):
        self.way.append("a__b")
        self.next(self.a_b_)

    @step
    def ab_(self):
        self.way.append("ab_")
        self.next(self.a_b_)

    @step
    def ab(self):
        self.way.append("ab")
        self.next(self.a_b_)

    @step
    def a_b_(self, inputs):
        self.way = [one.way for one in inputs]
        self.next(self.a___b)

    @step(end=True)
    def a___b(self):
        self.last = self.way[-1]


if __name__ == "__main__":
    OwnNamesFlow()
