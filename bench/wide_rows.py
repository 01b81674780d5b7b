"""What it costs to look at runs of many tasks, and at many runs; time on a store in memory, and the requests that any other would get."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from flowc.artifacts.address import RunAddress
from flowc.store import open_store
from flowc.store.protocol import Store

from bench.goals import at_most, both
from bench.rows import Row
from bench.sides import Bench
from compiler.ui import pages
from compiler.ui.library import Library
from tests.stages.counting_store import Counting
from tests.stages.written_runs import fanned, line

_PAGE = 1000
"""Keys that one request lists."""
_REQUESTS = 20
_MEMORY = Path("/dev/shm")
"""Where files wait for no disk; the bench's own folder stands in where there is none."""
_ANY = {"status": "", "tag": "", "user": ""}


class _Requests(Counting):
    """A store that counts a request for every thousand keys of a listing."""

    def __getattr__(self, name: str) -> Any:
        found = super().__getattr__(name)
        if name not in ("list", "entries"):
            return found

        def paged(*words: Any, **more: Any) -> Iterator[Any]:
            for at, key in enumerate(found(*words, **more)):
                if at and at % _PAGE == 0:
                    self.asked[name] += 1
                yield key

        return paged


def wide(bench: Bench, runs: int) -> Iterator[Row]:
    """A run of 100,000 tasks and one of 10,000, each as a page and one task of each opened; and a page of 1,000 runs."""
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else bench.folder) as folder:
        store = open_store(f"file:{folder}/wide")
        for tasks in (10_000, 100_000):
            run = f"r{tasks}"
            fanned(store, RunAddress("Wide", run), 1.0, tasks // 2)
            for what, look in (
                (f"page of a run of {tasks:,} tasks", partial(_run_page, run)),
                (f"a run of {tasks:,} tasks, open one", partial(_open_one, run, str(tasks // 4))),
            ):
                yield _looked(
                    what, store, look, runs, "a listing has a thousand keys a request, of which a task has two"
                )
        for number in range(1_000):
            line(store, RunAddress("Often", f"r{number:04}"), float(number))
        yield _looked("page of a flow with 1,000 runs", store, _runs_page, runs, "each run that it shows is read")


def _run_page(run: str, library: Library) -> str:
    return pages.run_page(pages.Links(), library.run("Wide", run), is_live=False)


def _open_one(run: str, index: str, library: Library) -> object:
    task = library.task("Wide", run, "body", index)
    assert task.manifest
    return task.manifest.next


def _runs_page(library: Library) -> str:
    return pages.runs_page(pages.Links(), "Often", library.runs("Often"), _ANY)


def _looked(what: str, store: Store, look: Callable[[Library], object], runs: int, why: str) -> Row:
    times, asked = [], 0
    for _ in range(runs):
        counting = _Requests(store)
        began = time.perf_counter()
        look(Library(counting))  # type: ignore[arg-type]
        times.append(time.perf_counter() - began)
        asked = sum(counting.asked.values())
    wall = statistics.median(times)
    goal = both(at_most(1, " s", wall, why), at_most(_REQUESTS, " requests", asked, why))
    return Row(f"{what} (wall)", "", f"{wall * 1000:.1f} ms, {asked} requests", None, goal)
