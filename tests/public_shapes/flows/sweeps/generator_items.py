from metaflow import FlowSpec, step
import string


def pairs(n):
    for left in string.ascii_lowercase[:n]:
        for right in string.ascii_lowercase[:n]:
            if left != right:
                yield left, right


class PairsFlow(FlowSpec):
    @step
    def start(self):
        self.pairs = tuple(pairs(3))
        self.by_length = {len(word): word for word in ("a", "bb", "ccc")}
        self.next(self.score, foreach='pairs')

    @step
    def score(self):
        (left, right), self.key = self.input, '-'.join(self.input)
        self.value = ord(right) - ord(left)
        self.next(self.top)

    @step
    def top(self, inputs):
        self.values = {inp.key: inp.value for inp in inputs}
        assert [inp.index for inp in inputs] == list(range(len(self.values)))
        self.next(self.again)

    @step
    def again(self):
        self.unique = set(self.values.values())
        self.next(self.one, foreach='unique')

    @step
    def one(self):
        self.square = self.input ** 2
        self.next(self.end_join)

    @step
    def end_join(self, inputs):
        self.squares = sorted(i.square for i in inputs)
        self.next(self.end)

    @step
    def end(self):
        print(self.squares)


if __name__ == '__main__':
    PairsFlow()
