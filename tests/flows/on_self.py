"""What Metaflow has on `self` and in its modules beside the language: names that flows ask for, each of the same worth on every target."""

import os

import metaflow as mf
from metaflow import FlowSpec, current, step
from metaflow.integrations import ArgoEvent
from metaflow.metaflow_config import DATASTORE_SYSROOT_S3, DEFAULT_DATASTORE
from metaflow.metaflow_version import get_version
from metaflow.util import to_bytes


class OnSelfFlow(FlowSpec):
    """Asks."""

    @step
    def start(self):
        self.parts = ["one", "two"]
        self.make = str.upper
        self.next(self.each, foreach="parts")

    @step
    def each(self):
        self.frames = [tuple(frame) for frame in self._foreach_stack]
        self.made = self.make(self.input)
        self.next(self.one, self.other)

    @step
    def one(self):
        self.seen = (self._current_step, self.name, self.script_name)
        self.next(self.both)

    @step
    def other(self):
        path = os.path.join(current.tempdir, "said")
        self.said = self.cmd(f"tr a-z A-Z < {path}.in > {path}.out", {f"{path}.in": self.made.lower()}, [f"{path}.out"])
        self.next(self.both)

    @step
    def both(self, inputs):
        self.seen, self.said, self.frames = inputs.one.seen, inputs.other.said, inputs.one.frames
        self.next(self.join)

    @step
    def join(self, inputs):
        self.found = [(each.seen, each.said, each.frames) for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        graph = self._graph
        self.nodes = {node.name: (node.type, node.out_funcs, sorted(node.in_funcs), node.matching_join) for node in graph}
        self.inside = [node.name for node in graph if node.is_inside_foreach]
        self.doc = self._graph_info["doc"]
        self.version = (get_version(public=True), get_version() == mf.metaflow_version.get_version())
        self.store_is_told = (DEFAULT_DATASTORE == "s3") == bool(DATASTORE_SYSROOT_S3)
        self.published = ArgoEvent("parts", payload={"made": 2}).safe_publish()
        self.data = to_bytes("å")


if __name__ == "__main__":
    OnSelfFlow()
