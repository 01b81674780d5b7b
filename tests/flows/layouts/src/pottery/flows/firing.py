"""A flow within a package of a `src/` layout: it imports by dots and by whole names, and nothing puts a folder on the path."""

from __future__ import annotations

from clays import stoneware
from metaflow import FlowSpec, retry, step
from pottery.glaze import TRIES

import pottery.flows

from ..glaze import SHADES, Glaze


class FiringFlow(FlowSpec):
    """Glazes of all shades."""

    @step
    def start(self):
        self.shades = list(SHADES)
        self.package = pottery.flows.__name__
        self.next(self.fire, foreach="shades")

    @retry(times=TRIES, minutes_between_retries=0)
    @step
    def fire(self):
        self.glaze = Glaze(self.input, stoneware.degrees(self.input))
        self.next(self.join)

    @step
    def join(self, inputs):
        from pottery import glaze

        self.same = glaze.Glaze is Glaze
        self.glazes = [each.glaze for each in inputs]
        self.merge_artifacts(inputs, exclude=["glaze"])
        self.next(self.end)

    @step
    def end(self):
        self.hottest = max(self.glazes, key=lambda glaze: glaze.degrees).shade


if __name__ == "__main__":
    FiringFlow()
