"""Two flows in one file; both inherit steps, a parameter and a constant from a base, and a method from a mixin."""

from metaflow import FlowSpec, Parameter, step


class Greeting:
    PUNCTUATION = "!"

    def greet(self, name):
        return f"{self.word}, {name}{self.PUNCTUATION}"


class Base(FlowSpec, Greeting):
    word = Parameter("word", default="Hello")
    NAMES = ("Ada", "Grace")

    @step
    def start(self):
        self.names = list(self.NAMES)
        self.next(self.middle)

    @step
    def end(self):
        self.lines = [self.greet(name) for name in self.names]


class FirstFlow(Base):
    @step
    def middle(self):
        self.names.append("Barbara")
        self.next(self.end)


class SecondFlow(Base):
    PUNCTUATION = "?"

    @step
    def middle(self):
        self.names.reverse()
        self.next(self.end)


if __name__ == "__main__":
    FirstFlow()
