"""One flow and one store for a test: tasks are done in this process, one call each."""

from __future__ import annotations

import itertools
import textwrap
from pathlib import Path
from typing import Any

from flowc.artifacts.address import Begin, RunAddress, TaskAddress, parse_loads
from flowc.artifacts.manifest import Manifest, read
from flowc.source.module import Loaded, prepare
from flowc.store.files import FileStore
from flowc.store.protocol import Store
from flowc.task.call import Reported, TaskCall
from flowc.task.output import Output
from flowc.task.task import execute

_NUMBERS = itertools.count()


class Stage:
    """The flow `F` of a source text."""

    def __init__(self, folder: Path, source: str, store: Store | None = None) -> None:
        self.stem = f"staged_flow_{next(_NUMBERS)}"
        self.folder = folder
        self.path = folder / f"{self.stem}.py"
        self.path.write_text(textwrap.dedent(source))
        self.store: Store = store or FileStore(f"file:{folder / 'store'}")
        self.loaded: Loaded = prepare(f"{self.path.name}:F", str(folder))

    def do(self, step: str, load: str = "", index: str = "-", **more: Any) -> Reported:
        """Do one task of the run `r`."""
        loads = parse_loads(load) if load else Begin()
        if not load:
            more.setdefault("owner", "me")
        store = more.pop("store", self.store)
        call = TaskCall(step, more.pop("run", "r"), index, loads=loads, **more)
        return execute(self.loaded, call, store, Quiet())

    def done(self, step: str, load: str = "", index: str = "-", **more: Any) -> Manifest:
        """Do one task that must succeed; what it left."""
        reported = self.do(step, load, index, **more)
        assert reported.exit_code == 0, reported
        return self.left(step, index, more.get("run", "r"))

    def left(self, step: str, index: str = "-", run: str = "r") -> Manifest:
        """What a task left."""
        return read(self.store, TaskAddress("F", run, step, index))

    @property
    def run(self) -> RunAddress:
        """The run that `do` does tasks of."""
        return RunAddress("F", "r")


class Quiet(Output):
    """The output of a task that pytest captures."""
