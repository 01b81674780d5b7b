"""Failures: caught, retried, kept as values; a run that fails and is resumed."""

import os
import time

from metaflow import Config, FlowSpec, catch, current, project, retry, step
from metaflow.cards import Markdown
from metaflow.exception import MetaflowException, MetaflowNotFound, UnhandledInMergeArtifactsException


class CaughtFlow(FlowSpec):
    """@catch with the failure as an artifact, @retry with two attempts, exceptions as artifacts."""

    @retry(times=1, minutes_between_retries=0)
    @step
    def start(self):
        print("attempt", current.retry_count)
        if current.retry_count == 0:
            raise ValueError("once")
        self.retries = current.retry_count
        self.items = [0, 1]
        self.next(self.each, foreach="items")

    @catch(var="failure", print_exception=False)
    @step
    def each(self):
        self.number = self.input
        self.quotient = 10 // self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.failures = [one.failure for one in inputs]
        self.quotients = [getattr(one, "quotient", None) for one in inputs]
        self.number = 2
        self.errors = [MetaflowException("own"), MetaflowNotFound("none")]
        self.merging = UnhandledInMergeArtifactsException("differ", ["a", "b"])
        self.kinds = [MetaflowException, type(self.failures[0])]
        self.next(self.end)

    @step
    def end(self):
        self.told = (self.failures[0].type, self.failures[0].exception, bool(self.failures[1]))


@project(name="films")
class ResumedFlow(FlowSpec):
    """It fails where FAIL is set."""

    @step
    def start(self):
        self.items = [1, 2]
        self.large = bytes(100_000) + b"end"
        self.next(self.each, foreach="items")

    @step
    def each(self):
        self.square = self.input**2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.squares = [one.square for one in inputs]
        self.large = inputs[0].large
        print("joined")
        self.next(self.last)

    @step
    def last(self):
        print("before the failure")
        if os.environ.get("FAIL"):
            raise RuntimeError("no luck é")
        self.origin = current.origin_run_id
        self.next(self.end)

    @step
    def end(self):
        self.branch = (current.project_name, current.branch_name, current.project_flow_name)


class MergedFlow(FlowSpec):
    """One arm fails where FAIL is set; the other's artifact, taken over, is merged with what it leaves then."""

    settings = Config("settings", default="settings.json")

    @step
    def start(self):
        self.next(self.left, self.right)

    @step
    def left(self):
        self.kept, self.part = self.settings.model, Markdown("*same*")
        self.next(self.join)

    @step
    def right(self):
        if os.environ.get("FAIL"):
            time.sleep(0.5)
            raise RuntimeError("no luck")
        self.kept, self.part = self.settings.model, Markdown("*same*")
        self.next(self.join)

    @step
    def join(self, inputs):
        self.merge_artifacts(inputs)
        self.next(self.end)

    @step
    def end(self):
        self.rate = self.kept.rate


if __name__ == "__main__":
    CaughtFlow()
