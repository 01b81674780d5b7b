"""Parameters of every type, given and not given."""

from metaflow import FlowSpec, JSONType, Parameter, step


class TypedParametersFlow(FlowSpec):
    text = Parameter("text", default="default")
    other = Parameter("other-text", type=str, default=None)
    number = Parameter("number", default=1)
    real = Parameter("real", type=float, default=1)
    flag = Parameter("flag", type=bool, default=False)
    on = Parameter("on", default=True)
    data = Parameter("data", type=JSONType, default={"a": (1, None)})
    more = Parameter("more", type=JSONType, default="[]")
    many = Parameter("many", type=str, multiple=True, default=())
    needed = Parameter("needed", type=str, required=True)

    @step
    def start(self):
        names = ("text", "other", "number", "real", "flag", "on", "data", "more", "many", "needed")
        self.seen = {name: (type(getattr(self, name)).__name__, getattr(self, name)) for name in names}
        self.next(self.a, self.b)

    @step
    def a(self):
        self.left = self.text
        self.next(self.join)

    @step
    def b(self):
        self.right = self.needed
        self.next(self.join)

    @step
    def join(self, inputs):
        """A join sees parameters without any merge."""
        self.here = (self.text, self.data, inputs.a.left, inputs.b.right)
        self.next(self.end)

    @step
    def end(self):
        self.last = [self.needed, self.more]


if __name__ == "__main__":
    TypedParametersFlow()
