"""Three steps in a row: what a step sets on `self`, every later step can read."""

from metaflow import FlowSpec, step


class LinearFlow(FlowSpec):
    """Count the words of a sentence."""

    @step
    def start(self):
        """Set the first artifact."""
        self.sentence = "the quick brown fox jumps over the lazy dog"
        self.next(self.count)

    @step
    def count(self):
        """Read it in another process, perhaps on another machine."""
        self.words = self.sentence.split()
        self.lengths = {word: len(word) for word in self.words}
        self.next(self.end)

    @step
    def end(self):
        """Say what was found."""
        self.longest = max(self.lengths, key=self.lengths.get)
        print(f"{len(self.words)} words, the longest is {self.longest!r}")


if __name__ == "__main__":
    LinearFlow()
