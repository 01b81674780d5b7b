"""`NBRunner`: flows of cells, kept where IPython keeps the text of a cell."""

from __future__ import annotations

import linecache
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flowc import NBRunner
from flowc.client.notebook import NBRunnerInitializationError, source_of
from flowc.exceptions import MetaflowException

Cell = Callable[[str], types.ModuleType]

FLOW = '''
class CellFlow(Above):
    """What it is for."""

    rate = Parameter("rate", default=2)

    @step
    def start(self):  # flowc: ignore[FC499]
        self.found = [m.floor(self.rate), join("a", "b"), twice(LIMIT), self.helped(), NAMES]
        self.next(self.end)

    @step
    def end(self):
        pass
'''
ABOVE = """
import math as m
from os.path import join
from flowc import FlowSpec, NBRunner, Parameter, step

LIMIT, NAMES = 3, {"a": (1, None)}
OTHER = object()

def once(x):
    return x

def twice(x):
    return once(x) + once(x)

class Above(FlowSpec):
    def helped(self):
        return LIMIT
"""
WANTED = [5, "a/b", 6, 3, {"a": (1, None)}]


@pytest.fixture
def cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cell]:
    """Runs a cell in the module of a notebook, in a working directory of its own."""
    module = types.ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", module)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FLOWC_STORE", raising=False)
    names: list[str] = []

    def run(text: str) -> types.ModuleType:
        name = f"/tmp/ipykernel_1/{len(names)}-{tmp_path.name}.py"
        names.append(name)
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
        exec(compile(text, name, "exec"), module.__dict__)
        return module

    yield run
    for name in names:
        linecache.cache.pop(name, None)


@pytest.mark.language("client.notebook")
@pytest.mark.parametrize("cells", [[ABOVE + FLOW], [ABOVE, FLOW]], ids=["one", "two"])
def test_a_flow_of_a_cell_runs_and_its_file_goes(cell: Cell, cells: list[str], tmp_path: Path) -> None:
    for text in cells[:-1]:
        cell(text)
    run = "run = NBRunner(CellFlow, show_output=False).nbrun(rate=5)\nprint(run.data.found)\n'shown'\n"
    left = cell(cells[-1] + run)
    assert left.run.successful
    assert left.run.data.found == WANTED
    assert {path.name for path in tmp_path.iterdir()} - {"__pycache__"} == {".flowc"}
    assert NBRunner(left.CellFlow, show_output=False).nbresume(step_to_rerun="end").data.found == WANTED


def test_the_file_holds_the_cell_as_it_is_and_nothing_that_runs_or_shows(cell: Cell) -> None:
    cell(ABOVE)
    left = cell("NOTE = 1\n" + FLOW + "OTHERS = [NOTE]\nprint(NOTE)\nr = NBRunner and None\nseen = [r]\nOTHERS\n")
    text = source_of(left.CellFlow)
    assert FLOW.strip() in text
    assert ("OTHERS = [NOTE]" in text, "print" in text, "NBRunner" in text, "seen" in text, "OTHER =" in text) == (
        True, False, False, False, False
    )  # fmt: skip


def test_methods_that_wait_for_nothing_are_those_of_runner(cell: Cell) -> None:
    cell(ABOVE)
    runner = NBRunner(cell(FLOW).CellFlow, show_output=False)
    try:
        assert runner.run(rate=5, tags=["t"]).run.user_tags == {"t"}
        with pytest.raises(MetaflowException, match="no parameter 'rat'"):
            _ = runner.run(rat=5).run
    finally:
        runner.cleanup()


def test_a_class_whose_source_nobody_knows_is_told() -> None:
    with pytest.raises(NBRunnerInitializationError, match="source of Nowhere"):
        NBRunner(type("Nowhere", (), {}))
