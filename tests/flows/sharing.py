"""Steps that may share a container: a chain behind a foreach, whose body is a chain too."""

from flowc import FlowSpec, retry, step


class SharingFlow(FlowSpec):
    """Measure shapes, and add what was measured."""

    @step
    def start(self):
        self.top = 5
        self.next(self.prepare)

    @step
    def prepare(self):
        self.sides = list(range(self.top))
        self.next(self.square, foreach="sides")

    @retry(times=2, minutes_between_retries=0)
    @step
    def square(self):
        """One square."""
        print("side", self.input)
        self.area = self.input**2
        self.next(self.double)

    @step
    def double(self):
        self.area *= 2
        self.next(self.add)

    @step
    def add(self, inputs):
        self.total = sum(each.area for each in inputs)
        self.next(self.tell)

    @step
    def tell(self):
        print("total", self.total)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    SharingFlow()
