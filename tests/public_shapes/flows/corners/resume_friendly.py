import os
import pickle

from metaflow import FlowSpec, Parameter, current, retry, step


class ResumeFriendlyFlow(FlowSpec):
    """Knows its attempts and where it was resumed from."""

    fail_at = Parameter("fail-at", default=-1)

    @step
    def start(self):
        self.attempts = {}
        self.items = [{"id": n, "path": f"part-{n}"} for n in range(4)]
        self.origin = current.origin_run_id
        self.next(self.work, foreach="items")

    @retry(times=3, minutes_between_retries=0)
    @step
    def work(self):
        if self.input["id"] == self.fail_at and current.retry_count < 2:
            raise RuntimeError(f"attempt {current.retry_count}")
        self.attempt = current.retry_count
        self.payload = pickle.dumps(self.input)
        self.file = os.path.join("out", f"{current.task_id}.bin")
        self.next(self.join)

    @step
    def join(self, inputs):
        self.attempts = {pickle.loads(each.payload)["id"]: each.attempt for each in inputs}
        self.merge_artifacts(inputs, exclude=["attempt", "payload", "file", "attempts"])
        self.next(self.end)

    @step
    def end(self):
        print(self.attempts, self.origin or "a run of its own")


if __name__ == "__main__":
    ResumeFriendlyFlow()
