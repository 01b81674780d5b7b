from metaflow import FlowSpec, step, Parameter
class PropertiesFlow(FlowSpec):
    p = Parameter("p", default=3)
    _cache = None
    @property
    def total(self):
        return self.a + self.p
    @total.setter
    def total(self, v):
        self.a = v
    @property
    def cache(self):
        if self._cache is None:
            self._cache = {}
        return self._cache
    def compute(self, n): self.res = n; return self
    @step
    def start(self):
        self.a = 1
        self.total = 5
        self.compute(3).compute(4)
        self.cache["x"] = 1
        self.maybe = None
        if self.p > 2:
            self.maybe = 2
            self.only_if = 3
        self.next(self.loop, foreach="items_")
    items_ = [1, 2, 3]
    @step
    def loop(self):
        try:
            self.ok = 1 / self.input
        except ZeroDivisionError:
            self.ok = None
        else:
            self.fine = True
        self.next(self.join)
    @step
    def join(self, inputs):
        self.oks = [i.ok for i in inputs if hasattr(i, "fine")]
        self.a = inputs[0].a
        self.res = next(iter(inputs)).res
        first, *others = inputs
        self.maybe = first.maybe
        self.next(self.end)
    @step
    def end(self):
        print(self.res, self.total, self.p, self.maybe)
if __name__ == "__main__":
    PropertiesFlow()
