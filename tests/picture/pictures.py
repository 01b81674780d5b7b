"""Pictures of flows, and what a path of SVG goes through."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path

from compiler.diagnostics import Report
from compiler.frontend import parse
from compiler.ir.flow import Flow
from compiler.ir.grouping import Grouping, grouped
from compiler.ir.plan import Plan
from compiler.ir.planner import plan
from compiler.picture.drawing import Drawing, draw
from compiler.picture.placing import FOLDING
from tests.conformance.generator import generate
from tests.stages import plans
from tests.stages.shapes import SHAPES

TABLES: Mapping[str, Flow] = {
    **{name: found for name, found in vars(plans).items() if isinstance(found, Flow)},
    **{name: found for name, (found, _) in SHAPES.items()},
    "crosswise": plans.flow(start="a | b | c", a="m", b="m | n", c="d", d="n", m="end", n="end", end=""),
    "far": plans.flow(start="a | b | m", a="c | d", c="m", d="n", b="n | o", n="o", o="m", m="end", end=""),
    "gang in an arm": plans.flow(start="p | q", p="w^3", w="j", j="+ m", q="m", m="end", end=""),
}

SOURCE = '''from metaflow import FlowSpec, Parameter, batch, kubernetes, project, resources, retry, schedule, secrets, step, timeout


@schedule(cron="0 4 * * *", timezone="Europe/Berlin")
@project(name="trips")
class ToldFlow(FlowSpec):
    rate = Parameter("rate", default=0.5)

    @step
    def start(self):
        self.api_token = "t"
        self.items = [self.rate]
        self.next(self.fit, foreach="items")

    @retry(times=2, minutes_between_retries=1)
    @timeout(hours=1)
    @resources(cpu=4, memory=8192)
    @kubernetes(image="team/fit:1")
    @step
    def fit(self):
        """Fit one."""
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
'''

Point = tuple[float, float]


def generated(seed: int, folder: Path, most: int = 14) -> Plan:
    """The plan of a generated flow."""
    found = generate(seed, max_steps=most)
    path = folder / f"{found.stem}.py"
    path.write_text(found.source, encoding="utf-8")
    for name, text in found.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    report = Report()
    flows = parse(path, report)
    assert flows, [each.message for each in report]
    return plan(flows[0])


def parsed(source: str, folder: Path) -> Plan:
    """The plan of the one flow of a text."""
    path = folder / "flow.py"
    path.write_text(source, encoding="utf-8")
    report = Report()
    (flow,) = parse(path, report)
    return plan(flow)


def drawings(found: Plan) -> Iterator[Drawing]:
    """The picture of a plan, and that of the same steps in as few containers as can be."""
    yield draw(found)
    yield draw(grouped(found, Grouping(fuse=True)))


def foldings(drawing: Drawing) -> Iterator[frozenset[str]]:
    """Nothing folded, each frame alone, all."""
    foldable = [each.key for each in drawing.frames if each.kind in FOLDING]
    yield frozenset()
    yield from (frozenset({each}) for each in foldable)
    yield frozenset(foldable)


def points(path: str) -> list[Point]:
    """Where a path goes, its curves as many short lines."""
    found: list[Point] = []
    for command, text in re.findall(r"([MVHQC])([^MVHQC]*)", path):
        numbers = [float(each) for each in text.split()]
        if command == "M":
            found.append((numbers[0], numbers[1]))
        elif command == "V":
            found.append((found[-1][0], numbers[0]))
        elif command == "H":
            found.append((numbers[0], found[-1][1]))
        else:
            corners = [found[-1], *zip(numbers[::2], numbers[1::2], strict=True)]
            found += [_on_curve(corners, at / 16) for at in range(1, 17)]
    return found


def _on_curve(corners: list[Point], at: float) -> Point:
    while len(corners) > 1:
        corners = [
            (one[0] + (other[0] - one[0]) * at, one[1] + (other[1] - one[1]) * at) for one, other in pairwise(corners)
        ]
    return corners[0]
