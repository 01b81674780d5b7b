"""How many containers an engine starts: what tasks that share one save, as each engine itself counts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from compiler.diagnostics import Report
from compiler.ir.flow import Value
from compiler.ir.plan import FanOut, Scope, entry
from tests.conformance.engines import Engine
from tests.conformance.plan import LONG
from tests.conformance.results import read_result
from tests.engines import FlowCase
from tests.engines.compiling import planned_case, read_case

_STEP = """
    @step
    def {name}(self{inputs}):
        {body}
"""


class Counted(NamedTuple):
    """A flow: how many members its foreach has (0: none), the steps of its body or of its row, and what it asks for.

    `alone` and `together` are the containers of a run whose tasks share none, and of one whose tasks do.
    """

    width: int
    steps: int
    asked: Mapping[str, Value]
    alone: int
    together: int

    @property
    def source(self) -> str:
        """A row of steps, or a foreach, its join and the end."""
        names = [f"s{at}" for at in range(self.steps)]
        if not self.width:
            row = ["start", *names[2:], "end"]
            steps = [_written(name, "pass", after) for name, after in zip(row, [*row[1:], ""], strict=True)]
        else:
            fan = f"self.items = list(range({self.width}))\n        self.next(self.s0, foreach='items')"
            steps = [_written("start", fan, "")]
            steps += [_written(name, "pass", after) for name, after in zip(names, [*names[1:], "join"], strict=True)]
            steps += [_written("join", "self.count = len(inputs)", "end", ", inputs"), _written("end", "pass", "")]
        return "from flowc import FlowSpec, step\n\n\nclass Counted(FlowSpec):" + "".join(steps)

    def case(self, folder: Path, *, shares: bool) -> FlowCase:
        """Written into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "counted.py").write_text(self.source, encoding="utf-8")
        return FlowCase(folder / "counted.py", "Counted", settings=self.asked if shares else {})


def _written(name: str, body: str, after: str, inputs: str = "") -> str:
    onward = f"\n        self.next(self.{after})" if after else ""
    return _STEP.format(name=name, inputs=inputs, body=body + onward)


SIXTEEN: Mapping[str, Value] = {"s0": {"size": 16, "workers": 1}}
ROW = Counted(0, 10, {"fuse": True}, 10, 1)
WIDE = Counted(100, 1, {"fuse": True, "chunk": SIXTEEN}, 103, 9)
WIDER = Counted(1_000, 3, {"fuse": True, "chunk": SIXTEEN}, 3_003, 65)
FLOWS = {"ten steps in a row": ROW, "a foreach of 100": WIDE, "a foreach of 1,000, three steps each": WIDER}
ON_ENGINES = [
    (ROW, False),
    (ROW, True),
    (WIDE, True),
    *([(WIDE, False), (WIDER, True)] if LONG else []),
]
each_on_engines = pytest.mark.parametrize(
    ("flow", "shares"),
    ON_ENGINES,
    ids=[f"{flow.width or flow.steps}-{'together' if shares else 'alone'}" for flow, shares in ON_ENGINES],
)


@pytest.mark.parametrize("name", FLOWS)
def test_a_plan_has_as_many_containers(name: str, tmp_path: Path) -> None:
    flow = FLOWS[name]
    found = []
    for shares in (False, True):
        case = flow.case(tmp_path, shares=shares)
        source = read_case(case, Report())
        assert source is not None
        found.append(_containers(planned_case(case, source).root, flow.width))
    assert found == [flow.alone, flow.together]


def _containers(scope: Scope, width: int) -> int:
    count = 0
    for node in scope.flat:
        count += 1
        if isinstance(node, FanOut):
            count += -(-width // entry(node).counts_by) * _containers(node.body, width)
    return count


@each_on_engines
def test_argo_and_step_functions_start_as_many(
    flow: Counted, shares: bool, container_engines: Mapping[str, Engine], tmp_path: Path
) -> None:
    _count(flow, shares, container_engines, tmp_path)


@pytest.mark.xdist_group("airflow 3")
@each_on_engines
def test_airflow_starts_as_many(flow: Counted, shares: bool, airflow_3: Mapping[str, Engine], tmp_path: Path) -> None:
    _count(flow, shares, airflow_3, tmp_path)


def _count(flow: Counted, shares: bool, engines: Mapping[str, Engine], folder: Path) -> None:
    for name, engine in engines.items():
        place = folder / name
        outcome = engine(flow.case(place / "code", shares=shares), place)
        assert outcome.success, outcome.log[-3000:]
        assert outcome.containers == (flow.together if shares else flow.alone), name
        tasks = read_result(outcome, place / "code").tasks
        assert len(tasks) == flow.alone, name
        assert {each.attempts for each in tasks.values()} == {1}
