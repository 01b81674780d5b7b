import datetime as dt
import json
import os

from metaflow import FlowSpec, JSONType, Parameter, current, step

CONFIG = json.loads('{"threshold": 0.5, "labels": ["a", "b"]}')
ROOT = os.path.dirname(os.path.abspath(__file__))


def table(context):
    return f"{context.user_name}_scratch"


class LambdaDefaultsFlow(FlowSpec):
    day = Parameter("day", default=lambda context: dt.date.today().isoformat())
    scratch = Parameter("scratch", default=table, type=str)
    labels = Parameter("labels", type=JSONType, default=json.dumps(["a", "b"]))
    path = Parameter("path", default=os.path.join(ROOT, "x.txt"))
    ratio = Parameter("ratio", default=1 / 3)
    choice = Parameter("choice", default="fast", help="".join(["fast", " or ", "slow"]))

    @step
    def start(self):
        print(self.day, self.scratch, self.labels, os.path.basename(self.path), CONFIG["threshold"])
        self.next(self.end)

    @step
    def end(self):
        print(f"{self.ratio:.3f}", current.username)


if __name__ == "__main__":
    LambdaDefaultsFlow()
