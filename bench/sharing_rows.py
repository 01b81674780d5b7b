"""What sharing a container saves: containers counted, one more task in one that runs; and what the pages of wide runs cost."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from flowc.artifacts.address import RunAddress
from flowc.store import open_store

from bench import flows
from bench.measure import Cost, in_turn, run
from bench.rows import Row
from bench.sides import Bench
from compiler.diagnostics import Report
from compiler.ir.grouping import Grouping, grouped
from compiler.ir.plan import Chunk, FanOut, Plan, Scope
from compiler.ir.planner import plan
from compiler.pipeline import read_flow
from compiler.ui import pages
from compiler.ui.library import Library
from tests.stages.counting_store import Counting
from tests.stages.written_runs import fanned, line

_ROW = 10
"""Tasks of a container that is compared with one that has a single one."""

_BODIES = """
from flowc import FlowSpec, step
class Wide(FlowSpec):
    @step
    def start(self):
        self.items = list(range({width}))
        self.next(self.b0, foreach="items")
{body}
    @step
    def join(self, inputs):
        self.next(self.end)
    @step
    def end(self):
        pass
"""


def containers(bench: Bench, runs: int) -> Iterator[Row]:
    """How many containers a run starts, and what one more task costs where one runs already."""
    del runs  # nothing is timed here
    chain = _planned(bench, "Chain", flows.chain("Chain", _ROW))
    yield Row("containers of 10 steps in a row", str(_count(chain, 0)), str(_count(_fused(chain), 0)), None, "1")
    for width, steps, goal in ((100, 1, "9"), (1000, 3, "65")):
        wide = _planned(bench, "Wide", _wide(width, steps))
        shared = grouped(wide, Grouping(fuse=True, chunk={"b0": Chunk(16)}))
        what = f"containers of a foreach of {width:,} with a body of {steps} step{'' if steps == 1 else 's'}, 16 a container"
        yield Row(what, str(_count(wide, width)), str(_count(shared, width)), None, goal)


def _wide(width: int, steps: int) -> str:
    body = "".join(
        f"    @step\n    def b{at}(self):\n        self.next(self.{'join' if at == steps - 1 else f'b{at + 1}'})\n"
        for at in range(steps)
    )
    return _BODIES.format(width=width, body=body)


def _planned(bench: Bench, name: str, source: str) -> Plan:
    path = bench.flow(name, source)
    flow = read_flow(path, Report())
    assert flow is not None, path
    return plan(flow)


def _fused(whole: Plan) -> Plan:
    return grouped(whole, Grouping(fuse=True))


def _count(whole: Plan, width: int) -> int:
    """The containers of a run whose foreach is so wide."""
    return _of_scope(whole.root, width)


def _of_scope(scope: Scope, width: int) -> int:
    found = 0
    for node in scope.flat:
        found += 1
        if isinstance(node, FanOut):
            found += -(-width // node.split.counts_by) * _of_scope(node.body, width)
    return found


def one_more_task(bench: Bench, runs: int) -> Iterator[Row]:
    """CPU of a container with ten tasks beyond one with a single one, a task; of Metaflow each is a container of its own."""
    path = bench.flow("Shared", flows.chain("Shared", _ROW))
    steps = "+".join(["start", *(f"s{at}" for at in range(1, _ROW - 1)), "end"])
    alone = partial(_container, bench, path.parent, "start")
    several = partial(_container, bench, path.parent, steps)
    single, many = in_turn((alone, several), runs)
    more = 1000 * (many.cpu - single.cpu) / (_ROW - 1)
    yield Row("one more task in a container that runs", "a container", f"{more:.1f} ms CPU", None, "≤ 15 ms CPU")


_RUNS = iter(range(10**6))


def _container(bench: Bench, folder: Path, steps: str) -> Cost:
    words = (
        "step",
        steps,
        "--run",
        f"r{next(_RUNS)}",
        "--index",
        "-",
        "--retry",
        "0",
        "--owner",
        "b",
        "--parameters",
        "{}",
    )
    env = {**bench.env, "FLOWC_FLOW": "shared.py:Shared", "FLOWC_STORE": f"file:{bench.folder}/shared"}
    return run([sys.executable, "-P", "-m", "flowc", *words], env=env, cwd=folder, log=bench.folder)


def run_pages(bench: Bench, runs: int) -> Iterator[Row]:
    """The pages of `flowc ui`: a run of 10,000 tasks, and a page of a flow with 1,000 runs."""
    store = open_store(f"file:{bench.folder}/pages")
    fanned(store, RunAddress("Wide", "r"), 1.0, 5_000)
    for number in range(1_000):
        line(store, RunAddress("Often", f"r{number:04}"), float(number))
    links = pages.Links()
    for what, page in (
        ("page of a run of 10,000 tasks", lambda kept: pages.run_page(links, kept.run("Wide", "r"), is_live=False)),
        ("page of a flow with 1,000 runs", lambda kept: pages.runs_page(links, "Often", kept.runs("Often"), _ANY)),
    ):
        times, asked = [], 0
        for _ in range(runs):
            counting = Counting(store)
            began = time.perf_counter()
            page(Library(counting))  # type: ignore[arg-type]
            times.append(time.perf_counter() - began)
            asked = sum(counting.asked.values())
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        told = f"{sorted(times)[len(times) // 2] * 1000:.0f} ms, {asked} requests, {memory:.0f} MiB with all else"
        yield Row(f"{what} (wall)", "", told, None, "1 s")


_ANY = {"status": "", "tag": "", "user": ""}
