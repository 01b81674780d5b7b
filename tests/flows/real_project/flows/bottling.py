"""A flow in a folder of its own: its code lies in `src`, its data beside both."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "src"))

import json  # noqa: E402
from pathlib import Path  # noqa: E402

from metaflow import FlowSpec, Parameter, step  # noqa: E402
from winery.cellar import BARRELS, Cellar, labels, query  # noqa: E402


class BottlingFlow(FlowSpec):
    limit = Parameter("limit", default=BARRELS["oak"] // 2)

    @step
    def start(self):
        self.query = query("dear")
        self.readme = Path(__file__).with_name("README.txt").read_text().split()
        self.cellar = Cellar(sorted(BARRELS))
        self.kinds = sorted(json.loads(labels()))
        self.next(self.bottle, foreach="kinds")

    @step
    def bottle(self):
        from winery import units

        self.count = min(self.cellar.bottles()[self.input], self.limit)
        self.litres = self.count * units.LITRES
        self.next(self.store)

    @step
    def store(self, inputs):
        self.counts = {one.input: (one.count, one.litres) for one in inputs}
        self.merge_artifacts(inputs, include=["cellar", "query"])
        self.next(self.end)

    @step
    def end(self):
        self.total = sum(count for count, _ in self.counts.values())
        self.is_whole = self.query == query("dear")


if __name__ == "__main__":
    BottlingFlow()
