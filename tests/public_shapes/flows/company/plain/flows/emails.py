import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))

from common import constants
from metaflow import FlowSpec, Parameter, environment, step
from utils.helpers import chunks, env


class EmailsFlow(FlowSpec):
    dry_run = Parameter("dry-run", default=True)
    limit = Parameter("limit", default=constants.BATCH * 10)

    @environment(vars={"SENDER": os.environ.get("SENDER", "news@example.com")})
    @step
    def start(self):
        self.sender = env("SENDER")
        self.batches = chunks(list(range(self.limit)), constants.BATCH)
        self.next(self.send, foreach="batches")

    @step
    def send(self):
        self.sent = 0 if self.dry_run else len(self.input)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.sent = sum(each.sent for each in inputs)
        self.next(self.end)

    @step
    def end(self):
        print(f"{self.sent} sent")


if __name__ == "__main__":
    EmailsFlow()
