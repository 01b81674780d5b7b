"""A flow whose first step is what a test says."""

from __future__ import annotations

from pathlib import Path

from flowc.artifacts.address import TaskAddress
from flowc.artifacts.manifest import Manifest, read
from flowc.store.files import FileStore

from tests.stages.container import write
from tests.stages.task import Stage

ONE = """
import os, sys, time
from flowc import FlowSpec, Parameter, batch, catch, current, environment, kubernetes, resources, retry, step, timeout
class F(FlowSpec):
    p = Parameter("p", default=1)
    {decorators}
    @step
    def start(self):
        self.before = 1
        {start}
        self.next(self.end)
    @step
    def end(self):
        pass
"""


def write_one(folder: Path, start: str, decorators: str = "") -> None:
    """Write the flow into a folder, for a container."""
    write(folder, ONE.format(start=start, decorators=decorators))


def staged(folder: Path, start: str, decorators: str = "") -> Stage:
    """The flow in this process."""
    return Stage(folder, ONE.format(start=start, decorators=decorators))


def left_by(folder: Path, step: str = "start") -> Manifest:
    """What a step left in the store of that folder."""
    return read(FileStore(f"file:{folder}/store"), TaskAddress("F", "r", step))
