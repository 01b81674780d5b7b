import metaflow
from metaflow import FlowSpec, step, Parameter, current, retry, catch
from typing import Optional
T = Optional[int]
class CaughtFlow(FlowSpec):
    """foreach over dict items, enumerate, zip, numpy"""
    @step
    def start(self):
        self.d = {"a": 1}
        self.enum = list(enumerate(self.d))
        self.empty = []
        self.next(self.e1, foreach="enum")
    @catch(var="err")
    @step
    def e1(self):
        i, name = self.input
        self.val = self.d[name] + i
        self.next(self.e1b)
    @step
    def e1b(self):
        if getattr(self, "err", None):
            self.val = 0
        self.next(self.j1)
    @step
    def j1(self, inputs):
        self.vals = {inp.input[1]: inp.val for inp in inputs}
        self.merge_artifacts(inputs, exclude=["val", "err"])
        self.next(self.sw)
    @step
    def sw(self):
        self.mode = bool(self.vals)
        self.next({True: self.t, False: self.f}, condition="mode")
    @step
    def t(self):
        self.out = 1
        self.next(self.end)
    @step
    def f(self):
        self.out = 2
        self.next(self.end)
    @step
    def end(self):
        print(self.out, self.d, self.enum)
if __name__ == "__main__":
    CaughtFlow()
