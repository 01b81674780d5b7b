from metaflow import FlowSpec, Parameter, exit_hook, step


def alert(run):
    print("failed:", run.pathspec)


def celebrate():
    print("all is well")


@exit_hook(on_error=[alert], on_success=[celebrate])
class ValidateFlow(FlowSpec):
    """Five checks side by side, one join, a switch on what they found."""

    strict = Parameter("strict", default=False)
    checks = ("nulls", "ranges", "schema", "volume", "freshness")

    @step
    def start(self):
        self.table = "orders"
        self.next(self.nulls, self.ranges, self.schema, self.volume, self.freshness)

    @step
    def nulls(self):
        self.problems = []
        self.next(self.verdict)

    @step
    def ranges(self):
        self.problems = [("price", "negative")]
        self.next(self.verdict)

    @step
    def schema(self):
        self.problems = []
        self.next(self.verdict)

    @step
    def volume(self):
        self.problems = []
        self.next(self.verdict)

    @step
    def freshness(self):
        self.problems = []
        self.next(self.verdict)

    @step
    def verdict(self, inputs):
        self.problems = {name: getattr(inputs, name).problems for name in self.checks}
        self.merge_artifacts(inputs, exclude=["problems"])
        count = sum(map(len, self.problems.values()))
        self.status = "ok" if not count else "broken" if self.strict else "dirty"
        self.next({"ok": self.publish, "dirty": self.quarantine, "broken": self.stop}, condition="status")

    @step
    def publish(self):
        self.where = "production"
        self.next(self.end)

    @step
    def quarantine(self):
        self.where = "quarantine"
        self.next(self.end)

    @step
    def stop(self):
        self.where = None
        self.next(self.end)

    @step
    def end(self):
        print(self.table, "->", self.where)


if __name__ == "__main__":
    ValidateFlow()
