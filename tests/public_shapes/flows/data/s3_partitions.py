import json
from datetime import date, timedelta

from metaflow import S3, FlowSpec, Parameter, current, resources, retry, step
from metaflow.exception import MetaflowException


class NothingToDo(MetaflowException):
    headline = "Nothing to do"


def yesterday(context=None):
    return (date.today() - timedelta(days=1)).isoformat()


class PartitionsFlow(FlowSpec):
    """Reads partitions of a day with the S3 client and writes totals."""

    day = Parameter("day", default="2024-05-01", type=str)
    prefix = Parameter("prefix", default="s3://example-events/v1")
    parts = Parameter("parts", default=16)

    @retry(times=2)
    @step
    def start(self):
        with S3(s3root=f"{self.prefix}/{self.day}") as s3:
            self.keys = [each.key for each in s3.list_paths(["a/", "b/"]) if each.exists]
        if not self.keys:
            raise NothingToDo(f"no partition of {self.day}")
        self.groups = [self.keys[at :: self.parts] for at in range(min(self.parts, len(self.keys)))]
        self.next(self.read, foreach="groups")

    @resources(memory=8000, cpu=2)
    @step
    def read(self):
        total = 0
        with S3(s3root=f"{self.prefix}/{self.day}") as s3:
            for each in s3.get_many(self.input, return_missing=True):
                if each.exists:
                    total += sum(json.loads(line)["n"] for line in each.text.splitlines())
        self.total = total
        self.next(self.sum_up)

    @step
    def sum_up(self, inputs):
        self.total = sum(each.total for each in inputs)
        with S3(run=self) as s3:
            s3.put_many([("total", str(self.total)), ("day", self.day)])
        self.next(self.end)

    @step
    def end(self):
        print(f"{current.run_id}: {self.total} events")


if __name__ == "__main__":
    PartitionsFlow()
