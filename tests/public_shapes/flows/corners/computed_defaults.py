from metaflow import FlowSpec, step, Parameter, IncludeFile, JSONType
import json, os, sys, datetime
NOW = datetime.datetime.now()
with open(os.path.join(os.path.dirname(__file__), "computed_defaults.json")) as fh:
    CFG = json.load(fh)
globals().update(CFG)
VERSION = open("VERSION").read().strip() if os.path.exists("VERSION") else "0"
class Params:
    lr = 0.1
    class Inner:
        depth = 3
for _n in ("A", "B"):
    globals()[_n] = 1
class ComputedDefaultsFlow(FlowSpec):
    lr = Parameter("lr", default=Params.lr, type=float)
    depth = Parameter("depth", default=Params.Inner.depth)
    day = Parameter("day", default=NOW.strftime("%Y-%m-%d"))
    v = Parameter("v", default=VERSION)
    c = Parameter("c", default=CFG["x"])
    j = Parameter("j", default=json.dumps(CFG), type=JSONType)
    e = Parameter("e", default=os.environ.get("E", "none"))
    t = Parameter("t", type=bool, default="true")
    inc = IncludeFile("inc", default=os.path.join(os.path.dirname(__file__), "computed_defaults.json"))
    vals = Parameter("vals", default=" ".join(str(i) for i in range(3)))
    @step
    def start(self):
        print(A, B, globals()["x"])
        self.next(self.end)
    @step
    def end(self):
        pass
if __name__ == "__main__":
    ComputedDefaultsFlow()
