"""A flow whose tasks share containers, each container run by itself as an engine would, with faults at any request to its store."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from flowc.artifacts.address import RunAddress, TaskAddress
from flowc.artifacts.manifest import Manifest, attempts, read
from flowc.store.files import FileStore

from tests.engines.containers import end_all
from tests.stages.container import SHIM, command, variables, write
from tests.stages.faults import hook

RUN = RunAddress("F", "r")
FLOW = """
import os
from flowc import FlowSpec, retry, step
class F(FlowSpec):
    @retry(times=3, minutes_between_retries=0)
    @step
    def start(self):
        self.big = bytes(range(256)) * 600
        self.next(self.fan)
    @retry(times=3, minutes_between_retries=0)
    @step
    def fan(self):
        self.items = [f"item {n}" for n in range(5)]
        self.next(self.a, foreach="items")
    @retry(times=3, minutes_between_retries=0)
    @step
    def a(self):
        self.x = self.input * 2
        self.mark = os.urandom(8).hex()
        self.next(self.b)
    @retry(times=3, minutes_between_retries=0)
    @step
    def b(self):
        self.seen = self.mark, len(self.big)
        self.y = self.x + "!"
        self.next(self.join)
    @retry(times=3, minutes_between_retries=0)
    @step
    def join(self, inputs):
        self.got = [[one.y, one.seen[1]] for one in inputs]
        self.whole = all(one.seen[0] == one.mark for one in inputs)
        self.n = 0
        self.next(self.loop)
    @retry(times=3, minutes_between_retries=0)
    @step
    def loop(self):
        self.n += 1
        self.more = self.n < 3
        self.next({True: self.loop, False: self.end}, condition="more")
    @retry(times=3, minutes_between_retries=0)
    @step
    def end(self):
        self.last = self.n, self.whole, self.got
"""
LAST = (3, True, [[f"item {n}item {n}!", 256 * 600] for n in range(5)])


class Shared(NamedTuple):
    """A container: its word, what its first task loads, where it stands."""

    word: str
    load: str = ""
    index: str = "-"

    @property
    def tasks(self) -> tuple[TaskAddress, ...]:
        """Those that it does."""
        return tuple(RUN.task(step, index) for index in self._indexes for step in self._steps)

    @property
    def _steps(self) -> list[str]:
        return self.word.partition("*")[0].partition("/")[0].replace("~", "").split("+")

    @property
    def _indexes(self) -> Sequence[str]:
        first = int(self.index) * 3 if "*" in self.word else 0
        return [str(at) for at in range(first, min(first + 3, 5))] if "*" in self.word else ["-"]


ORDER: dict[str, Shared] = {
    "first": Shared("start+fan/3"),
    "portion": Shared("a+b*3", "foreach:fan", "0"),
    "portion at once": Shared("a+b*3:2", "foreach:fan", "1"),
    "row": Shared("join+loop~+end", "gather:fan/b"),
}


class World:
    """A folder with the flow and a store; `before` keeps copies of the store as it was before each container."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = FileStore(f"file:{folder / 'store'}")
        write(folder, FLOW)
        self._hook = hook(folder)

    def do(self, one: Shared, retry: int = 0, number: int = 0, how: str = "") -> tuple[int, str]:
        """Start the container and wait for its end: its exit code and what it printed. `number`: the request at which there is a fault."""
        told = variables(self.folder)
        if how:
            counter = self.folder / "counted"
            counter.unlink(missing_ok=True)
            told |= {"FAULT_AT": str(number), "FAULT_HOW": how, "FAULT_COUNTER": str(counter)}
            told["PYTHONPATH"] = f"{self._hook}{os.pathsep}{SHIM}"
        process = subprocess.Popen(
            command(one.word, one.load, one.index, retry),
            cwd=self.folder,
            env=told,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        if how != "alone":
            process.wait()
            end_all(process.pid)
        said, _ = process.communicate()  # which also waits for what lives on
        return process.returncode, said

    def requests(self) -> int:
        """How many there were in the last container that had a fault."""
        return (self.folder / "counted").stat().st_size

    def keep(self, name: str) -> None:
        """A copy of the store as it is."""
        place = self.folder / "store"
        place.mkdir(exist_ok=True)
        shutil.copytree(place, self.folder / f"kept {name}")

    def restore(self, name: str) -> None:
        """The store as it was."""
        shutil.rmtree(self.folder / "store")
        shutil.copytree(self.folder / f"kept {name}", self.folder / "store")

    def left(self, address: TaskAddress) -> Manifest:
        """What a task left."""
        return read(self.store, address)

    def values(self, one: Shared) -> list[object]:
        """What the tasks of a container left, without what chance decides."""
        return [self._value(address) for address in one.tasks]

    def _value(self, address: TaskAddress) -> object:
        manifest = self.left(address)
        plain = {name: manifest[name] for name in manifest.names if name not in ("mark", "seen")}
        return address, plain, manifest.next, manifest.iterations

    def mixed(self) -> Iterator[str]:
        """Tasks that have loaded another attempt of an earlier one than the one that is there."""
        for one in ORDER.values():
            for address in one.tasks:
                for step, index, token in self.left(address).loaded:
                    there = self.left(RUN.task(step, index)).token
                    if not there.startswith(token):
                        yield f"{address.id} has loaded another attempt of {step}/{index} than the one that is there"

    def tries(self, address: TaskAddress) -> int:
        """How many attempts a task had."""
        return len(attempts(self.store, address))
