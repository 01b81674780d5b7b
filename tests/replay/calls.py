"""Runs whose tasks are done again: by the commands that a person types, with all bytes of the store beside."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flowc.artifacts.address import RunAddress
from flowc.client.walk import iterations, walk
from flowc.store import open_store

FLOWC = (sys.executable, "-P", "-m", "compiler")
PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Said:
    """How a call ended; `document` is what it printed as JSON, where that was asked for."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The document."""
        return json.loads(self.out)


def flowc(folder: Path, *words: object, variables: Mapping[str, str] | None = None) -> Said:
    """Call the command in a folder."""
    done = subprocess.run(
        [*FLOWC, *map(str, words)],
        cwd=folder,
        env={**environment(folder), **(variables or {})},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


def environment(folder: Path) -> dict[str, str]:
    """What a call in a folder has: temporary files lie beside it, where a test sees them."""
    (folder / "tmp").mkdir(exist_ok=True)
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "USER": "tester", "TMPDIR": str(folder / "tmp")}


@dataclass(frozen=True, slots=True)
class Ran:
    """A run in a folder. `options` are those that its replays need, too."""

    folder: Path
    flow: str
    run: str
    store: str
    options: Sequence[str] = ()

    def replay(self, task: str, *words: object, variables: Mapping[str, str] | None = None) -> Said:
        """Do a task again, `STEP[/INDEX]`, and look at what the call left beside: nothing of the run has changed."""
        before = contents(self.store)
        said = flowc(
            self.folder, "replay", f"{self.flow}/{self.run}/{task}", "--store", self.store, *self.options, *words,
            variables=variables,
        )  # fmt: skip
        assert contents(self.store) == before
        assert not list((self.folder / "tmp").glob("flowc-replay-*"))
        return said

    def tasks(self) -> Iterator[str]:
        """`STEP/INDEX` of each task that has begun, and of each iteration."""
        store = open_store(self.store)
        for found in walk(store, RunAddress(self.flow, self.run)):
            address, _ = found
            if next(store.list(address.attempts), None) is not None:
                yield f"{address.step}/{address.name}"
            yield from (f"{each.step}/{each.name}" for each in iterations(store, found))

    def replay_all(self, most: int = 2) -> dict[str, Said]:
        """Of each step so many tasks and iterations done again, with their documents."""
        before, tasks = contents(self.store), list(self.tasks())
        counted = Counter[str]()
        for task in (*tasks,):
            step = task.partition("/")[0]
            counted[step] += 1
            if counted[step] > most:
                tasks.remove(task)

        def one(task: str) -> Said:
            where = f"{self.flow}/{self.run}/{task}"
            return flowc(self.folder, "replay", where, "--store", self.store, "--json", *self.options)

        with ThreadPoolExecutor(2) as pool:
            found = dict(zip(tasks, pool.map(one, tasks), strict=True))
        assert contents(self.store) == before
        return found


def run(
    folder: Path, source: str | Path, *words: object, flow: str = "", variables: Mapping[str, str] | None = None
) -> Ran:
    """Run a flow's text, or a file of the tests, in a folder."""
    text = source.read_text(encoding="utf-8") if isinstance(source, Path) else source
    path = folder / (source.name if isinstance(source, Path) else "flow.py")
    path.write_text(text, encoding="utf-8")
    store = f"file:{folder / 'store'}"
    said = flowc(
        folder,
        "run",
        "--store",
        store,
        "--run-id",
        "r",
        f"{path}:{flow}" if flow else path,
        *words,
        variables=variables,
    )
    assert (folder / "store").is_dir(), said.out + said.err
    (name,) = [each.name for each in (folder / "store").iterdir() if each.is_dir()] if not flow else [flow]
    return Ran(folder, name, "r", store)


def contents(store: str) -> dict[str, str]:
    """Every file of a store with the digest of its bytes, hidden ones included."""
    root = Path(store.removeprefix("file:"))
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def unlike_before(found: Mapping[str, Said]) -> dict[str, str]:
    """Of those that did not end as the attempt had, what they say."""
    return {task: said.out + said.err for task, said in found.items() if not is_as_before(said)}


def is_as_before(said: Said) -> bool:
    """Whether the replay left what the attempt had left, or failed as that had."""
    if said.code == 0:
        return said.document["result"] == "equal"
    return said.code == 1 and not said.document["differences"]
