"""Which step and which list of index paths a task id means: the inverse of what is emitted, over every flow that compiles."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from compiler.backends import Options
from compiler.backends.airflow import BACKEND
from compiler.backends.airflow.operate.layout import HEADLINE, PLAIN, is_plain, layout
from compiler.backends.airflow.segments import Segment, Single, units
from compiler.backends.operating import Sharing
from compiler.diagnostics import Report
from compiler.ir.grouping import Grouping, grouped
from compiler.ir.plan import Chunk, Enter, Plan
from compiler.ir.planner import plan
from compiler.pipeline import emit_plan, read_flows
from tests.airflow.stage import written

ROOT = Path(__file__).resolve().parents[3]
FLOWS = sorted([*ROOT.glob("examples/*.py"), *ROOT.glob("tests/flows/*.py")])
LONG = "a_name_" + "that_goes_on_" * 20
NESTED = f"""
@step
def start(self):
    self.items = [1]
    self.next(self.{LONG}, foreach="items")

@step
def {LONG}(self):
    self.subs = [1]
    self.next(self.inner, foreach="subs")

@step
def inner(self):
    self.next(self.both)

@step
def both(self, inputs):
    self.next(self.all_of_{LONG})

@step
def all_of_{LONG}(self):
    self.next(self.done)

@step
def done(self, inputs):
    self.next(self.end)

@step
def end(self):
    pass
"""


def compiled(path: Path, operator: str, asked: Grouping | None = None) -> Iterator[tuple[Plan, str]]:
    """The plans and DAG files of a flow file's flows that compile."""
    for flow in read_flows(path, Report()):
        planned = grouped(plan(flow), asked or Grouping())
        files = emit_plan(planned, BACKEND, Options(default_image="x:1", target={"operator": operator}), Report())
        if files:
            yield planned, files[0].text


def told(planned: Plan, text: str) -> list[tuple[str, str, str]]:
    """Task id, step and list of each task, as the units say them and, which is compared, the file."""
    found: list[tuple[str, str, str]] = []
    for unit in units(planned.root):
        if isinstance(unit, Single):
            found.append((unit.id, unit.task.step, ""))
        elif isinstance(unit, Segment):
            lists = {
                each.name: each.id for each in units(planned.root) if hasattr(each, "split") and hasattr(each, "id")
            }
            found += [(f"{unit.group}.{unit.ids[each.step]}", each.step, lists[unit.indices]) for each in unit.tasks]
    known = layout(text)
    assert HEADLINE.match(text)
    assert [(task, known.step(task), known.indices(task)) for task, _, _ in found] == found
    plain = [each for each in found if is_plain(each[0])]
    assert [(task, PLAIN.step(task), PLAIN.indices(task)) for task, _, _ in plain] == plain
    return found


@pytest.mark.parametrize("operator", ["kubernetes", "bash"])
def test_every_task_of_every_flow_is_told_as_its_step(operator: str) -> None:
    found = [told(planned, text) for path in FLOWS for planned, text in compiled(path, operator)]
    assert len(found) > len(FLOWS) // 2
    assert any("foreach-" in task for each in found for task, _, _ in each)


@pytest.mark.parametrize("operator", ["kubernetes", "bash"])
def test_the_file_says_what_a_shortened_name_was(tmp_path: Path, operator: str) -> None:
    ((planned, text),) = compiled(written(tmp_path, NESTED), operator)
    found = told(planned, text)
    shortened = {step for task, step, _ in found if not is_plain(task)}
    assert shortened >= {LONG, "inner"}, "its group has the long name"


def test_what_runs_beside_steps_is_no_step() -> None:
    for task in ("_run", "_kept", "_each_start", "_columns_start", "_on_error_tell", "_sensor_1"):
        assert PLAIN.step(task) == ""
        assert PLAIN.indices(task) == ""


def test_the_nodes_of_a_gang_are_known_as_one() -> None:
    for operator in ("kubernetes", "bash"):
        for planned, text in compiled(ROOT / "tests" / "flows" / "gang.py", operator):
            gangs = {task.step for task in planned.root.tasks() if isinstance(task.loads, Enter) and task.loads.gang}
            assert layout(text).gangs == gangs


@pytest.mark.parametrize("text", ["", "no python (", "x = 1", "def f():\n    pass\n"])
def test_a_file_of_others_says_nothing(text: str) -> None:
    assert layout(text) == PLAIN


@pytest.mark.parametrize("operator", ["kubernetes", "bash"])
def test_the_file_says_which_tasks_are_several(operator: str) -> None:
    asked = Grouping(fuse=True, chunk={"square": Chunk(2, 2)})
    ((planned, text),) = compiled(ROOT / "tests" / "flows" / "sharing.py", operator, asked)
    found = {task: layout(text).all_steps(task) for task, _, _ in told(planned, text)}
    assert found == {
        "start-to-prepare": ("start", "prepare"),
        "foreach-start.square-to-double": ("square", "double"),
        "add-to-end": ("add", "tell", "end"),
    }
    assert layout(text).shares("foreach-start.square-to-double") == Sharing(("square", "double"), 2)
    assert not any(map(is_plain, found))
    assert layout(text).all_steps("_each_start") == ()


def test_portions_of_one_step_are_not_taken_for_its_tasks(tmp_path: Path) -> None:
    """Their id alone says that the file has to be read."""
    asked = Grouping(chunk={"inner": Chunk(3)})
    ((planned, text),) = compiled(written(tmp_path, NESTED.replace(LONG, "middle")), "kubernetes", asked)
    portions = [task for task, _, _ in told(planned, text) if layout(text).shares(task)]
    assert portions == ["foreach-middle.inner-portions"]
    assert layout(text).shares(portions[0]) == Sharing(("inner",), 3)
