"""The pages of `flowc ui` over a folder and over S3: each made by a process of its own, so that its memory is known.

`python -m bench.page_rows URL write` fills a store; `… URL PAGE` makes one page and says what that took.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping

from flowc.artifacts.address import RunAddress
from flowc.store import open_store
from flowc.store.files import FileStore
from flowc.store.protocol import Store

from bench.goals import at_most, both, within
from bench.measure import run
from bench.rows import Row
from bench.sides import ROOT, Bench
from compiler.ui import pages
from compiler.ui.library import Library
from tests.stages.counting_store import Counting
from tests.stages.written_runs import fanned, line

WIDTH, RUNS = 5_000, 200
_ASKED = {
    "a folder": "",
    "S3": "what is not its CPU waits for the stand-in's server, which is Python on the same processors",
}
_ANY = {"status": "", "tag": "", "user": ""}
_LINKS = pages.Links()
PAGES: Mapping[str, tuple[str, Callable[[Library], str]]] = {
    "flows": ("page of all flows", lambda kept: pages.flows_page(_LINKS, kept.store.url, kept.flows())),
    "runs": (f"page of a flow with {RUNS} runs", lambda kept: pages.runs_page(_LINKS, "Often", kept.runs("Often"), _ANY)),
    "run": (f"page of a run of {2 * WIDTH:,} tasks", lambda kept: pages.run_page(_LINKS, kept.run("Wide", "r"), is_live=False)),
    "step": (
        f"page of a step of {WIDTH:,} tasks",
        lambda kept: pages.step_page(_LINKS, "Wide", "r", "body", kept.step("Wide", "r", "body", 0)),
    ),
}  # fmt: skip


def run_pages(bench: Bench, runs: int) -> Iterator[Row]:
    """Time, requests and memory of each page."""
    for where, url in (("a folder", f"file:{bench.folder}/pages"), ("S3", "s3://bench/pages")):
        command = [sys.executable, "-m", "bench.page_rows", url]
        run([*command, "write"], env=bench.env, cwd=ROOT, log=bench.folder)
        for name, (what, _) in PAGES.items():
            costs = [run([*command, name], env=bench.env, cwd=ROOT, log=bench.folder) for _ in range(runs)]
            told = [json.loads(cost.output) for cost in costs]
            took = statistics.median(each["seconds"] for each in told) * 1000
            memory = max(cost.memory for cost in costs)
            cpu = statistics.median(each["cpu"] for each in told) * 1000
            asked = f"{told[0]['requests']:.0f} requests, " if told[0]["requests"] else ""
            said = f"{took:.0f} ms, {cpu:.0f} ms CPU, {asked}{memory:.0f} MiB"
            goals = (within(1, took / 1000, _ASKED[where]), at_most(128, " MiB", memory))
            yield Row(f"{what}, {where} (wall)", "", said, None, both(*goals))


def _write(store: Store) -> None:
    fanned(store, RunAddress("Wide", "r"), 1.0, WIDTH)
    for number in range(RUNS):
        line(store, RunAddress("Often", f"r{number:04}"), float(number))


def _made(store: Store, name: str) -> dict[str, float]:
    """What a page takes. A folder is asked as the page does it, for which it must be no store that counts: there are no requests."""
    counting = None if isinstance(store, FileStore) else Counting(store)
    library = Library(counting or store)  # type: ignore[arg-type]
    began, worked = time.perf_counter(), time.process_time()
    PAGES[name][1](library)
    took = {"seconds": time.perf_counter() - began, "cpu": time.process_time() - worked}
    return {**took, "requests": sum(counting.asked.values()) if counting else 0}


def main() -> None:
    """Fill the store, or make a page."""
    url, name = sys.argv[1:]
    if name == "write":
        _write(open_store(url))
    else:
        sys.stdout.write(json.dumps(_made(open_store(url), name)))


if __name__ == "__main__":
    main()
