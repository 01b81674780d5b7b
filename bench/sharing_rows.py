"""What sharing a container saves: containers counted, and one more task in one that runs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bench import flows
from bench.goals import at_most
from bench.measure import Cost, in_turn, run
from bench.rows import Row
from bench.sides import Bench
from compiler.diagnostics import Report
from compiler.ir.grouping import Grouping, grouped
from compiler.ir.plan import Chunk, FanOut, Plan, Scope
from compiler.ir.planner import plan
from compiler.pipeline import read_flow

_ROW = 10
"""Tasks of a container that is compared with one that has a single one."""

_NO_CLUSTER = (
    "not measured: needs a cluster whose controller looks at a workflow each second; its containers are counted above"
)

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
    fused = _count(_fused(chain), 0)
    yield Row("containers of 10 steps in a row", str(_count(chain, 0)), str(fused), None, at_most(1, "", fused))
    for width, steps, goal in ((100, 1, 9), (1000, 3, 65)):
        wide = _planned(bench, "Wide", _wide(width, steps))
        shared = grouped(wide, Grouping(fuse=True, chunk={"b0": Chunk(16)}))
        what = f"containers of a foreach of {width:,} with a body of {steps} step{'' if steps == 1 else 's'}, 16 a container"
        count = _count(shared, width)
        yield Row(what, str(_count(wide, width)), str(count), None, at_most(goal, "", count))
    for what, goal in (("10 steps in a row", "≤ 7 s"), ("a foreach of 100", "≤ 18 s")):
        yield Row(f"{what} on Argo (wall)", "not measured", _NO_CLUSTER, None, goal)


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
    goal = at_most(15, " ms CPU", more)
    yield Row("one more task in a container that runs", "a container", f"{more:.1f} ms CPU", None, goal)


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
