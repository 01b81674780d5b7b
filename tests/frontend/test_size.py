"""Big flows are ordinary: nothing recurses over the graph, and twice the flow is twice the work."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import pytest

from compiler.backends import Backend, Options
from compiler.backends.targets import BUILT_IN, load_backend
from compiler.diagnostics import Report
from compiler.ir.flow import Flow
from compiler.ir.planner import plan
from compiler.pipeline import emit_plan
from tests.frontend import sources

if TYPE_CHECKING:
    from _typeshed import TraceFunction

BIG: dict[str, tuple[Callable[[int], str], int]] = {
    "5,000 steps in a row": (sources.chain, 5_000),
    "1,000 diamonds": (sources.diamonds, 1_000),
    "a split of 2,000 arms": (sources.wide, 2_000),
    "300 foreaches in each other": (sources.nested, 300),
    "40 switches in a row": (sources.switches, 40),
}


@pytest.mark.parametrize("name", BIG)
def test_big_flows_are_read(name: str, tmp_path: Path) -> None:
    """No limit of depth or of paths is near."""
    make, count = BIG[name]
    assert len(sources.only(tmp_path, make(count)).steps) > count


SHAPES: dict[str, Callable[[int], str]] = {
    "chain": sources.chain,
    "diamonds": sources.diamonds,
    "wide": sources.wide,
    "nested": sources.nested,
    "switches": sources.switches,
    "loops": sources.loops,
    "gangs": sources.gangs,
    "foreaches": sources.foreaches,
    "parameters": sources.parameters,
    "artifacts": sources.artifacts,
    "all wrong": lambda count: sources.chain(count).replace("self.next(self.s", "self.next(self.missing_"),
    "all read, nothing set": lambda count: sources.chain(count).replace("self.x", "self.y = self.x"),
    "all lost at joins": lambda count: (
        sources.diamonds(count)
        .replace("        self.next(self.d0)", "        self.lost = 1\n        self.next(self.d0)")
        .replace("        self.next(self.l", "        print(self.lost)\n        self.next(self.l")
    ),
    "set on some ways": lambda count: re.sub(
        r"(?m)^(    def l(\d+)\(self\):\n)", r"\1        self.only\2 = 1\n", sources.switches(count)
    ).replace(
        "    def end(self):\n", "    def end(self):\n" + "".join(f"        print(self.only{n})\n" for n in range(count))
    ),
    "merged": lambda count: sources.diamonds(count).replace(
        "(self, inputs):\n", "(self, inputs):\n        self.merge_artifacts(inputs)\n"
    ),
    "never joined": lambda count: sources.nested(count).replace("(self, inputs)", "(self)"),
    "a circle": lambda count: sources.chain(count).replace("self.next(self.end)", "self.next(self.s0)"),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_work_grows_with_the_flow(shape: str, tmp_path: Path) -> None:
    """Lines executed for twice the size: at most 2.3 times as many."""
    sources.parsed(tmp_path, SHAPES[shape](10))
    texts = [SHAPES[shape](size) for size in (100, 200)]
    small, large = (_lines(partial(sources.parsed, tmp_path, text)) for text in texts)
    assert large <= 2.3 * small


PLANNED = ("chain", "diamonds", "wide", "nested", "switches", "loops", "gangs", "foreaches", "parameters", "artifacts")
SIZES = {"nested": 12, "artifacts": 60}


@pytest.mark.parametrize("shape", PLANNED)
def test_work_of_a_target_grows_with_the_flow(shape: str, tmp_path: Path) -> None:
    """Planning, checking and writing it for each target, once everything is imported."""
    size = SIZES.get(shape, 24)
    flows = [sources.only(tmp_path, SHAPES[shape](count)) for count in (3, size, 2 * size)]
    for target in BUILT_IN:
        backend = load_backend(target)
        assert backend is not None
        _, small, large = (_lines(partial(_compiled, flow, backend)) for flow in flows)
        assert large <= 2.3 * small, target


def _compiled(flow: Flow, backend: Backend) -> None:
    report = Report()
    assert emit_plan(plan(flow), backend, Options("f:0"), report), list(report)


def _lines(work: Callable[[], object]) -> int:
    """How many lines of Python some work takes."""
    count = 0

    def trace(frame: FrameType, event: str, argument: object) -> TraceFunction:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count
